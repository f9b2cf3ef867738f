"""All channels out of one multi-channel TIFF or OME-TIFF, or out of a folder of single ones."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffPage

from pxcore.data.limits import Limits, in_words
from pxcore.data.tiff_page import check_page, dtype_of, opened
from pxcore.errors import DatasetError
from pxcore.types import Array

_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b([^>]*)>(.*?)</(?:\w+:)?Pixels>", re.DOTALL)
_CHANNEL = re.compile(r"<(?:\w+:)?Channel\b([^>]*)>")
_LARGEST = 2**53
"""Whole numbers up to here are exact in every type of pixel."""
_REDUCED = 1
"""Bit of a page's kind: a smaller copy of another page."""


@dataclass(frozen=True, slots=True)
class StackHeader:
    """What the files of one image say, before any pixel is read."""

    names: tuple[str, ...]
    """Of the channels; empty where the files have none."""
    n_channels: int
    height: int
    width: int
    dtype: np.dtype[np.generic]


def stack_header(files: Sequence[Path], limits: Limits) -> StackHeader:
    """Return the size, type and channel names of one image.

    ``files``: one TIFF with all channels, or one for each channel, named after it.

    Raises
    ------
    DatasetError
        When a file is damaged, its images differ in size or type, there are more than
        ``limits.channels``, or they need more than ``limits.image_bytes``. Names no file.
    """
    headers = [_header(file, limits, several=len(files) == 1) for file in files]
    first = headers[0]
    if len(files) > 1:
        names = tuple(_stem(file) for file in files)
        for name, header in zip(names, headers, strict=True):
            if (header.height, header.width) != (first.height, first.width):
                message = (
                    f"channel {name} has {header.height} x {header.width} pixels, the first one "
                    f"{first.height} x {first.width}; the channels of an image share one size"
                )
                raise DatasetError(message)
        dtype = np.result_type(*{header.dtype for header in headers})
        first = StackHeader(names, len(files), first.height, first.width, dtype)
    _check_room(first, limits)
    return first


def read_stack(files: Sequence[Path], limits: Limits) -> Array:
    """Return (C, h, w) pixels of one image, native byte order. Raises as `stack_header`."""
    return _pixels(files, stack_header(files, limits), limits)


def read_labels(file: Path, shape: tuple[int, int], limits: Limits) -> Array:
    """Return (h, w) whole numbers of a label mask: 0 outside, else the cell's number.

    Raises
    ------
    DatasetError
        When the file is damaged, not one image of this shape, or holds other than whole numbers
        from 0.
    """
    header = stack_header([file], limits)
    if header.n_channels != 1 or (header.height, header.width) != shape:
        message = (
            f"the mask has {header.n_channels} images of {header.height} x {header.width} pixels; "
            f"expected one of {shape[0]} x {shape[1]}, as its image"
        )
        raise DatasetError(message)
    labels: Array = _pixels([file], header, limits)[0]
    if header.dtype.kind not in "biuf" or not (labels >= 0).all() or labels.max() > _LARGEST:
        message = (
            f"the mask holds negative numbers, numbers beyond {_LARGEST:.0e} or none at all; "
            "expected whole numbers, 0 outside of cells"
        )
        raise DatasetError(message)
    whole: Array = labels.astype(np.int64)
    if not np.array_equal(whole, labels):
        message = "the mask holds fractions; expected whole numbers, 0 outside of cells"
        raise DatasetError(message)
    return whole


def _pixels(files: Sequence[Path], header: StackHeader, limits: Limits) -> Array:
    shape = (header.n_channels, header.height, header.width)
    pixels = np.empty(shape, header.dtype)
    place = 0
    for file in files:
        with opened(file) as tif:
            for page in _pages(tif, limits):
                planes = _planes(page)
                pixels[place : place + len(planes)] = planes
                place += len(planes)
    return pixels


