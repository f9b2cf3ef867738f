"""One network for every channel by itself; what they say of the class is averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.models.model import (
    BuildRequest,
    Model,
    check_size,
    published_width,
    settings_of,
)
from pxcore.models.resnet18 import IMAGENET
from pxcore.models.state import load_whole_or_part

if TYPE_CHECKING:
    from torch import nn

OPTIONS = (("width", 64),)


def build(request: BuildRequest) -> nn.Module:
    """Return the network: (B, C, H, W) in [0, 1] -> logits (B, K), the mean over channels.

    A ResNet18 for pictures of one channel, the same for all: it is not told which channel it sees,
    so what one pattern means in CD3 it means in CD19.

    Options: ``width``, maps of the first convolution (64 as published).

    Raises
    ------
    TrainingError
        For cells smaller than 16 pixels, unknown options, or weights of another network.

    Source: the baseline "BSN" of Abdel Magid et al., MICCAI 2020, whose network is not described;
    ours is a shared ResNet18 whose logits are averaged.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models.one_by_one import OneByOne  # noqa: PLC0415 - loads torch
    from pxcore.models.resnet_layout import resnet_maps  # noqa: PLC0415

    check_size(MODEL, request.image_size)
    width = int(settings_of(MODEL.id, OPTIONS, request.options)["width"])
    layers = resnet_maps(1, width, "basic", (2, 2, 2, 2))
    layers["avgpool"], layers["flatten"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    layers["fc"] = nn.Linear(8 * width, request.n_classes)
    network = OneByOne(nn.Sequential(layers), request.n_channels)
    if request.weights is not None:
        load_whole_or_part(network, request.weights, "single", last="single.fc")
    return network


MODEL = Model(
    id="bsn",
    label="One channel at a time",
    summary=(
        "A ResNet18 classifies every channel by itself and the answers are averaged: it does not "
        "know which channel it sees. A baseline for many channels."
    ),
    build=build,
    megabytes=60,
    last_map="single.layer4",
    options=OPTIONS,
    smallest=16,
    width="width",
    on_processor=(("width", 8),),
    channels="alone",
    imagenet=IMAGENET,
    variant=published_width,
)
