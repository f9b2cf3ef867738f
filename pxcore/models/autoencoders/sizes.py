"""How small a cell may be; told without torch, before anything is trained."""

from __future__ import annotations

from pxcore.errors import TrainingError
from pxcore.types.unlabelled import Planes

SMALLEST_PICTURE = 17
"""The last convolution, without padding, needs three pixels of what the first three leave."""
SMALLEST_VOLUME = 16
"""Four poolings by 2 leave one pixel of it."""


def check_sizes(name: str, planes: Planes, image_size: tuple[int, int]) -> None:
    """Raise TrainingError for pictures or volumes that are too small for an autoencoder."""
    if planes.pictures:
        check_picture(name, image_size)
    if planes.volumes:
        check_volume(name, (planes.depth, *image_size))


def check_picture(name: str, image_size: tuple[int, int]) -> None:
    """Raise TrainingError for pictures that the last convolution would not fit into."""
    if min(image_size) < SMALLEST_PICTURE:
        height, width = image_size
        message = (
            f"cells of {height} x {width} pixels are too small for {name}; expected at least "
            f"{SMALLEST_PICTURE} x {SMALLEST_PICTURE}: import them into a larger frame"
        )
        raise TrainingError(message)


def check_volume(name: str, size: tuple[int, int, int]) -> None:
    """Raise TrainingError for volumes (D, H, W) of which four poolings leave nothing."""
    depth, height, width = size
    if min(size) >= SMALLEST_VOLUME:
        return
    shallow, narrow = depth < SMALLEST_VOLUME, min(height, width) < SMALLEST_VOLUME
    what = " and ".join(["too shallow"] * shallow + ["too small"] * narrow)
    remedies = ["import them into a larger frame"] * narrow + [
        "record more slices, or import the slices as pictures, a channel each, for dcae_2d"
    ] * shallow
    message = (
        f"volumes of {depth} slices of {height} x {width} pixels are {what} for {name}; expected "
        f"at least {SMALLEST_VOLUME} in every direction: {', and '.join(remedies)}"
    )
    raise TrainingError(message)
