"""What `scifai` files say before their pixels are read, and which of them belong together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from pxcore.data.hdf5 import VettedFile, vetted
from pxcore.data.limits import Limits
from pxcore.data.pixels import stored_dtype
from pxcore.errors import DatasetError
from pxcore.types import Skipped


@dataclass(frozen=True, slots=True)
class Header:
    """What a cell's file says before its pixels are read."""

    path: PurePosixPath
    shape: tuple[int, int, int]
    """(h, w, C)"""
    dtype: np.dtype[np.generic]
    has_mask: bool
    label: str | None
    names: tuple[str, ...] | None


def headers_of(
    folder: Path, files: tuple[PurePosixPath, ...], limits: Limits
) -> tuple[list[Header], list[Skipped]]:
    """Return the headers of files that belong together, and the others with their reasons."""
    headers: list[Header] = []
    skipped: list[Skipped] = []
    for file in files:
        try:
            headers.append(_header(folder, file, limits))
        except DatasetError as error:
            reason = str(error).removeprefix(f"{file.name}: ")
            skipped.append(Skipped(reason=reason, count=1, examples=(str(file),)))
    if not headers:
        why = f": {skipped[0].examples[0]}: {skipped[0].reason}" if skipped else ""
        message = (
            f"{folder.name}: none of {len(files)} .h5 files could be read as a cell{why}. "
            "Expected one file a cell with 'image' of axes height, width, channel"
        )
        raise DatasetError(message)
    channels = Counter(header.shape[2] for header in headers).most_common(1)[0][0]
    masked = 2 * sum(header.has_mask for header in headers) > len(headers)
    names = next((header.names for header in headers if header.shape[2] == channels), None)
    kept: list[Header] = []
    for header in headers:
        reason = ""
        if header.shape[2] != channels:
            reason = f"another number of channels than most files ({channels})"
        elif header.names != names:
            reason = "other channel names than the first file"
        elif masked and not header.has_mask:
            reason = "no mask, where most files have one"
        if reason:
            skipped.append(Skipped(reason=reason, count=1, examples=(str(header.path),)))
        else:
            kept.append(header)
    if not masked:
        kept = [replace(header, has_mask=False) for header in kept]
    return kept, skipped


def wanted(
    headers: list[Header], skipped: list[Skipped], cells: str
) -> tuple[list[Header], list[Skipped]]:
    """Return all headers, or those with a label; the others are then counted."""
    if cells not in {"all", "labelled"}:
        message = f"option 'cells' is {cells!r}; expected all or labelled"
        raise DatasetError(message)
    kept = headers if cells == "all" else [header for header in headers if header.label]
    if not kept:
        message = f"none of {len(headers)} cells has a label, and only labelled ones were asked for"
        raise DatasetError(message)
    if left := len(headers) - len(kept):
        example = next(str(header.path) for header in headers if not header.label)
        skipped = [*skipped, Skipped(reason="no label", count=left, examples=(example,))]
    return kept, skipped


def _header(folder: Path, path: PurePosixPath, limits: Limits) -> Header:
    with vetted(folder / path, limits) as file:
        image = file.array("image")
        shape = tuple(image.shape)
        if len(shape) != 3 or 0 in shape:
            message = f"'image' has shape {shape}; expected (height, width, channel)"
            raise DatasetError(message)
        h, w, c = shape
        if c > limits.channels or max(h, w) > limits.cell_side:
            message = (
                f"'image' has shape {shape}; at most {limits.cell_side} pixels a side and "
                f"{limits.channels} channels are taken"
            )
            raise DatasetError(message)
        if "mask" in file:
            found = tuple(file.array("mask").shape)
            if found not in {(h, w), (h, w, 1), (h, w, c)}:
                message = f"'mask' has shape {found}; expected {(h, w)} or {(h, w, c)}"
                raise DatasetError(message)
        stored_dtype(image.dtype)
        return Header(path, (h, w, c), image.dtype, "mask" in file, _label(file), _names(file))


def _names(file: VettedFile) -> tuple[str, ...] | None:
    return file.attribute("channel_names") or file.attribute("channel_names", "image")


def _label(file: VettedFile) -> str | None:
    if "label" not in file:
        return None
    if file.is_text("label"):
        texts = file.texts("label")
        if len(texts) != 1:
            message = f"'label' holds {len(texts)} texts; expected one"
            raise DatasetError(message)
        return texts[0] or None
    values = np.atleast_1d(file.array("label")[()])
    if values.size != 1:
        message = f"'label' has shape {values.shape}; expected one text or number"
        raise DatasetError(message)
    return str(values.ravel()[0].item())
