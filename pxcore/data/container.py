"""Our own file of cells: HDF5, written once as a stream, read in blocks, named by its content.

``images`` (N, C, H, W) and ``masks`` (N, M, H, W) uint8 in chunks of whole cells, about 128 KiB
each; ``object_number`` (N,) int64; ``sizes`` (N, 2) int64, height and width before cropping or
padding. Pixels are stored plain: they are read at random again and again, and lzf slows that down.
Masks are nearly constant and rarely read, so lzf stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import h5py
import numpy as np

from pxcore.data.container_format import (
    FORMAT,
    CellBlock,
    ContainerHeader,
    ContentHash,
    arrays_of,
)
from pxcore.data.source import positions
from pxcore.errors import DatasetError
from pxcore.types import Array, MaskKind

FILE_NAME = "cells.h5"

_CHUNK = 128 * 1024
_SPAN = 32 * 1024**2
_GAP = 4
"""Reading up to this many unwanted cells between two wanted ones beats a second read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInfo:
    """What was written."""

    n_cells: int
    content_hash: str
    """sha256 over header and values; chunks and compression play no part."""


def write_container(
    path: Path, header: ContainerHeader, blocks: Iterable[CellBlock]
) -> ContainerInfo:
    """Write a new container as the blocks come; memory for one block is enough.

    Raises
    ------
    DatasetError
        When no cell comes. The file is then left to the caller's clean-up.
    """
    content = ContentHash(header)
    n_cells = 0
    with h5py.File(path, "x") as file:
        datasets = _create(file, header)
        for block in blocks:
            content.update(block)
            stop = n_cells + len(block.images)
            for name, dataset in datasets.items():
                dataset.resize(stop, axis=0)
                dataset[n_cells:stop] = getattr(block, name)
            n_cells = stop
        if n_cells == 0:
            message = "no cell could be stored; a data set needs at least one readable cell"
            raise DatasetError(message)
        file.attrs["format"] = FORMAT
        file.attrs["mask_kind"] = str(header.mask_kind)
        file.attrs["content_hash"] = content.hexdigest(n_cells)
    return ContainerInfo(n_cells=n_cells, content_hash=content.hexdigest(n_cells))


class Container:
    """A container open for reading: a `pxcore.data.source.CellSource` on disk."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self._path, self._file = path, file
        self._images: h5py.Dataset = file["images"]
        self._masks: h5py.Dataset | None = file.get("masks")
        n, c, h, w = (int(length) for length in self._images.shape)
        self.n_cells: Final = n
        self.image_shape: Final = (c, h, w)
        self.dtype: Final[np.dtype[np.generic]] = self._images.dtype
        self.mask_kind: Final = MaskKind(str(file.attrs["mask_kind"]))

    @classmethod
    def open(cls, path: Path) -> Container:
        """Open ``cells.h5``, or the folder that holds it.

        Raises
        ------
        DatasetError
            When it is missing, damaged or not one of ours.
        """
        place = path / FILE_NAME if path.is_dir() else path
        try:
            file = h5py.File(place, "r", locking=False)  # never changed once it has its name
        except OSError as error:
            message = (
                f"the cells at {place.name} cannot be opened ({error}); import the data set again"
            )
            raise DatasetError(message) from error
        if file.attrs.get("format") != FORMAT:
            found = file.attrs.get("format", "no format mark")
            file.close()
            message = (
                f"{place.name} holds {found!r}, expected {FORMAT!r}; import the original file "
                "instead of opening it as a container"
            )
            raise DatasetError(message)
        return cls(place, file)

    @property
    def content_hash(self) -> str:
        """As it was written."""
        return str(self._file.attrs["content_hash"])

    @property
    def object_numbers(self) -> Array:
        """(N,) int64."""
        numbers: Array = self._file["object_number"][:]
        return numbers

    @property
    def sizes(self) -> Array:
        """(N, 2) int64: height and width before cropping or padding."""
        sizes: Array = self._file["sizes"][:]
        return sizes

    def images(self, cells: Array, channels: Sequence[int] | None = None) -> Array:
        """Return (n, C', H, W) pixels, rows and channels in the order asked."""
        return self._rows(self._images, cells, channels)

    def masks(self, cells: Array) -> Array | None:
        """Return (n, M, H, W) uint8, or None."""
        return None if self._masks is None else self._rows(self._masks, cells, None)

    def close(self) -> None:
        """Close the file; reading afterwards fails."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _rows(self, dataset: h5py.Dataset, cells: Array, channels: Sequence[int] | None) -> Array:
        """Read in sorted spans, place in the order asked."""
        wanted = positions(cells, self.n_cells)
        picked = None if channels is None else list(channels)
        n_planes = dataset.shape[1] if picked is None else len(picked)
        rows = np.empty((len(wanted), n_planes, *dataset.shape[2:]), dataset.dtype)
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        cell_bytes = max(1, int(np.prod(dataset.shape[1:])) * dataset.dtype.itemsize)
        with self._damage_told():
            for low, high in _spans(ordered, max(1, _SPAN // cell_bytes)):
                first, last = int(ordered[low]), int(ordered[high - 1])
                block = dataset[first : last + 1][ordered[low:high] - first]
                rows[order[low:high]] = block if picked is None else block[:, picked]
        return rows

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self._path.name}: cells cannot be read ({error}); import them again"
            raise DatasetError(message) from error


def _create(file: h5py.File, header: ContainerHeader) -> dict[str, h5py.Dataset]:
    c, h, w = header.image_shape
    rows = {"images": (c, h, w), "masks": (header.mask_channels, h, w), "sizes": (2,)}
    datasets = {}
    for name, dtype in arrays_of(header).items():
        row = rows.get(name, ())
        row_bytes = int(np.prod(row)) * dtype.itemsize
        datasets[name] = file.create_dataset(
            name,
            shape=(0, *row),
            maxshape=(None, *row),
            chunks=(min(4096, max(1, _CHUNK // row_bytes)), *row),
            dtype=dtype,
            compression="lzf" if name == "masks" else None,
            track_times=False,
        )
    return datasets


def _spans(ordered: Array, most: int) -> Iterator[tuple[int, int]]:
    """Yield index ranges of ``ordered`` whose cells lie close together and span few rows."""
    low = 0
    for i in range(1, len(ordered) + 1):
        near = i < len(ordered) and ordered[i] - ordered[i - 1] <= _GAP
        if not near or ordered[i] - ordered[low] >= most:
            yield low, i
            low = i
