"""One walk over every link of an HDF5 file that nobody vouches for.

An HDF5 file can name other files (external links, external storage, virtual data sets), promise
terabytes in a few bytes (never-written data sets, one chunk of enormous ratio), loop (hard links
to a parent) or call filters from outside. None of that is followed: every link is looked at
before its object is opened, and only hard links are opened.
"""

from __future__ import annotations

import math
from pathlib import Path

import h5py
from h5py import h5d, h5g, h5l, h5o, h5z

from pxcore.data.limits import Limits, in_words
from pxcore.errors import DatasetError

FILTERS = {
    h5z.FILTER_DEFLATE: "gzip",
    h5z.FILTER_SHUFFLE: "shuffle",
    h5z.FILTER_FLETCHER32: "fletcher32",
    h5z.FILTER_LZF: "lzf",
}
"""The only filters that are run."""


def harmless_datasets(path: Path, file: h5py.File, limits: Limits) -> dict[str, h5py.Dataset]:
    """Return every data set by its path, without the leading slash.

    Raises
    ------
    DatasetError
        For any link that is not hard, a cycle or alias, storage outside the file, odd filters,
        and everything over the caps of ``limits``. What the HDF5 library raises on damage is
        left to the caller.
    """
    return _Walk(path, limits).run(file)


def link_names(group: h5g.GroupID, most: int) -> list[str]:
    """Return the names of a group's links, at most ``most + 1`` of them, opening none."""
    names: list[str] = []

    def take(name: bytes) -> bool | None:
        names.append(name.decode("utf-8", "surrogateescape"))
        return True if len(names) > most else None

    group.links.iterate(take)
    return names


class _Walk:
    """One pass over every link of a file; collects its data sets."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._seen: set[tuple[int, int]] = set()
        self._found: dict[str, h5py.Dataset] = {}

    def run(self, file: h5py.File) -> dict[str, h5py.Dataset]:
        info = h5o.get_info(file.id)
        self._seen.add((info.fileno, info.addr))
        self._group(h5g.open(file.id, b"/"), "", 0)
        return self._found

    def _group(self, group: h5g.GroupID, prefix: str, depth: int) -> None:
        if depth > self._limits.hdf5_depth:
            self._refuse(prefix, f"lies more than {self._limits.hdf5_depth} groups deep")
        for name in link_names(group, self._limits.hdf5_objects):
            path, link = prefix + name, name.encode("utf-8", "surrogateescape")
            if group.links.get_info(link).type != h5l.TYPE_HARD:
                self._refuse(path, "is a soft or external link; copy the data into the file")
            info = h5o.get_info(group, link)
            if (info.fileno, info.addr) in self._seen:
                self._refuse(path, "is a second link to the same object; store each array once")
            self._seen.add((info.fileno, info.addr))
            if len(self._seen) > self._limits.hdf5_objects:
                self._refuse(path, f"comes after {self._limits.hdf5_objects} objects, the most")
            if info.type == h5o.TYPE_GROUP:
                self._group(h5g.open(group, link), f"{path}/", depth + 1)
            elif info.type == h5o.TYPE_DATASET:
                self._found[path] = self._dataset(h5d.open(group, link), path)
            else:
                self._refuse(path, "is a named type; expected groups and data sets only")

    def _dataset(self, found: h5d.DatasetID, path: str) -> h5py.Dataset:
        plist, limits = found.get_create_plist(), self._limits
        if plist.get_external_count() > 0:
            self._refuse(path, "keeps its values in another file; copy them into this one")
        if plist.get_layout() == h5d.VIRTUAL:
            self._refuse(path, "is a virtual data set; copy the values into the file")
        used = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
        if len(set(used)) != len(used) or not set(used) <= set(FILTERS):
            known = ", ".join(FILTERS.values())
            self._refuse(path, f"uses an unknown or doubled filter; allowed once each: {known}")
        size = found.get_type().get_size()
        logical, stored = math.prod(found.shape) * size, found.get_storage_size()
        if logical > limits.dataset_bytes:
            self._refuse(
                path,
                f"claims {in_words(logical)}; at most {in_words(limits.dataset_bytes)} are taken",
            )
        if logical > limits.small and logical > limits.chunk_ratio * stored:
            self._refuse(
                path,
                f"claims {in_words(logical)} in {in_words(stored)} of the file, more than "
                f"{limits.chunk_ratio} to 1; write it again with less compression",
            )
        if plist.get_layout() == h5d.CHUNKED:
            chunk = math.prod(plist.get_chunk()) * size
            if chunk > limits.chunk_bytes:
                self._refuse(
                    path,
                    f"has chunks of {in_words(chunk)}; at most {in_words(limits.chunk_bytes)} are "
                    "taken, write it with smaller chunks such as one cell each",
                )
        return h5py.Dataset(found)

    def _refuse(self, path: str, why: str) -> None:
        message = f"{self._path.name}: {path[:200]!r} {why}"
        raise DatasetError(message)
