"""Where the cells of an Amnis ``.cif`` lie: a walk over its TIFF directories, pixels untouched.

Little-endian classic TIFF. The first directory is a dummy of one pixel that carries the
acquisition's XML (tag 33027) and the number of objects (33018). Then directories of images and
masks alternate, one of each for a cell; 33003 is the object's number.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pxcore.data.limits import Limits
from pxcore.errors import DatasetError

IMAGE, MASK = 30817, 30818
"""Compressions of an image and of a mask."""
_WIDTH, _HEIGHT, _COMPRESSION, _OFFSET, _COUNT = 256, 257, 259, 273, 279
_OBJECT, _N_OBJECTS, _XML = 33003, 33018, 33027
_WANTED = frozenset({_WIDTH, _HEIGHT, _COMPRESSION, _OFFSET, _COUNT, _OBJECT, _N_OBJECTS, _XML})
_MOST_ENTRIES = 200
"""Of one directory; IDEAS writes up to 36."""
_BYTE, _SHORT = 1, 3

Directory = dict[int, int]
"""Value by tag; of longer values (33027) the place in the file."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Compressed bytes of one image or mask, all channels side by side."""

    offset: int
    count: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class CifObject:
    """One cell. ``number`` is None where the file gives none."""

    number: int | None
    image: Strip
    mask: Strip | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CifIndex:
    """What a ``.cif`` says before its pixels are read."""

    objects: tuple[CifObject, ...]
    n_declared: int | None
    channels: tuple[int, ...]
    """Instrument channels in use, counted from 1, in the order of the images."""
    names: tuple[str, ...]
    """As the file gives them; ``Ch01`` and so on where it gives none."""
    names_assumed: bool
    brightfield: tuple[bool, ...]
    """Of each channel: its brightfield lamp was on."""


def looks_like_cif(path: Path) -> bool:
    """True when the file begins as a ``.cif`` does: TIFF whose first directory carries XML."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _XML in next(_directories(file, size, Limits()))[1]
    except (DatasetError, OSError):
        return False


def read_index(path: Path, limits: Limits) -> CifIndex:
    """Return channels and cells of a ``.cif``.

    Raises
    ------
    DatasetError
        For a lost header, a directory or strip beyond the end of the file, directories that lead
        in a circle, sizes no cell has, or a file without cells or channels.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            walk = _directories(file, size, limits)
            _, first = next(walk)
            xml = _xml(file, first, size, limits)
            in_use = _numbers(xml, "ChannelInUseIndicators")
            channels = tuple(i + 1 for i, used in enumerate(in_use) if used)
            if not channels:
                message = "its XML names no channel in use (ChannelInUseIndicators)"
                raise DatasetError(message)
            objects = tuple(_objects(walk, size, len(channels), limits))
        except DatasetError as error:
            message = f"{path.name}: {error}. Export the file again from IDEAS, or copy it again"
            raise DatasetError(message) from error
    names, assumed = _names(xml, channels)
    lamps = _numbers(xml, "BfLedIndicators")
    return CifIndex(
        objects=objects,
        n_declared=first.get(_N_OBJECTS),
        channels=channels,
        names=names,
        names_assumed=assumed,
        brightfield=tuple(bool(lamps[i - 1]) if i <= len(lamps) else False for i in channels),
    )


def _directories(file: BinaryIO, size: int, limits: Limits) -> Iterator[tuple[int, Directory]]:
    """Yield place and content of each directory, in the order of the chain."""
    header = file.read(8)
    if header[:4] != b"II*\0" or len(header) < 8:
        begin = header[:4].decode("latin-1") or "nothing"
        message = f"its TIFF header is lost: it begins with {begin!r}, a .cif with 'II*\\x00'"
        raise DatasetError(message)
    (place,) = struct.unpack("<I", header[4:])
    if not place:
        message = "its TIFF header leads to no directory"
        raise DatasetError(message)
    seen: set[int] = set()
    while place:
        if place in seen:
            message = f"directory {len(seen)} leads back to an earlier one (byte {place})"
            raise DatasetError(message)
        if len(seen) > 2 * limits.files:
            message = f"it has more than {limits.files} cells, the most that are taken"
            raise DatasetError(message)
        seen.add(place)
        found, following = _directory(file, place, size)
        yield place, found
        place = following


