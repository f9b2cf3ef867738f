"""The pixels of a stack: pictures, volumes of slices, or both of the same cells, as planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np

from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names, checked_names
from pxcore.data.npz import NpyHeader
from pxcore.data.stack_files import StackFile
from pxcore.errors import DatasetError
from pxcore.types import Array

IMAGES, VOLUMES = "images", "volumes"
_AXES = {
    IMAGES: ("cells", "channels", "height", "width"),
    VOLUMES: ("cells", "channels", "slices", "height", "width"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPixels:
    """What the pixels of a stack file are: pictures first, then volume by volume its slices."""

    n_cells: int
    size: tuple[int, int]
    """(H, W), the same for pictures and slices."""
    pictures: int
    volumes: int
    depth: int
    dtype: np.dtype[np.generic]
    """One that holds the pixels of both exactly."""
    plane_names: tuple[str, ...]
    names_assumed: bool

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, P, H, W) with all planes."""
        return (self.n_cells, self.pictures + self.volumes * self.depth, *self.size)

    def rows(self, file: StackFile, step: int) -> Iterator[Array]:
        """Yield blocks of (n, P, H, W), ``step`` cells each."""
        none: Iterator[Array | None] = repeat(None)
        pictures = file.rows(IMAGES, step) if self.pictures else none
        volumes = file.rows(VOLUMES, step) if self.volumes else none
        for flat, deep in zip(pictures, volumes, strict=False):
            if deep is None:
                assert flat is not None  # for the type checker: one of the two is there
                yield flat
                continue
            slices = deep.reshape(len(deep), -1, *self.size)
            both = slices if flat is None else np.concatenate([flat, slices], 1, dtype=self.dtype)
            yield both

    def step(self, file: StackFile) -> int:
        """Return how many cells are well read at once."""
        there = [name for name, n in ((IMAGES, self.pictures), (VOLUMES, self.volumes)) if n]
        return min(file.step(name) for name in there)


def pixels_of(file: StackFile, path: Path, limits: Limits) -> StackPixels:
    """Return what the pixels of a stack file are.

    Raises
    ------
    DatasetError
        When it has neither ``images`` nor ``volumes``, an array has other axes or too many planes,
        pictures and volumes are not of the same cells in the same frame, or names do not match.
    """
    flat, deep = (_header(file, path, name, limits) for name in (IMAGES, VOLUMES))
    if flat is not None and deep is not None:
        _require_pairs(path, flat.shape, deep.shape)
    known = [one for one in (flat, deep) if one is not None]
    if not known:
        found = ", ".join(file.names[:20]) or "nothing"
        message = (
            f"{path.name}: no array 'images'; found {found}. Store the cells as 'images' with "
            "axes cell, channel, height, width, or volumes as 'volumes' with axes cell, channel, "
            "slice, height, width"
        )
        raise DatasetError(message)
    pictures = flat.shape[1] if flat is not None else 0
    volumes, depth = deep.shape[1:3] if deep is not None else (0, 0)
    _require_few(path, pictures, volumes, depth, limits)
    names, assumed = _names(file, path, pictures, volumes)
    return StackPixels(
        n_cells=known[0].shape[0],
        size=(known[0].shape[-2], known[0].shape[-1]),
        pictures=pictures,
        volumes=volumes,
        depth=depth,
        dtype=np.result_type(*(one.dtype for one in known)),
        plane_names=plane_names(names[:pictures], names[pictures:], depth),
        names_assumed=assumed,
    )


def plane_names(pictures: tuple[str, ...], volumes: tuple[str, ...], depth: int) -> tuple[str, ...]:
    """Return a name for every plane.

    >>> plane_names(("BF",), ("DNA",), 2)
    ('BF', 'DNA z1', 'DNA z2')
    """
    wide = len(str(depth))
    slices = (f"{name} z{i + 1:0{wide}d}" for name in volumes for i in range(depth))
    return (*pictures, *slices)


def _header(file: StackFile, path: Path, name: str, limits: Limits) -> NpyHeader | None:
    """Return shape and type of one of the two arrays, None where it is not there."""
    if name not in file.names:
        return None
    header, axes = file.header(name), _AXES[name]
    if header.dtype.kind not in "biuf":
        message = f"{path.name}: {name!r} holds {header.dtype}; expected plain numbers"
        raise DatasetError(message)
    if len(header.shape) != len(axes) or 0 in header.shape:
        five = name == IMAGES and len(header.shape) == 5
        message = (
            f"{path.name}: {name!r} has shape {header.shape}; expected ({', '.join(axes)}), "
            "none of them 0" + ("; an array of slices is called 'volumes'" if five else "")
        )
        raise DatasetError(message)
    side = max(header.shape[-2:])
    if header.shape[1] > limits.channels or side > limits.cell_side:
        message = (
            f"{path.name}: {name!r} has {header.shape[1]} channels of {header.shape[-2]} x "
            f"{header.shape[-1]} pixels; at most {limits.channels} channels and "
            f"{limits.cell_side} pixels a side are taken. The axes must be {', '.join(axes)}"
        )
        raise DatasetError(message)
    return header


def _require_pairs(path: Path, flat: tuple[int, ...], deep: tuple[int, ...]) -> None:
    """Raise DatasetError for pictures and volumes of other cells, or in another frame."""
    if flat[0] != deep[0]:
        message = (
            f"{path.name}: 'images' has {flat[0]} cells, 'volumes' has {deep[0]}; pictures and "
            "volumes must be of the same cells in the same order: leave out cells that lack one"
        )
        raise DatasetError(message)
    if flat[-2:] != deep[-2:]:
        message = (
            f"{path.name}: pictures have {flat[-2]} x {flat[-1]} pixels, slices of volumes "
            f"{deep[-2]} x {deep[-1]}; expected one size: bring both into the same frame"
        )
        raise DatasetError(message)


def _require_few(path: Path, pictures: int, volumes: int, depth: int, limits: Limits) -> None:
    n = pictures + volumes * depth
    if n > limits.channels:
        message = (
            f"{path.name}: {pictures} pictures and {volumes} volumes of {depth} slices make {n} "
            f"planes a cell; at most {limits.channels} are taken: give fewer channels or slices. "
            "The axes of 'volumes' must be cells, channels, slices, height, width"
        )
        raise DatasetError(message)


def _names(
    file: StackFile, path: Path, pictures: int, volumes: int
) -> tuple[tuple[str, ...], bool]:
    """Return a name for each picture and volume, and whether any had to be assumed."""
    given = file.texts("channel_names")
    deep = file.texts("volume_names")
    if given and deep is None and len(given) == pictures + volumes:
        return checked_names(given, pictures + volumes, path.name), False
    if volumes and given and deep is None:
        message = (
            f"{path.name}: {len(given)} channel names ({', '.join(given[:20])}) for {pictures} "
            f"pictures and {volumes} volumes; name them all in 'channel_names', pictures first, or "
            "volumes in 'volume_names'"
        )
        raise DatasetError(message)
    flat = checked_names(given, pictures, path.name) if given else assumed_names(pictures)
    last = tuple(f"Volume {i + 1}" for i in range(volumes))
    stacked = checked_names(deep, volumes, path.name) if deep else last
    assumed = (bool(pictures) and not given) or (bool(volumes) and not deep)
    return checked_names((*flat, *stacked), pictures + volumes, path.name), assumed
