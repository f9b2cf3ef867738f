"""What a foreign file may cost: every cap an import is held to."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on an import, all inclusive. Sizes in bytes, times in seconds."""

    memory: int = 4 * GIB
    """Memory the import process may have for its own data."""
    cpu_seconds: int = 7200
    wall_seconds: int = 6 * 3600
    source_bytes: int = 200 * GIB
    """Size on disk of the file, or of all files of the folder or archive together."""
    dataset_bytes: int = 200 * GIB
    """Decoded size: of a data set inside a file, of an unpacked archive, of our container."""
    files: int = 2_000_000
    """Files in a folder or members of an archive."""
    path_depth: int = 12
    """Folders below the given one."""
    archive_ratio: int = 200
    """Unpacked over packed size of an archive, looked at above ``small``."""
    hdf5_depth: int = 8
    hdf5_objects: int = 10_000
    chunk_bytes: int = 256 * MIB
    """One chunk of an HDF5 data set, decoded."""
    chunk_ratio: int = 500
    """Decoded over stored size of an HDF5 data set, looked at above ``small``."""
    text_bytes: int = 1 * MIB
    """All text of one attribute, label or name list."""
    small: int = 64 * MIB
    """Decoded sizes up to this are harmless whatever their ratio."""
    cell_side: int = 1024
    """Largest height or width of a cell, pixels."""
    channels: int = 256
    image_side: int = 16_384
    """Largest height or width of a tissue image, pixels."""
    image_bytes: int = 1 * GIB
    """All channels of one tissue image, decoded."""
    table_bytes: int = 64 * MIB
    """A CSV that describes images, channels or cells."""
    keep_free: int = 1 * GIB
    """Disk that must stay free beside the container."""


def in_words(n_bytes: float) -> str:
    """Return a size for people.

    >>> in_words(5 * 1024**3), in_words(300)
    ('5.0 GiB', '300 bytes')
    """
    for unit, name in ((1024 * GIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.1f} {name}"
    return f"{int(n_bytes)} bytes"
