"""`stack`: all cells of a recording in one HDF5 or NPZ file.

Arrays: ``images`` (N, C, H, W); optional ``labels`` (N,), whole numbers or texts; ``masks``
(N, H, W), (N, 1, H, W) or (N, C, H, W); ``groups`` (N,), donor or sample; ``object_number`` (N,).
Names: ``channel_names`` and ``class_names``, in HDF5 as attributes of the file or of ``images``, in
NPZ as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np

from pxcore.data.hdf5 import is_hdf5, root_names
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names, checked_names
from pxcore.data.npz import is_npz
from pxcore.data.pixels import as_mask
from pxcore.data.stack_columns import StackColumns, columns_of
from pxcore.data.stack_files import StackFile, opened_stack
from pxcore.errors import DatasetError
from pxcore.types import Array


def recognise(path: Path) -> bool:
    """True for NPZ, and for HDF5 other than the layouts of `scifai` and `dali`."""
    if is_hdf5(path):
        names = root_names(path)
        return "images" in names or not {"image", "X"} & set(names)
    return is_npz(path)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells of one stack file.

    Raises
    ------
    DatasetError
        When the file is damaged or harmful, has no ``images`` of four axes, or names, labels,
        groups, masks or object numbers do not match its cells.
    """
    options.only()
    if not is_hdf5(path) and not is_npz(path):
        with path.open("rb") as stream:
            found = stream.read(8)
        message = (
            f"{path.name} is neither HDF5 nor NPZ: it begins with {found!r}; expected one of these "
            "with an array images (cells, channels, height, width): save the cells so"
        )
        raise DatasetError(message)
    limits = options.limits
    with opened_stack(path, limits) as file:
        n, c, h, w = _checked_shape(file, path, limits)
        has_masks = _checked_masks(file, path, (n, c, h, w))
        columns = columns_of(file, path, n)
        names = file.texts("channel_names")
        dtype = file.header("images").dtype
    notes = [] if names else ["The file has no channel names: they were numbered."]
    if "object_number" not in file.names:
        notes.append("The file has no object numbers: cells were numbered from 0.")

    def cells() -> Iterator[RawCell]:
        return _cells(path, limits, columns, has_masks=has_masks)

    return Source(
        channel_names=checked_names(names, c, path.name) if names else assumed_names(c),
        names_assumed=not names,
        n_cells=n,
        dtype=dtype,
        cells=cells,
        sizes=np.broadcast_to(np.array([h, w], dtype=np.int64), (n, 2)),
        classes=columns.classes,
        notes=tuple(notes),
    )


def _cells(
    path: Path, limits: Limits, columns: StackColumns, *, has_masks: bool
) -> Iterator[RawCell]:
    with opened_stack(path, limits) as file:
        step = file.step("images")
        masks = file.rows("masks", step) if has_masks else repeat(None)
        position = 0
        for images, mask_block in zip(file.rows("images", step), masks, strict=False):
            for i, image in enumerate(images):
                number = columns.numbers[position]
                yield RawCell(
                    images=image,
                    label=columns.labels[position],
                    group=columns.groups[position],
                    masks=None if mask_block is None else _cell_mask(mask_block[i]),
                    object_number=number,
                    name=f"cell {position} (object {number})",
                )
                position += 1


def _cell_mask(mask: Array) -> Array:
    return as_mask(mask if mask.ndim == 3 else mask[None])  # (M, h, w)


def _checked_shape(file: StackFile, path: Path, limits: Limits) -> tuple[int, int, int, int]:
    if "images" not in file.names:
        found = ", ".join(file.names[:20]) or "nothing"
        message = (
            f"{path.name}: no array 'images'; found {found}. Store the cells as 'images' with "
            "axes cell, channel, height, width"
        )
        raise DatasetError(message)
    header = file.header("images")
    shape = header.shape
    if header.dtype.kind not in "biuf":
        message = f"{path.name}: 'images' holds {header.dtype}; expected plain numbers"
        raise DatasetError(message)
    if len(shape) != 4 or 0 in shape:
        message = (
            f"{path.name}: 'images' has shape {shape}; expected (cells, channels, height, width), "
            "none of them 0"
        )
        raise DatasetError(message)
    n, c, h, w = shape
    if c > limits.channels or max(h, w) > limits.cell_side:
        message = (
            f"{path.name}: 'images' has {c} channels of {h} x {w} pixels; at most "
            f"{limits.channels} channels and {limits.cell_side} pixels a side are taken. The axes "
            "must be cell, channel, height, width"
        )
        raise DatasetError(message)
    return n, c, h, w


def _checked_masks(file: StackFile, path: Path, shape: tuple[int, int, int, int]) -> bool:
    if "masks" not in file.names:
        return False
    n, c, h, w = shape
    header = file.header("masks")
    fitting = ((n, h, w), (n, 1, h, w), (n, c, h, w))
    if header.shape not in fitting or header.dtype.kind not in "biuf":
        message = (
            f"{path.name}: 'masks' has shape {header.shape} and type {header.dtype}; images of "
            f"shape {shape} need numbers of shape {', '.join(map(str, dict.fromkeys(fitting)))}"
        )
        raise DatasetError(message)
    return True


IMPORTER = Importer(
    id="stack",
    label="Stack of cells (HDF5 or NPZ)",
    summary="One file with the array images (cells, channels, height, width) and, if known, "
    "labels, masks, groups and object_number.",
    extensions=(".h5", ".hdf5", ".hdf", ".npz"),
    recognise=recognise,
    read=read,
)