def _header(file: Path, limits: Limits, *, several: bool) -> StackHeader:
    """Return what one file says; without ``several`` it must hold one channel."""
    with opened(file) as tif:
        size, pages = file.stat().st_size, _pages(tif, limits)
        for page in pages:
            check_page(page, size, limits.image_side)
        first = pages[0]
        kinds = {(page.imagelength, page.imagewidth, dtype_of(page)) for page in pages}
        if len(kinds) > 1:
            told = ", ".join(f"{h} x {w} {dtype}" for h, w, dtype in sorted(kinds, key=str)[:4])
            message = f"the images in it differ ({told}); expected one a channel, of one size"
            raise DatasetError(message)
        n_channels = sum(_n_planes(page) for page in pages)
        if n_channels > 1 and not several:
            message = f"it holds {n_channels} images; expected one, as each channel has its file"
            raise DatasetError(message)
        names = _ome_names(first.description, n_channels, limits)
        return StackHeader(names, n_channels, first.imagelength, first.imagewidth, dtype_of(first))


def _pages(tif: TiffFile, limits: Limits) -> list[TiffPage]:
    """Return the pages that are images of their own. A chain without an end is cut short."""
    found = list(islice(iter(tif.pages), 2 * limits.channels + 1))
    pages = [page for page in found if isinstance(page, TiffPage)]  # no frames, unless asked
    own = [page for page in pages if not int(page.subfiletype) & _REDUCED]
    if len(found) > 2 * limits.channels or len(own) > limits.channels:
        message = f"more than {limits.channels} images in one file; at most so many channels"
        raise DatasetError(message)
    if not own:
        message = "no image in it but smaller copies"
        raise DatasetError(message)
    return own


def _n_planes(page: TiffPage) -> int:
    """Return how many channels one page holds: samples of a pixel are channels."""
    flat = page.imagedepth == 1 and len(page.shape) in {2, 3}
    if not flat or (len(page.shape) == 3) != (page.samplesperpixel > 1):
        message = f"the image has shape {page.shape}; expected height and width, or channels too"
        raise DatasetError(message)
    return int(page.samplesperpixel)


def _planes(page: TiffPage) -> Array:
    """Return (samples, h, w) pixels of a page."""
    pixels = np.asarray(page.asarray())
    if pixels.ndim == 2:
        return pixels[None]
    return np.moveaxis(pixels, -1, 0) if page.axes.endswith("S") else pixels


def _check_room(header: StackHeader, limits: Limits) -> None:
    if header.n_channels > limits.channels:
        message = f"{header.n_channels} channels; at most {limits.channels} are taken"
        raise DatasetError(message)
    needed = header.n_channels * header.height * header.width * header.dtype.itemsize
    if needed > limits.image_bytes:
        message = (
            f"its {header.n_channels} channels of {header.height} x {header.width} pixels need "
            f"{in_words(needed)}; at most {in_words(limits.image_bytes)} are taken: cut it into "
            "smaller images"
        )
        raise DatasetError(message)


def _ome_names(description: str, n_channels: int, limits: Limits) -> tuple[str, ...]:
    """Return the channel names of OME metadata, empty where they are not there for every channel.

    Read by pattern, not by an XML parser: entities and other files are never looked at.

    Raises DatasetError for several focal planes or times.
    """
    if "<OME" not in description[:5000] and ":OME" not in description[:5000]:
        return ()
    found = _PIXELS.search(description[: limits.text_bytes])
    if found is None:
        return ()
    for axis in ("SizeZ", "SizeT"):
        if _attribute(found[1], axis) not in {"", "1"}:
            message = f"{axis} is {_attribute(found[1], axis)[:20]}; expected one plane, one time"
            raise DatasetError(message)
    names = tuple(_attribute(one, "Name").strip() for one in _CHANNEL.findall(found[2]))
    return names if all(names) and len(names) == len(set(names)) == n_channels else ()


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return html.unescape(found[1] or found[2] or "") if found else ""


def _stem(file: Path) -> str:
    """Return a file's name without what says that it is a TIFF."""
    return re.sub(r"(\.ome)?\.tiff?$", "", file.name, flags=re.IGNORECASE)
