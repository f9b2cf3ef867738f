"""A foreign file or folder into our own container, labels and overview. Runs in the child.

The caller is `pxcore.data.ingest_child`, a process with limits; nothing here is to be called on
foreign files from anywhere else.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pxcore.data.annotation import Annotation, encode, from_csv
from pxcore.data.container import FILE_NAME, Container, write_container
from pxcore.data.files import check_source, files_below, is_archive, unpack
from pxcore.data.frame import choose_shape
from pxcore.data.importers import IMPORTERS, Importer, ImportOptions, RawCell, Source
from pxcore.data.ingested import Ingested
from pxcore.data.intake import Intake
from pxcore.data.limits import Limits, in_words
from pxcore.data.names import checked_names, guessed_role
from pxcore.data.overviews import overview
from pxcore.data.panel_sheet import apply_sheet
from pxcore.data.quality import check_pixels
from pxcore.data.recognise import importer_for
from pxcore.errors import DatasetError
from pxcore.types import Array, Channel, ImportReport, ImportRequest, Panel, Role

Tell = Callable[[str, float], None]


def convert(request: ImportRequest, workspace: Path, limits: Limits, tell: Tell) -> Ingested:
    """Return what was written below ``workspace``: ``pixels``, ``annotation``, ``overview``.

    ``tell`` gets a step in words and the share of the whole done.

    Raises
    ------
    DatasetError, PanelError
        In the words of whatever could not be accepted.
    """
    start = time.monotonic()
    tell("Looking at the file", 0.0)
    path, importer = _found(request, workspace, limits, tell)
    source = importer.read(path, ImportOptions(values=request.options, limits=limits))
    checked_names(source.channel_names, len(source.channel_names), path.name)
    panel, notes = _panel(request, source)
    sizes = _sizes(source)
    shape = choose_shape(sizes, request.size)
    _check_room(source, shape, workspace, limits)

    def read(share: float) -> None:
        tell("Reading cells", 0.1 + 0.6 * share)

    intake = Intake(source, shape, read, padding=bool((sizes < shape).any()))
    pixels = _new(workspace / "pixels")
    info = write_container(pixels / FILE_NAME, intake.header, intake.blocks())
    with Container.open(pixels) as cells:
        annotation, label_notes = _annotation(request, source, intake, cells.object_numbers)
        tell("Checking quality", 0.7)
        slices = source.volumes * source.depth
        warnings = check_pixels(cells, panel, n_slices=slices, camera=source.camera)
        found = overview(cells, annotation, warnings, lambda s: tell("Overview", 0.8 + 0.2 * s))
    found = replace(found, single_cells=intake.single_cells)
    annotation.save(_new(workspace / "annotation"))
    found.save(_new(workspace / "overview"))
    report = ImportReport(
        source=Path(request.path).name,
        format=importer.id,
        n_read=info.n_cells,
        skipped=intake.skipped,
        n_cropped=intake.n_cropped,
        n_padded=intake.n_padded,
        notes=(*source.notes, *notes, *label_notes, *_frame_notes(intake, shape)),
        seconds=round(time.monotonic() - start, 3),
        settings=source.settings,
    )
    return Ingested(
        pixels_folder=pixels,
        pixels_hash=info.content_hash,
        annotation_folder=workspace / "annotation",
        annotation_hash=annotation.content_hash,
        overview_folder=workspace / "overview",
        overview_parts=found.own_parts,
        panel=panel,
        classes=annotation.classes,
        class_counts=annotation.class_counts,
        groups=annotation.group_names,
        n_cells=info.n_cells,
        image_shape=intake.header.image_shape,
        dtype=intake.header.dtype.name,
        mask_kind=intake.header.mask_kind,
        truth=source.truth,
        volumes=source.volumes,
        depth=source.depth,
        warnings=found.warnings,
        report=report,
    )


def _found(
    request: ImportRequest, workspace: Path, limits: Limits, tell: Tell
) -> tuple[Path, Importer]:
    """Return what to read, unpacked where it was an archive, and who reads it."""
    path = Path(request.path)
    if request.path in IMPORTERS and not IMPORTERS[request.path].untrusted:
        return path, IMPORTERS[request.path]
    check_source(path, limits)
    if is_archive(path):
        unpacked = unpack(path, workspace / "scratch", limits, lambda s: tell("Unpacking", 0.1 * s))
        files = files_below(unpacked, limits)
        if not files:
            message = f"{path.name} holds no file; zip the folder with the cells again"
            raise DatasetError(message)
        path = unpacked / files[0] if len(files) == 1 else unpacked
    return path, importer_for(path, request.format)


def _panel(request: ImportRequest, source: Source) -> tuple[Panel, tuple[str, ...]]:
    roles = source.roles or tuple(guessed_role(name) for name in source.channel_names)
    panel = Panel(
        tuple(
            Channel(name=name.strip(), role=role)
            for name, role in zip(source.channel_names, roles, strict=True)
        )
    )
    if not request.panel_sheet:
        guessed = source.roles is None and any(role is not Role.STAIN for role in roles)
        return panel, ("Roles were guessed from the channel names.",) if guessed else ()
    path = Path(request.panel_sheet)
    try:
        with path.open(encoding="utf-8-sig") as stream:
            text = stream.read(2 * 1024**2)
    except (OSError, UnicodeDecodeError) as error:
        message = f"the panel sheet {path.name} cannot be read ({error}); save it as UTF-8 text"
        raise DatasetError(message) from error
    return apply_sheet(panel, text, by_order=source.names_assumed)


def _sizes(source: Source) -> Array:
    """Return (N, 2) heights and widths, from a first pass over the cells where not known."""
    sizes = source.sizes
    if sizes is None:
        sizes = np.array(
            [cell.images.shape[1:] for cell in source.cells() if isinstance(cell, RawCell)],
            dtype=np.int64,
        )
    if len(sizes) == 0:
        message = "no cell could be read; expected at least one: check the export"
        raise DatasetError(message)
    return sizes


def _check_room(source: Source, shape: tuple[int, int], workspace: Path, limits: Limits) -> None:
    pixels = source.n_cells * shape[0] * shape[1] * len(source.channel_names)
    wanted = pixels * (source.dtype.itemsize + 1)  # at most: pixels and a byte of mask each
    if wanted > limits.dataset_bytes:
        message = (
            f"{source.n_cells} cells of {len(source.channel_names)} channels and "
            f"{shape[0]} x {shape[1]} pixels need up to {in_words(wanted)}; at most "
            f"{in_words(limits.dataset_bytes)} are taken: import fewer cells or a smaller size"
        )
        raise DatasetError(message)
    free = shutil.disk_usage(workspace).free
    if wanted + limits.keep_free > free:
        message = (
            f"the import needs up to {in_words(wanted)} and must leave "
            f"{in_words(limits.keep_free)} free; the disk has {in_words(free)}: make room"
        )
        raise DatasetError(message)


def _annotation(
    request: ImportRequest, source: Source, intake: Intake, numbers: Array
) -> tuple[Annotation, tuple[str, ...]]:
    annotation, notes = encode(intake.labels, intake.groups, source.classes)
    if request.labels:
        annotation, notes = from_csv(Path(request.labels), numbers, keep=annotation)
    return annotation, notes


def _frame_notes(intake: Intake, shape: tuple[int, int]) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    frame = f"{shape[0]} x {shape[1]} pixels"
    if intake.n_padded:
        notes += (
            f"{intake.n_padded} cells smaller than {frame} were padded with the median of their "
            "own pixels; the mask is 0 there.",
        )
    if intake.n_cropped:
        notes += (f"{intake.n_cropped} cells larger than {frame} were cropped at the centre.",)
    return notes


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
