"""A stack file, HDF5 or NPZ, behind one face: named arrays, texts, and blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from pxcore.data.hdf5 import VettedFile, as_text, damage_told, is_hdf5, vetted
from pxcore.data.limits import MIB, Limits
from pxcore.data.npz import NpyHeader, NpzArrays
from pxcore.types import Array

BLOCK = 16 * MIB
"""Bytes of pixels read at once, when the file's own chunks allow."""


class StackFile(Protocol):
    """Named arrays of one file."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every array's name."""
        ...

    def header(self, name: str) -> NpyHeader:
        """Shape and dtype of an array of numbers. Raises DatasetError for other types."""
        ...

    def column(self, name: str) -> Array | tuple[str, ...]:
        """A small array of numbers, or of texts."""
        ...

    def texts(self, name: str) -> tuple[str, ...] | None:
        """A row of names, wherever this kind of file keeps names; None when absent."""
        ...

    def rows(self, name: str, step: int) -> Iterator[Array]:
        """Blocks of ``step`` rows, in order."""
        ...

    def step(self, name: str) -> int:
        """Rows that are well read at once."""
        ...


def opened_stack(path: Path, limits: Limits) -> AbstractContextManager[StackFile]:
    """Open by content. Raises DatasetError when the file is damaged or harmful."""
    return _opened_hdf5(path, limits) if is_hdf5(path) else _opened_npz(path, limits)


class _Hdf5Stack:
    def __init__(self, path: Path, file: VettedFile, limits: Limits) -> None:
        self._path, self._file, self._limits = path, file, limits

    @property
    def names(self) -> tuple[str, ...]:
        return self._file.names

    def header(self, name: str) -> NpyHeader:
        dataset = self._file.array(name)
        return NpyHeader(tuple(dataset.shape), dataset.dtype)

    def column(self, name: str) -> Array | tuple[str, ...]:
        if self._file.is_text(name):
            return self._file.texts(name)
        with damage_told(self._path):
            values: Array = self._file.array(name)[()]
        return values

    def texts(self, name: str) -> tuple[str, ...] | None:
        for owner in ("", *(array for array in ("images", "volumes") if array in self._file)):
            found = self._file.attribute(name, owner)
            if found is not None:
                return found
        return self._file.texts(name) if name in self._file else None

    def rows(self, name: str, step: int) -> Iterator[Array]:
        dataset = self._file.array(name)
        for start in range(0, dataset.shape[0], step):
            with damage_told(self._path):
                block: Array = dataset[start : start + step]
            yield block

    def step(self, name: str) -> int:
        dataset = self._file.array(name)
        rows = _rows_in(BLOCK, tuple(dataset.shape), dataset.dtype)
        chunk = dataset.chunks[0] if dataset.chunks else 1
        most = _rows_in(self._limits.chunk_bytes, tuple(dataset.shape), dataset.dtype)
        return min(max(1, rows // chunk) * chunk, most)


class _NpzStack(NpzArrays):
    def column(self, name: str) -> Array | tuple[str, ...]:
        values = self.whole(name, cap=256 * MIB)
        if values.dtype.kind in "US":
            return tuple(as_text(value, f"{name!r}") for value in values.ravel().tolist())
        return values

    def texts(self, name: str) -> tuple[str, ...] | None:
        if name not in self.names:
            return None
        return tuple(str(value) for value in self.column(name))

    def step(self, name: str) -> int:
        header = self.header(name)
        return _rows_in(BLOCK, header.shape, header.dtype)


@contextmanager
def _opened_hdf5(path: Path, limits: Limits) -> Iterator[StackFile]:
    with vetted(path, limits) as file:
        yield _Hdf5Stack(path, file, limits)


@contextmanager
def _opened_npz(path: Path, limits: Limits) -> Iterator[StackFile]:
    yield _NpzStack(path, limits)


def _rows_in(n_bytes: int, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> int:
    return max(1, n_bytes // max(1, math.prod(shape[1:]) * dtype.itemsize))
