"""NPZ files nobody vouches for: a zip of ``.npy`` arrays, read as streams, never unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from pxcore.data.files import ZIP_DAMAGE, is_archive
from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError
from pxcore.types import Array


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What one member says about its array."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def is_npz(path: Path) -> bool:
    """True for a zip whose members are all ``.npy`` arrays."""
    return path.is_file() and zipfile.is_zipfile(path) and not is_archive(path)


class NpzArrays:
    """The arrays of an NPZ file, by name.

    Raises
    ------
    DatasetError
        For a damaged file, pickled objects, and everything over the caps of ``limits``.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._headers: dict[str, NpyHeader] = {}
        with self._opened() as archive:
            members = archive.infolist()
            if len(members) > 1000:
                self._refuse("", f"holds {len(members)} arrays; expected a few")
            for member in members:
                self._headers[member.filename.removesuffix(".npy")] = self._header(archive, member)

    @property
    def names(self) -> tuple[str, ...]:
        """Every array's name."""
        return tuple(self._headers)

    def header(self, name: str) -> NpyHeader:
        """Return shape and dtype of one array."""
        return self._headers[name]

    def whole(self, name: str, cap: int) -> Array:
        """Return a small array. Raises DatasetError when it has more than ``cap`` bytes."""
        header = self._headers[name]
        size = math.prod(header.shape) * header.dtype.itemsize
        if size > cap:
            self._refuse(name, f"has {in_words(size)}; expected at most {in_words(cap)}")
        parts = list(self.rows(name, max(1, header.shape[0]) if header.shape else 1))
        return parts[0] if parts else np.zeros(header.shape, header.dtype)

    def rows(self, name: str, step: int) -> Iterator[Array]:
        """Yield consecutive blocks of ``step`` rows (the last one shorter), read as a stream."""
        header = self._headers[name]
        row_shape = header.shape[1:]
        row_bytes = math.prod(row_shape) * header.dtype.itemsize
        left = header.shape[0] if header.shape else 1
        with self._opened() as archive, archive.open(f"{name}.npy") as stream:
            _read_header(stream)
            while left > 0:
                n = min(step, left)
                data = stream.read(n * row_bytes)
                if len(data) < n * row_bytes:
                    self._refuse(name, "ends too early; the file is incomplete, save it again")
                shape = (n, *row_shape) if header.shape else ()
                yield np.frombuffer(data, dtype=header.dtype).reshape(shape)
                left -= n

    def _header(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NpyHeader:
        name, limits = member.filename, self._limits
        with archive.open(member) as stream:
            shape, fortran, dtype = _read_header(stream)
        if dtype.hasobject:
            self._refuse(name, "holds pickled objects; save plain numbers or texts")
        if fortran and len(shape) > 1 and math.prod(shape) > max(shape):
            self._refuse(name, "is stored column by column; save numpy.ascontiguousarray(...)")
        size = math.prod(shape) * dtype.itemsize
        if size > limits.dataset_bytes:
            most = in_words(limits.dataset_bytes)
            self._refuse(name, f"claims {in_words(size)}; at most {most} are taken")
        if size > limits.small and size > limits.chunk_ratio * member.compress_size:
            self._refuse(
                name,
                f"claims {in_words(size)} in {in_words(member.compress_size)} of the file, more "
                f"than {limits.chunk_ratio} to 1",
            )
        if member.file_size < size:
            self._refuse(name, "is shorter than its shape; the file is incomplete, save it again")
        return NpyHeader(shape, dtype)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except (*ZIP_DAMAGE, SyntaxError, TypeError, KeyError) as error:  # numpy's own parser
            message = (
                f"{self._path.name}: cannot be read as NPZ ({error}); the file is damaged or "
                "incomplete, save it again"
            )
            raise DatasetError(message) from error

    def _refuse(self, name: str, why: str) -> None:
        message = f"{self._path.name}: {name[:100]!r} {why}"
        raise DatasetError(message)


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Return shape, column order and dtype, leaving the stream at the first value."""
    version = npy.read_magic(stream)
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, fortran, dtype = npy.read_array_header_2_0(stream)
    else:
        message = f"npy version {version} is not known"
        raise ValueError(message)
    if any(length < 0 for length in shape):
        message = f"impossible shape {shape}"
        raise ValueError(message)
    return shape, fortran, dtype
