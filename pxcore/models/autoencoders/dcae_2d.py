"""The published autoencoder of pictures, for any number of channels."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pxcore.models.autoencoders.autoencoder import Autoencoder, AutoencoderRequest

if TYPE_CHECKING:
    from torch import nn


def build(request: AutoencoderRequest) -> nn.Module:
    """Return the network; 5,298,624 parameters for one channel of 80 x 80 pixels.

    Options: ``width``, maps after the first convolution (32); ``code``, numbers in a code (512).

    Raises
    ------
    TrainingError
        For cells with volumes or of fewer than 17 pixels, or unknown settings.

    Source: Zhang et al., Scientific Reports 13, 2023, and its notebooks. The text leaves open what
    follows the decoder's linear layer; ours is a ReLU.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists autoencoders without torch

    from pxcore.models.autoencoders import pictures  # noqa: PLC0415 - loads torch

    numbers = AUTOENCODER.settings(request)
    shape = (
        request.planes.pictures,
        request.image_size,
        int(numbers["width"]),
        int(numbers["code"]),
    )
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["encoder"], parts["decoder"] = pictures.encoder(*shape), pictures.decoder(*shape)
    return nn.Sequential(parts)


AUTOENCODER = Autoencoder(
    id="dcae_2d",
    label="Autoencoder of pictures",
    summary=(
        "Shrinks each cell's pictures to a short code and draws them again from it. For "
        "any number of channels."
    ),
    takes="pictures",
    build=build,
    options=(("width", 32), ("code", 512)),
    last_map="encoder.conv4",
    stages=("encoder.conv2", "encoder.conv3"),
)
