"""ResNet3D-18 with the channels as depth: a baseline for many channels."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pxcore.models.model import BuildRequest, Model, settings_of
from pxcore.models.state import load_state

if TYPE_CHECKING:
    from torch import nn

OPTIONS = (("width", 64),)


def build(request: BuildRequest) -> nn.Module:
    """Return torchvision's r3d_18 for stacks of one map a slice, last layer re-made.

    (B, C, H, W) in [0, 1], read as a stack of C slices -> logits (B, K). A slice is mixed with its
    neighbours, so the order of the channels matters to it, and any number of them fits.

    Options: ``width``, maps of the first convolution (64 as published).

    Raises
    ------
    TrainingError
        For unknown options, or weights of another network.

    Source: Tran et al., A closer look at spatiotemporal convolutions for action recognition, CVPR
    2018; a baseline of Abdel Magid et al., MICCAI 2020.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models.resnet_layout import resnet3d_maps  # noqa: PLC0415 - loads torch

    width = int(settings_of(MODEL.id, OPTIONS, request.options)["width"])
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["depth"] = nn.Unflatten(1, (1, request.n_channels))  # (B, 1, C, H, W)
    layers |= resnet3d_maps(width, n_stages=4)
    layers["avgpool"], layers["flatten"] = nn.AdaptiveAvgPool3d(1), nn.Flatten()
    layers["fc"] = nn.Linear(8 * width, request.n_classes)
    network = nn.Sequential(layers)
    if request.weights is not None:
        load_state(network, request.weights, first="stem", last="fc")
    return network


MODEL = Model(
    id="r3d_18",
    label="ResNet3D-18",
    summary=(
        "18 layers of three-dimensional convolutions with the channels as depth, 33 million "
        "weights: slow, and the order of the channels matters. Meant for a GPU."
    ),
    build=build,
    megabytes=180,
    last_map="",
    options=OPTIONS,
    width="width",
    on_processor=(("width", 8),),
    channels="depth",
)
