"""HDF5 files nobody vouches for: vetted as a whole before anything is read.

The walk over links and layouts stands in `pxcore.data.hdf5_walk`; types, text and completeness
are looked at here, when an array is asked for. What passes is read once, in the limited import
process, and copied into our own container.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
from h5py import h5d, h5s, h5t

from pxcore.data.hdf5_walk import harmless_datasets, link_names
from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path: Path) -> bool:
    """True when the HDF5 signature stands at the start or behind a user block."""
    try:
        with path.open("rb") as stream:
            for offset in (0, 512, 1024, 2048, 4096):
                stream.seek(offset)
                if stream.read(8) == SIGNATURE:
                    return True
    except OSError:
        return False
    return False


def root_names(path: Path) -> frozenset[str]:
    """Return the names directly below the root, following none; empty when unreadable."""
    try:
        with h5py.File(path, "r") as file:
            return frozenset(link_names(file.id, 1000))
    except (OSError, RuntimeError, KeyError, ValueError):
        return frozenset()


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn what the HDF5 library says about a damaged file into a DatasetError."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        message = (
            f"{path.name}: cannot be read as HDF5 ({error}); the file is damaged or incomplete, "
            "copy or write it again"
        )
        raise DatasetError(message) from error


@contextmanager
def vetted(path: Path, limits: Limits) -> Iterator[VettedFile]:
    """Open a file and walk all of it; yields only when every object was found harmless.

    Raises
    ------
    DatasetError
        For a damaged file, any link that is not hard, a cycle or alias, storage outside the
        file, odd filters, and everything over the caps of ``limits``.
    """
    with damage_told(path):
        file = h5py.File(path, "r")
    try:
        with damage_told(path):
            found = harmless_datasets(path, file, limits)
        yield VettedFile(path, limits, file, found)
    finally:
        file.close()


class VettedFile:
    """The data sets of a walked file, by path without the leading slash."""

    def __init__(
        self, path: Path, limits: Limits, file: h5py.File, datasets: dict[str, h5py.Dataset]
    ) -> None:
        self._path, self._limits, self._file, self._datasets = path, limits, file, datasets

    def __contains__(self, name: object) -> bool:
        return name in self._datasets

    @property
    def names(self) -> tuple[str, ...]:
        """Every data set's path."""
        return tuple(self._datasets)

    def array(self, name: str) -> h5py.Dataset:
        """Return a data set of plain numbers or truth values, all of it written.

        Raises
        ------
        DatasetError
            When it is missing, holds other things than numbers, or was not written to its end.
        """
        if name not in self:
            message = (
                f"{self._path.name}: no data set {name!r}; "
                f"found {', '.join(self.names[:20]) or 'none'}"
            )
            raise DatasetError(message)
        dataset = self._datasets[name]
        with damage_told(self._path):
            if not _plain_numbers(dataset.id.get_type()):
                self._refuse(
                    name,
                    "does not hold plain numbers (text, object, reference and compound types "
                    "are refused); store an integer or floating-point array",
                )
            self._refuse_unwritten(name, dataset)
        return dataset

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a scalar or a row of text; bytes are taken as UTF-8.

        Elements are read one by one under a running cap: a small file can point a million
        elements at one long text. Raises DatasetError for other types and for too much text.
        """
        dataset = self._datasets[name]
        with damage_told(self._path):
            if dataset.id.get_type().get_class() != h5t.STRING or len(dataset.shape) > 1:
                self._refuse(name, "is not text; expected one text or a row of texts")
            self._refuse_unwritten(name, dataset)
            cap = max(self._limits.text_bytes, 256 * dataset.size)
            if dataset.id.get_type().get_size() * dataset.size > cap:
                self._refuse(name, f"holds more than {in_words(cap)} of text")
            found, total = [], 0
            for position in range(dataset.size):
                value = dataset[()] if dataset.shape == () else dataset[position]
                total += len(value)
                if total > cap:
                    self._refuse(name, f"holds more than {in_words(cap)} of text")
                found.append(as_text(value, f"{self._path.name}: {name!r}"))
        return tuple(found)

    def is_text(self, name: str) -> bool:
        """True when a data set holds text."""
        with damage_told(self._path):
            return bool(self._datasets[name].id.get_type().get_class() == h5t.STRING)

    def attribute(self, name: str, owner: str = "") -> tuple[str, ...] | None:
        """Return a text attribute of the file or of one data set; None when there is none."""
        with damage_told(self._path):
            holder = self._datasets[owner] if owner else self._file
            if name not in holder.attrs:
                return None
            found = holder.attrs.get_id(name)
            kind, space = found.get_type(), found.get_space()
            count = space.get_simple_extent_npoints()
            small = kind.get_size() * count <= self._limits.text_bytes and count <= 10_000
            if kind.get_class() != h5t.STRING or not small or found.get_storage_size() > 2**20:
                self._refuse(name, "is not a short row of texts; write the names as texts")
            value = holder.attrs[name]
            items = [value] if space.get_simple_extent_type() == h5s.SCALAR else list(value)
            if sum(len(item) for item in items) > self._limits.text_bytes:
                self._refuse(name, "is too long; write short names")
            return tuple(as_text(item, f"{self._path.name}: {name!r}") for item in items)

    def _refuse_unwritten(self, name: str, dataset: h5py.Dataset) -> None:
        """Fill values would pass for pixels: every chunk must have been written."""
        layout = dataset.id.get_create_plist().get_layout()
        if dataset.size == 0 or layout == h5d.COMPACT:
            return
        if layout == h5d.CHUNKED:
            spans = zip(dataset.shape, dataset.chunks, strict=True)
            wanted = math.prod(-(-length // chunk) for length, chunk in spans)
            written, what = dataset.id.get_num_chunks(), "chunks"
        else:
            wanted, what = dataset.size * dataset.id.get_type().get_size(), "bytes"
            written = dataset.id.get_storage_size()
        if written < wanted:
            self._refuse(name, f"was not written to its end: {written} of {wanted} {what}")

    def _refuse(self, name: str, why: str) -> None:
        message = f"{self._path.name}: {name!r} {why}"
        raise DatasetError(message)


def as_text(value: object, owner: str) -> str:
    """Return bytes or str as str without blanks around. Raises DatasetError for odd bytes."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8").strip("\x00 \t\r\n")
        except UnicodeDecodeError as error:
            message = f"{owner} holds text that is not UTF-8; write the names again as UTF-8"
            raise DatasetError(message) from error
    return str(value).encode("utf-8", "replace").decode("utf-8").strip("\x00 \t\r\n")


def _plain_numbers(kind: h5t.TypeID) -> bool:
    """True for integers and floats of at most 8 bytes, and for h5py's truth values."""
    if kind.get_class() in {h5t.INTEGER, h5t.FLOAT}:
        return bool(kind.get_size() <= 8)
    return bool(kind.get_class() == h5t.ENUM and h5py.check_dtype(enum=kind.dtype) is None)
