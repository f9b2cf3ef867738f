"""Channels, panels, data sets, folds, and what an import says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pxcore.errors import PanelError
from pxcore.types.arrays import Array, frozen

NOTHING = "nothing:"
"""How the planted truth of a channel begins that knows no class."""


class Role(StrEnum):
    """What a channel is: stain-free (brightfield, darkfield), a stain, a dye, or a control."""

    BRIGHTFIELD = "brightfield"
    DARKFIELD = "darkfield"
    STAIN = "stain"
    VIABILITY = "viability"
    DECOY = "decoy"

    @property
    def stain_free(self) -> bool:
        """True for channels that cost no stain."""
        return self in (Role.BRIGHTFIELD, Role.DARKFIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One image plane of a cell, as the panel sheet describes it."""

    name: str
    role: Role = Role.STAIN
    marker: str = ""
    """The molecule; empty when unknown."""
    clone: str = ""
    fluorochrome: str = ""
    laser: str = ""
    cost: float = 0.0
    """Per test, in the lab's currency."""
    must_keep: bool = False
    exclude: bool = False
    gate_defining: bool = False
    """The labels came from this marker's gate, so its importance is circular."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Ordered channels with different names. Raises PanelError for none or doubled names."""

    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if not self.channels:
            message = "the panel has no channel; give at least one channel name"
            raise PanelError(message)
        for position, name in enumerate(self.names):
            if not name.strip():
                message = f"channel {position + 1} has no name; give every channel a name"
                raise PanelError(message)
            if name in self.names[:position]:
                message = f"channel {name!r} appears twice in the panel; names must differ"
                raise PanelError(message)

    @property
    def names(self) -> tuple[str, ...]:
        """Channel names in panel order."""
        return tuple(channel.name for channel in self.channels)

    def __len__(self) -> int:
        return len(self.channels)

    def index(self, name: str) -> int:
        """Return the position of a channel. Raises PanelError with the known names."""
        if name not in self.names:
            message = f"channel {name!r} is not in the panel; it has {', '.join(self.names)}"
            raise PanelError(message)
        return self.names.index(name)

    def take(self, positions: tuple[int, ...]) -> Panel:
        """Return the sub-panel of these channel positions, in this order."""
        return Panel(tuple(self.channels[i] for i in positions))


class MaskKind(StrEnum):
    """What the stored masks mean."""

    NONE = "none"
    FRAME = "frame"
    """Only tells true pixels from padding; no cell outline is known."""
    CELL = "cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Cells or files that were not read: why, how many, and a few examples."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import read, changed and left out."""

    source: str
    """File or folder name, without its path."""
    format: str
    n_read: int
    skipped: tuple[Skipped, ...] = ()
    n_cropped: int = 0
    n_padded: int = 0
    notes: tuple[str, ...] = ()
    """Plain sentences: what was assumed, what looked odd."""
    seconds: float = 0.0
    settings: tuple[tuple[str, str], ...] = ()
    """Every setting of a generator, defaults too, by which equal draws are found; ``seed`` and
    ``part`` last. Empty for files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A registered set of cells. ``id`` names its pixels and labels by content."""

    id: str
    title: str
    panel: Panel
    classes: tuple[str, ...]
    """In the order of their label numbers; empty without labels."""
    class_counts: tuple[int, ...]
    n_cells: int
    image_shape: tuple[int, int, int]
    """(C, H, W)"""
    dtype: str
    """Of the stored pixels, such as ``uint16``."""
    mask_kind: MaskKind = MaskKind.NONE
    groups: tuple[str, ...] = ()
    """Donor, sample or file names, in the order of their numbers; empty when unknown."""
    truth: tuple[str, ...] = ()
    """For synthetic cells: what was planted in each channel, in panel order; it begins with
    ``nothing:`` where the channel knows no class."""
    volumes: int = 0
    """The last ``volumes`` x ``depth`` planes are slices of so many volumes, one after another."""
    depth: int = 0
    """Slices of each volume; 0 without."""
    pixels_key: str = ""
    annotation_key: str = ""
    report: ImportReport | None = None
    owner: str = ""
    created: str = ""
    """UTC, ISO 8601."""

    @property
    def has_masks(self) -> bool:
        """True when cell outlines are known."""
        return self.mask_kind is MaskKind.CELL

    @property
    def has_groups(self) -> bool:
        """True when cells come from at least two known donors or samples."""
        return len(self.groups) > 1

    @property
    def n_labelled(self) -> int:
        """Cells with a class."""
        return sum(self.class_counts)

    @property
    def informative(self) -> tuple[int, ...]:
        """Positions of the channels that were planted to know a class; empty without truth."""
        return tuple(i for i, said in enumerate(self.truth) if not said.startswith(NOTHING))


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Positions of cells in the data set, int64, sorted, disjoint: three parts of one split."""

    train: Array
    valid: Array
    test: Array

    def __post_init__(self) -> None:
        frozen(self, "train", "valid", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What a person asks to have imported; everything but ``path`` has a default."""

    path: str
    """A file or folder on the host, or an importer's own word such as ``demo``."""
    title: str = ""
    format: str = "auto"
    panel_sheet: str = ""
    """Path of a panel sheet CSV or YAML; empty for none."""
    labels: str = ""
    """Path of a labels CSV (columns ``object_number``, ``label``, optional ``group``)."""
    size: int = 0
    """Side of the square every cell is cropped or padded to; 0 chooses from the cells."""
    options: tuple[tuple[str, str], ...] = ()
    """Further settings of one importer or generator, such as ``("n_cells", "1200")``."""
    owner: str = ""


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How far an import is; ``dataset_id`` once finished, ``error`` once failed."""

    id: str
    request: ImportRequest
    state: ImportState
    step: str = ""
    share: float = 0.0
    """Done, from 0 to 1."""
    dataset_id: str = ""
    error: str = ""
    created: str = ""
    warnings: tuple[str, ...] = field(default=())
