"""What an import leaves in its workspace, for the store to adopt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxcore.types import ImportReport, MaskKind, Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A data set on its way into the store: three folders, their hashes, what they hold."""

    pixels_folder: Path
    """Holds ``cells.h5``."""
    pixels_hash: str
    annotation_folder: Path
    """Holds ``annotation.npz``."""
    annotation_hash: str
    overview_folder: Path
    """Holds ``overview.npz``."""
    overview_parts: tuple[str, ...]
    """Hashes of what it holds beside that which follows from pixels and annotation."""
    panel: Panel
    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    groups: tuple[str, ...]
    n_cells: int
    image_shape: tuple[int, int, int]
    dtype: str
    mask_kind: MaskKind
    truth: tuple[str, ...]
    warnings: tuple[str, ...]
    report: ImportReport
    volumes: int = 0
    depth: int = 0
    """As in `pxcore.types.Dataset`."""
