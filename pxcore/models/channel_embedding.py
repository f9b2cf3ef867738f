"""Channel embedding: one number of each channel, and the class from those numbers alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pxcore.models.model import (
    BuildRequest,
    Model,
    ModelOption,
    Option,
    check_size,
    published_width,
    settings_of,
    words_of,
)
from pxcore.models.resnet18 import IMAGENET
from pxcore.models.state import load_whole_or_part

if TYPE_CHECKING:
    from torch import nn

SMALLEST, SMALLEST_STACK = 16, 32
"""Pixels of a side: below the first the backbone's last stage sees nothing but a border, below
the second the encoder's four poolings leave nothing."""
_HALVINGS = 32
"""Pixels of a side that make one of a map: the backbone halves five times, rounding up."""


def build(request: BuildRequest) -> nn.Module:
    """Return the network: (B, C, H, W) in [0, 1] -> r (B, C) -> logits (B, K).

    Every channel passes the same backbone as a picture of one channel; an encoder makes one number
    of its maps; three linear layers tell the class from the C numbers. 11,589,596 weights for 30
    channels and 3 classes.

    Options: ``width``, maps of the first convolution, from which all others follow (64 as
    published); ``backbone``, ``resnet18`` without its last pooling and layer, or ``r3d``, the
    first stage of r3d_18 with the channels as depth; ``encoders``, one ``shared`` by all channels
    or ``independent`` ones. Weights of a ResNet18 go into the backbone, all but the first
    convolution.

    Raises
    ------
    TrainingError
        For cells smaller than 16 pixels (r3d: 32), unknown options, or weights of another network.

    Source: Abdel Magid et al., Channel embedding for informative protein identification from
    highly multiplexed images, MICCAI 2020, and its code, by which no BatchNorm and no ReLU follow
    the last convolution. We differ: channels are folded into the batch, so that BatchNorm is over
    cells and channels at once, and the last kernel is as large as the maps of these cells (7 for
    224 pixels).
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models import embedding_parts as parts  # noqa: PLC0415 - loads torch
    from pxcore.models.resnet_layout import resnet3d_maps, resnet_maps  # noqa: PLC0415

    words, numbers = words_of(MODEL, request.options)
    names = tuple(one.name for one in MODEL.words)
    width = int(settings_of(MODEL.id, MODEL.options, numbers, names)["width"])
    stack = words["backbone"] == "r3d"
    check_size(MODEL.as_built(request.options), request.image_size)
    height, wide = request.image_size
    n_encoders = 1 if words["encoders"] == "shared" else request.n_channels
    if stack:
        backbone = nn.Sequential(resnet3d_maps(width, n_stages=1))
        kernel = ((height + 1) // 2 // 16, (wide + 1) // 2 // 16)
        encoders = [parts.pooled_encoder(width, kernel) for _ in range(n_encoders)]
    else:
        backbone = nn.Sequential(resnet_maps(1, width, "basic", (2, 2, 2, 2)))
        kernel = (-(-height // _HALVINGS), -(-wide // _HALVINGS))
        encoders = [parts.flat_encoder(8 * width, width, kernel) for _ in range(n_encoders)]
    shape = (request.n_channels, request.n_classes)
    network = parts.ChannelEmbedding(backbone, encoders, shape, alone=not stack)
    if request.weights is not None:
        load_whole_or_part(network, request.weights, "backbone", last="classifier")
    return network


def variant(model: Model, options: tuple[Option, ...]) -> Model:
    """Return the entry of the network that these settings make."""
    words, _ = words_of(model, options)
    if words["backbone"] == "r3d":
        return replace(model, channels="depth", last_map="", imagenet=None, smallest=SMALLEST_STACK)
    return published_width(model, options)


MODEL = Model(
    id="channel_embedding",
    label="Channel embedding",
    summary=(
        "Makes one number of each channel and tells the class from those numbers: made for ranking "
        "30 to 100 channels. Meant for a GPU; width 8 trains on a processor."
    ),
    build=build,
    megabytes=62,
    last_map="backbone.layer4",
    options=(("width", 64),),
    smallest=SMALLEST,
    words=(
        ModelOption(
            name="backbone",
            choices=("resnet18", "r3d"),
            summary="what looks at a channel: ResNet18, each channel alone, or the first stage of "
            "r3d_18, channels as depth",
        ),
        ModelOption(
            name="encoders",
            choices=("shared", "independent"),
            summary="one encoder for all channels, or one for each",
        ),
    ),
    width="width",
    on_processor=(("width", 8),),
    channels="alone",
    embedding=True,
    imagenet=IMAGENET,
    variant=variant,
)
