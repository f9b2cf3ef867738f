"""A small, slow writer of ``.cif`` files: the opposite of what is tested, one pixel at a time."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

XML = """<?xml version="1.0"?><x><Imaging>
<ChannelInUseIndicators_0_11>{used} </ChannelInUseIndicators_0_11></Imaging>
<Illumination><BfLedIndicators_0_11>{lamps} </BfLedIndicators_0_11></Illumination>
<Display>{names}</Display></x>"""


def nibbles_of(value: int) -> list[int]:
    """Return the nibbles of one signed value, three bits each, least significant first."""
    found = []
    while True:
        low, value = value & 7, value >> 3
        done = value == (-1 if low & 4 else 0)
        found.append(low | (0 if done else 8))
        if done:
            return found


def encode_image(plane: np.ndarray) -> bytes:
    """Return ``plane``, (h, w) integers, in compression 30817."""
    nibbles: list[int] = []
    for y, row in enumerate(plane.tolist()):
        for x, pixel in enumerate(row):
            above = int(plane[y - 1, x]) if y else 0
            left = int(plane[y, x - 1]) if x else 0
            corner = int(plane[y - 1, x - 1]) if x and y else 0
            nibbles += nibbles_of(pixel - above - left + corner)
    nibbles += [0] * (len(nibbles) % 2)
    return bytes(a | b << 4 for a, b in zip(nibbles[::2], nibbles[1::2], strict=True))


def encode_mask(plane: np.ndarray) -> bytes:
    """Return ``plane``, (h, w) uint8, in compression 30818."""
    flat, out, start = plane.ravel().tolist(), [], 0
    for i in range(1, len(flat) + 1):
        if i == len(flat) or flat[i] != flat[start] or i - start == 256:
            out += [flat[start], i - start - 1]
            start = i
    return bytes(out)


def directory(entries: Sequence[tuple[int, int, int, int]], following: int) -> bytes:
    """Return a TIFF directory of (tag, type, count, value) entries."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def write_cif(
    images: Sequence[np.ndarray],
    masks: Sequence[np.ndarray | None],
    names: Sequence[str] = (),
    used: Sequence[int] = (),
    lamps: Sequence[int] = (),
    numbers: Sequence[int] = (),
) -> bytes:
    """Return a ``.cif`` of cells (C, h, w) with their masks; ``used``: channels from 0."""
    used = used or range(len(images[0]))
    xml = XML.format(
        used=" ".join("1" if i in used else "0" for i in range(12)),
        lamps=" ".join("1" if i in lamps else "0" for i in range(12)),
        names="".join(f"<Channel{i + 1}Name>{n}</Channel{i + 1}Name>" for i, n in enumerate(names)),
    ).encode()
    out = bytearray(b"II*\0\x08\0\0\0")
    first = [(256, 4, 1, 1), (257, 4, 1, 1), (259, 3, 1, 1), (33018, 4, 1, len(images))]
    xml_at = 8 + 2 + 12 * 5 + 4
    out += directory([*first, (33027, 2, len(xml), xml_at)], xml_at + len(xml))
    out += xml
    planes = []
    for i, (image, mask) in enumerate(zip(images, masks, strict=True)):
        number = numbers[i] if numbers else i
        planes.append((30817, encode_image(np.concatenate(list(image), axis=1)), image, number))
        if mask is not None:
            planes.append((30818, encode_mask(np.concatenate(list(mask), axis=1)), mask, None))
    for at, (compression, strip, cell, number) in enumerate(planes):
        _, h, w = cell.shape
        entries = [(256, 4, 1, w * len(cell)), (257, 4, 1, h), (259, 3, 1, compression)]
        extra = [] if number is None else [(33003, 4, 1, number)]
        strip_at = len(out) + 2 + 12 * (5 + len(extra)) + 4
        following = strip_at + len(strip) if at + 1 < len(planes) else 0
        entries += [(273, 4, 1, strip_at), (279, 4, 1, len(strip)), *extra]
        out += directory(entries, following) + strip
    return bytes(out)
