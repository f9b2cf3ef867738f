"""One grey image out of a TIFF file, whatever odd tags stand around it."""

from __future__ import annotations

import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffFileError, TiffPage

from pxcore.data.limits import Limits
from pxcore.errors import DatasetError
from pxcore.types import Array

_COMPRESSIONS = {
    1: "none",
    5: "LZW",
    8: "Deflate",
    32773: "PackBits",
    32946: "Deflate",
    34925: "LZMA",
    50000: "Zstandard",
}
"""Lossless, and none whose content can claim another size than the file does (as JPEG can)."""

_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_DAMAGE = (
    TiffFileError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What the TIFF reader raises on bytes that are not what they claim to be."""


@dataclass(frozen=True, slots=True)
class PageHeader:
    """What a file says of its first image."""

    height: int
    width: int
    dtype: np.dtype[np.generic]
    n_pages: int


def is_tiff(path: Path) -> bool:
    """True when the first bytes are those of a TIFF."""
    try:
        with path.open("rb") as file:
            return file.read(4) in _BEGINNINGS
    except OSError:
        return False


def read_header(path: Path, limits: Limits) -> PageHeader:
    """Return size and type of the first image.

    Raises
    ------
    DatasetError
        For a damaged file, a colour image, or sides beyond ``limits.cell_side``. The message
        names no file.
    """
    with _first_page(path, limits) as (tif, page):
        return PageHeader(page.shape[0], page.shape[1], dtype_of(page), len(tif.pages))


def read_pixels(path: Path, limits: Limits) -> Array:
    """Return the (h, w) pixels of the first image, native byte order. Raises as `read_header`."""
    with _first_page(path, limits) as (_, page):
        pixels = np.asarray(page.asarray())
        return pixels.astype(dtype_of(page), copy=False)


@contextmanager
def opened(path: Path) -> Iterator[TiffFile]:
    """Open a file, with every sort of damage told as DatasetError. No other file is ever read.

    OME and ImageJ metadata are not followed: they can name further files and odd places.
    """
    try:
        with _quiet(), TiffFile(path, is_ome=False, is_imagej=False) as tif:
            yield tif
    except _DAMAGE as error:
        message = f"cannot be read as TIFF ({str(error)[:200] or type(error).__name__})"
        raise DatasetError(message) from error


@contextmanager
def _first_page(path: Path, limits: Limits) -> Iterator[tuple[TiffFile, TiffPage]]:
    with opened(path) as tif:
        page = tif.pages.first
        if len(page.shape) != 2:
            message = f"the image has shape {page.shape}; expected one grey image (height, width)"
            raise DatasetError(message)
        check_page(page, path.stat().st_size, limits.cell_side)
        yield tif, page


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence remarks on tags while a file is open: ImageStream exports carry odd ones.

    What keeps pixels from being read is raised, or found by `_check`, and is not silenced.
    """
    logger = logging.getLogger("tifffile")
    was = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = was


def dtype_of(page: TiffPage) -> np.dtype[np.generic]:
    """Return the type of an image's pixels, native byte order. Raises DatasetError for none."""
    dtype = page.dtype
    if dtype is None:
        message = f"pixels of {page.bitspersample} bits have no known type"
        raise DatasetError(message)
    return np.dtype(dtype).newbyteorder("=")


def check_page(page: TiffPage, size: int, side: int) -> None:
    """Refuse absurd sizes, codecs that are not ours, and pixels beyond the end of the file.

    Parameters
    ----------
    size
        Of the file, bytes.
    side
        Largest height or width, pixels.

    Raises
    ------
    DatasetError
        Naming no file.
    """
    height, width = page.imagelength, page.imagewidth
    if not 0 < min(height, width) <= max(height, width) <= side:
        message = f"the image is {height} x {width} pixels; a side has at most {side} pixels"
        raise DatasetError(message)
    if int(page.compression) not in _COMPRESSIONS:
        message = (
            f"the image is compressed by method {int(page.compression)}; expected one of "
            f"{', '.join(dict.fromkeys(_COMPRESSIONS.values()))}"
        )
        raise DatasetError(message)
    if math.prod(page.chunks) > side**2 * page.samplesperpixel:
        message = f"the image is stored in pieces of {page.chunks} pixels, larger than any image"
        raise DatasetError(message)
    ends = [
        offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
    ]
    if not ends or min(page.databytecounts) == 0 or max(ends) > size:
        message = (
            f"the file is cut off: its image should reach to byte {max(ends, default=0)} of {size}"
        )
        raise DatasetError(message)
