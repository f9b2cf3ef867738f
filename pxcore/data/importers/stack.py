"""`stack`: all cells of a recording in one HDF5 or NPZ file.

Arrays: ``images`` (N, C, H, W), ``volumes`` (N, V, D, H, W), or both of the same cells; optional
``labels`` (N,), whole numbers or texts; ``masks`` (N, H, W), (N, 1, H, W) or one for every plane;
``groups`` (N,), donor or sample; ``object_number`` (N,). Names: ``channel_names``,
``volume_names`` and ``class_names``, in HDF5 as attributes of the file or of ``images``, in NPZ as
arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np

from pxcore.data.hdf5 import is_hdf5, root_names
from pxcore.data.importers.importer import Importer, ImportOptions, RawCell, Source
from pxcore.data.limits import Limits
from pxcore.data.npz import is_npz
from pxcore.data.pixels import as_mask
from pxcore.data.stack_columns import StackColumns, columns_of
from pxcore.data.stack_files import StackFile, opened_stack
from pxcore.data.stack_pixels import StackPixels, pixels_of
from pxcore.errors import DatasetError
from pxcore.types import Array


def recognise(path: Path) -> bool:
    """True for NPZ, and for HDF5 other than the layouts of `scifai` and `dali`."""
    if is_hdf5(path):
        names = root_names(path)
        own = {"images", "volumes"} & set(names)
        return bool(own) or not {"image", "X"} & set(names)
    return is_npz(path)


def read(path: Path, options: ImportOptions) -> Source:
    """Return the cells of one stack file.

    Raises
    ------
    DatasetError
        When the file is damaged or harmful, has neither ``images`` of four axes nor ``volumes`` of
        five, these do not pair, or names, labels, groups, masks or object numbers do not match.
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
        pixels = pixels_of(file, path, limits)
        has_masks = _checked_masks(file, path, pixels.shape)
        columns = columns_of(file, path, pixels.n_cells)
        numbered = "object_number" not in file.names
    notes = []
    if pixels.names_assumed:
        notes.append("The file has no channel names: they were numbered.")
    if numbered:
        notes.append("The file has no object numbers: cells were numbered from 0.")

    def cells() -> Iterator[RawCell]:
        return _cells(path, limits, columns, pixels, has_masks=has_masks)

    return Source(
        channel_names=pixels.plane_names,
        names_assumed=pixels.names_assumed,
        n_cells=pixels.n_cells,
        dtype=pixels.dtype,
        cells=cells,
        sizes=np.broadcast_to(np.array(pixels.size, dtype=np.int64), (pixels.n_cells, 2)),
        classes=columns.classes,
        notes=tuple(notes),
        volumes=pixels.volumes,
        depth=pixels.depth,
    )


def _cells(
    path: Path, limits: Limits, columns: StackColumns, pixels: StackPixels, *, has_masks: bool
) -> Iterator[RawCell]:
    with opened_stack(path, limits) as file:
        step = pixels.step(file)
        masks = file.rows("masks", step) if has_masks else repeat(None)
        position = 0
        for images, mask_block in zip(pixels.rows(file, step), masks, strict=False):
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
    summary="One file with the array images (cells, channels, height, width), the array volumes "
    "(cells, channels, slices, height, width) or both, and, if known, labels, masks, groups and "
    "object_number.",
    extensions=(".h5", ".hdf5", ".hdf", ".npz"),
    recognise=recognise,
    read=read,
)
