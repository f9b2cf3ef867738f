"""HDF5 files made to do harm, each one kind of harm; and what their refusal must say."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

SECRET = "root:x:0:0: what another file on the host says " * 40
PIXELS = np.arange(4 * 2 * 8 * 8, dtype=np.uint16).reshape(4, 2, 8, 8)


@dataclass(frozen=True)
class Attack:
    """Writes the file; ``says`` is part of the refusal."""

    id: str
    says: str
    write: Callable[[Path, Path], None]
    """(file to write, folder with a file ``secret`` and room for further files)"""


def good(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"] = PIXELS
        file["labels"] = np.array([0, 1, 0, 1])
        file.attrs["channel_names"] = ["BF", "CD3"]


def external_storage(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images", shape=(4, 2, 8, 8), dtype="u1", external=[(str(outside / "secret"), 0, 512)]
        )


def external_link(path: Path, outside: Path) -> None:
    good(outside / "other.h5")
    with h5py.File(path, "w") as file:
        file["images"] = h5py.ExternalLink(str(outside / "other.h5"), "/images")


def external_link_midway(path: Path, outside: Path) -> None:
    """``g/inner/images`` ends in a hard link, but ``g/inner`` lies in another file."""
    with h5py.File(outside / "other.h5", "w") as file:
        file["inner/images"] = PIXELS
    good(path)
    with h5py.File(path, "a") as file:
        file.create_group("g")["inner"] = h5py.ExternalLink(str(outside / "other.h5"), "/inner")
        assert isinstance(file["g/inner"].get("images", getlink=True), h5py.HardLink)


def soft_link(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file["masks"] = h5py.SoftLink("/images")


def virtual(path: Path, outside: Path) -> None:
    good(outside / "other.h5")
    layout = h5py.VirtualLayout(PIXELS.shape, PIXELS.dtype)
    layout[:] = h5py.VirtualSource(str(outside / "other.h5"), "images", shape=PIXELS.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("images", layout)


def cycle(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file.create_group("g")["up"] = file["/"]


def alias(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file["masks"] = file["images"]


def never_written(path: Path, outside: Path) -> None:
    """4 TB in a few kilobytes."""
    with h5py.File(path, "w") as file:
        file.create_dataset("images", shape=(10**6, 4, 1024, 1024), dtype="u1")


def bomb_chunk(path: Path, outside: Path) -> None:
    """One gzip chunk of 900 MB of zeros, at the largest ratio deflate has."""
    piece, pieces = bytes(9 * 10**6), 100
    squeeze = zlib.compressobj(9)
    first = squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)
    later = squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(pieces):
        checksum = zlib.adler32(piece, checksum)
    chunk = first + later * (pieces - 1) + b"\x03\x00" + checksum.to_bytes(4, "big")
    assert len(piece) * pieces / len(chunk) > 1000
    with h5py.File(path, "w") as file:
        shape = (900, 1, 1000, 1000)
        dataset = file.create_dataset(
            "images", shape=shape, dtype="u1", chunks=shape, compression="gzip"
        )
        dataset.id.write_direct_chunk((0, 0, 0, 0), chunk)


def high_ratio(path: Path, outside: Path) -> None:
    """As above in modest chunks: 96 MiB of zeros."""
    with h5py.File(path, "w") as file:
        shape = (96, 1, 1024, 1024)
        dataset = file.create_dataset(
            "images", shape=shape, dtype="u1", chunks=(1, *shape[1:]), compression="gzip"
        )
        chunk = zlib.compress(bytes(1024**2), 9)
        for position in range(shape[0]):
            dataset.id.write_direct_chunk((position, 0, 0, 0), chunk)


def large_chunk(path: Path, outside: Path) -> None:
    """300 MiB in one chunk, allocated in the file and never filled: no ratio gives it away."""
    with h5py.File(path, "w") as file:
        shape = (300, 1, 1024, 1024)
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk(shape)
        plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5d.FILL_TIME_NEVER)
        h5d.create(file.id, b"images", h5t.NATIVE_UINT8, h5s.create_simple(shape), plist)


def long_texts(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"] = PIXELS
        file["labels"] = ["x" * 10**6] * 4


def long_attribute(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file.attrs["channel_names"] = ["x" * 10**6] * 2


def text_pixels(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("images", shape=(2, 1, 2, 2), dtype=h5py.string_dtype())[:] = "x"


def ragged_pixels(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        kind = h5py.vlen_dtype(np.dtype("u2"))
        dataset = file.create_dataset("images", shape=(2, 1, 1, 1), dtype=kind)
        dataset[0, 0, 0, 0] = np.arange(3)


def reference_pixels(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("images", shape=(2, 1, 1, 1), dtype=h5py.ref_dtype)
        dataset[:] = file.ref


def compound_pixels(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((2, 1, 2, 2), dtype=[("a", "u2"), ("b", "f4")])


def odd_filter(path: Path, outside: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=PIXELS, scaleoffset=4)


def doubled_filter(path: Path, outside: Path) -> None:
    """gzip within gzip multiplies their ratios."""
    with h5py.File(path, "w") as file:
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((1, 2, 8, 8))
        plist.set_deflate(9)
        plist.set_deflate(9)
        space = h5s.create_simple(PIXELS.shape)
        h5d.create(file.id, b"images", h5t.NATIVE_UINT16, space, plist)


def deep(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file.create_group("/".join("abcdefghijkl"))


def crowded(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a", libver="latest") as file:
        for position in range(10_050):
            h5py.h5g.create(file.id, f"g{position}".encode())


def named_type(path: Path, outside: Path) -> None:
    good(path)
    with h5py.File(path, "a") as file:
        file["type"] = np.dtype("u2")


def interrupted(path: Path, outside: Path) -> None:
    """Only the first of four chunks was written; the rest would read as zeros."""
    with h5py.File(path, "w") as file:
        file.create_dataset("images", shape=PIXELS.shape, dtype="u2", chunks=(1, 2, 8, 8))
        file["images"][0] = PIXELS[0]


def truncated(path: Path, outside: Path) -> None:
    good(path)
    path.write_bytes(path.read_bytes()[:-200])


def only_signature(path: Path, outside: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 20)


ATTACKS = (
    Attack("external storage", "another file", external_storage),
    Attack("external link", "soft or external link", external_link),
    Attack("external link midway", "soft or external link", external_link_midway),
    Attack("soft link", "soft or external link", soft_link),
    Attack("virtual", "virtual data set", virtual),
    Attack("cycle", "second link to the same object", cycle),
    Attack("alias", "second link to the same object", alias),
    Attack("never written", "claims 3.8 TiB", never_written),
    Attack("bomb chunk", "more than 500 to 1", bomb_chunk),
    Attack("high ratio", "more than 500 to 1", high_ratio),
    Attack("large chunk", "chunks of 300.0 MiB", large_chunk),
    Attack("long texts", "of text", long_texts),
    Attack("long attribute", "too long", long_attribute),
    Attack("text pixels", "plain numbers", text_pixels),
    Attack("ragged pixels", "plain numbers", ragged_pixels),
    Attack("reference pixels", "plain numbers", reference_pixels),
    Attack("compound pixels", "plain numbers", compound_pixels),
    Attack("odd filter", "filter", odd_filter),
    Attack("doubled filter", "filter", doubled_filter),
    Attack("deep", "groups deep", deep),
    Attack("crowded", "10000 objects", crowded),
    Attack("named type", "named type", named_type),
    Attack("interrupted", "1 of 4 chunks", interrupted),
    Attack("truncated", "damaged or incomplete", truncated),
    Attack("only signature", "damaged or incomplete", only_signature),
)