def _directory(file: BinaryIO, place: int, size: int) -> tuple[Directory, int]:
    """Return the wanted tags of the directory at ``place`` and the place of the next one."""
    file.seek(place)
    data = file.read(2 + 12 * 40 + 4)  # as long as they come, in one go
    n_entries = struct.unpack("<H", data[:2])[0] if len(data) >= 2 else 0
    if n_entries > _MOST_ENTRIES:
        message = f"the directory at byte {place} has {n_entries} entries, which makes no sense"
        raise DatasetError(message)
    end = 2 + 12 * n_entries + 4
    if len(data) < end:
        data += file.read(end - len(data))
    if len(data) < end or n_entries == 0:
        message = f"it is cut off: a directory should be at byte {place}, but it has {size} bytes"
        raise DatasetError(message)
    found: Directory = {}
    for tag, kind, count, value in struct.iter_unpack("<HHII", data[2 : end - 4]):
        if tag in _WANTED:
            narrow = {_BYTE: 0xFF, _SHORT: 0xFFFF}.get(kind, 0xFFFFFFFF)
            found[tag] = value if tag == _XML else value & narrow
            if tag == _XML:
                found[-_XML] = count
            elif count != 1:
                message = f"tag {tag} of the directory at byte {place} has {count} values, not 1"
                raise DatasetError(message)
    (following,) = struct.unpack("<I", data[end - 4 : end])
    return found, following


def _xml(file: BinaryIO, first: Directory, size: int, limits: Limits) -> str:
    if _XML not in first:
        message = "its first directory has no acquisition XML (tag 33027)"
        raise DatasetError(message)
    offset, count = first[_XML], first[-_XML]
    if offset + count > size or count > limits.text_bytes:
        message = f"its XML should be {count} bytes from byte {offset} on, but it has {size} bytes"
        raise DatasetError(message)
    file.seek(offset)
    return file.read(count).decode("utf-8", errors="replace")


def _objects(
    walk: Iterator[tuple[int, Directory]], size: int, n_channels: int, limits: Limits
) -> Iterator[CifObject]:
    """Yield the cells: each an image directory and, if it follows, its mask directory."""
    image: Strip | None = None
    number: int | None = None
    total = n_cells = 0
    for place, found in walk:
        strip = _strip(place, found, size, n_channels, limits)
        total += strip.count
        if total > size:
            message = f"its images take {total} bytes and more, but the file has {size} bytes"
            raise DatasetError(message)
        kind = found.get(_COMPRESSION, 0)
        if kind == MASK and image is not None:
            if (strip.height, strip.width) != (image.height, image.width):
                message = f"the mask at byte {place} is not of the size of its image"
                raise DatasetError(message)
            yield CifObject(number, image, strip)
            image = None
        elif kind == IMAGE:
            if image is not None:
                yield CifObject(number, image, None)
            image, number = strip, found.get(_OBJECT)
            n_cells += 1
        else:
            what = "a mask without an image" if kind == MASK else f"compression {kind}"
            message = f"the directory at byte {place} has {what}; expected {IMAGE} or {MASK}"
            raise DatasetError(message)
    if image is not None:
        yield CifObject(number, image, None)
    if not n_cells:
        message = "it holds no cell: no image follows its first directory"
        raise DatasetError(message)


def _strip(place: int, found: Directory, size: int, n_channels: int, limits: Limits) -> Strip:
    strip = Strip(*(found.get(tag, 0) for tag in (_OFFSET, _COUNT, _HEIGHT, _WIDTH)))
    side = max(strip.height, strip.width // n_channels)
    if not (strip.height and strip.width) or strip.width % n_channels or side > limits.cell_side:
        message = (
            f"the image at byte {place} is {strip.height} x {strip.width} pixels; expected "
            f"{n_channels} channels of equal width side by side, at most {limits.cell_side} pixels "
            "a side"
        )
        raise DatasetError(message)
    if not strip.count or strip.offset + strip.count > size:
        message = (
            f"it is cut off: bytes {strip.offset} to {strip.offset + strip.count} should hold the "
            f"image of the directory at byte {place}, but it has {size} bytes"
        )
        raise DatasetError(message)
    return strip


def _numbers(xml: str, element: str) -> tuple[int, ...]:
    """Return the numbers of an element such as ``<ChannelInUseIndicators_0_11>``."""
    found = re.search(rf"<{element}_0_\d+>([\d\s]{{1,1000}})<", xml)
    return tuple(int(word[:9]) for word in found[1].split()) if found else ()


def _names(xml: str, channels: tuple[int, ...]) -> tuple[tuple[str, ...], bool]:
    """Return channel names, and whether they are only numbers and no person's choice."""
    given = {
        int(number): html.unescape(name).strip()
        for number, name in re.findall(r"<Channel(\d{1,3})Name>([^<]{0,200})</Channel", xml)
    }
    names = tuple(given.get(i) or f"Ch{i:02d}" for i in channels)
    if len(set(names)) < len(names):
        names = tuple(f"Ch{i:02d}" for i in channels)
    return names, all(re.fullmatch(r"Ch0*\d+", name) for name in names)
