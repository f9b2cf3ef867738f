"""The published autoencoder of volumes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pxcore.models.autoencoders.autoencoder import Autoencoder, AutoencoderRequest

if TYPE_CHECKING:
    from torch import nn


def build(request: AutoencoderRequest) -> nn.Module:
    """Return the network; 8,790,977 parameters for one volume of 80 x 80 x 80.

    Options: ``width``, maps after the first convolution (16); ``code``, numbers in a code (256).

    Raises
    ------
    TrainingError
        For cells with pictures or of fewer than 16 pixels or slices, or unknown settings.

    Source: Zhang et al., Scientific Reports 13, 2023, and its notebooks.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists autoencoders without torch

    from pxcore.models.autoencoders import volumes  # noqa: PLC0415 - loads torch

    numbers = AUTOENCODER.settings(request)
    size = (request.planes.depth, *request.image_size)
    shape = volumes.VolumeShape(
        volumes=request.planes.volumes,
        size=size,
        width=int(numbers["width"]),
        code=int(numbers["code"]),
        bounded=True,
    )
    parts = OrderedDict(encoder=volumes.VolumeEncoder(shape), decoder=volumes.VolumeDecoder(shape))
    return nn.Sequential(parts)


AUTOENCODER = Autoencoder(
    id="dcae_3d",
    label="Autoencoder of volumes",
    summary=(
        "Shrinks each cell's volume to a code of 256 numbers and draws it again from it. Meant for "
        "a GPU."
    ),
    takes="volumes",
    build=build,
    options=(("width", 16), ("code", 256)),
)
