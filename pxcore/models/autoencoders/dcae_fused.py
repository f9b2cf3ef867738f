"""The published autoencoder of pictures and volumes of the same cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.models.autoencoders.autoencoder import Autoencoder, AutoencoderRequest

if TYPE_CHECKING:
    from torch import nn


def build(request: AutoencoderRequest) -> nn.Module:
    """Return both branches side by side; 22,281,345 parameters for one picture and one volume.

    That is at 80 x 80 pixels and 80 slices. The codes of both are joined (1,024 numbers). Options:
    ``width``, maps after the first convolution of pictures (32); ``volume_width``, of volumes
    (16); ``code``, numbers in the code of each (512).

    Raises
    ------
    TrainingError
        For cells without pictures or without volumes, too small ones, or unknown settings.

    Source: Zhang et al., Scientific Reports 13, 2023, and its notebooks: the code of volumes has
    neither BatchNorm nor ReLU here. Ours takes any number of pictures and volumes.
    """
    from pxcore.models.autoencoders import fused, pictures, volumes  # noqa: PLC0415 - torch

    numbers = AUTOENCODER.settings(request)
    size = (request.planes.depth, *request.image_size)
    code = int(numbers["code"])
    shape = volumes.VolumeShape(
        volumes=request.planes.volumes,
        size=size,
        width=int(numbers["volume_width"]),
        code=code,
        bounded=False,
    )
    n, width = request.planes.pictures, int(numbers["width"])
    return fused.joined(
        (pictures.encoder(n, request.image_size, width, code), volumes.VolumeEncoder(shape)),
        (pictures.decoder(n, request.image_size, width, code), volumes.VolumeDecoder(shape)),
        n,
        code,
    )


AUTOENCODER = Autoencoder(
    id="dcae_fused",
    label="Autoencoder of pictures and volumes",
    summary=(
        "Two autoencoders side by side, for cells that have pictures and a volume; their codes are "
        "joined. Meant for a GPU."
    ),
    takes="both",
    build=build,
    options=(("width", 32), ("volume_width", 16), ("code", 512)),
    last_map="encoder.pictures.conv4",
    stages=("encoder.pictures.conv2", "encoder.pictures.conv3"),
)
