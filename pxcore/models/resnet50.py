"""ResNet50 for any number of channels and classes: a baseline for many channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.models.model import BuildRequest, Model, WeightsFile, published_width, settings_of
from pxcore.models.state import load_state

if TYPE_CHECKING:
    from torch import nn

OPTIONS = (("width", 64),)


def build(request: BuildRequest) -> nn.Module:
    """Return torchvision's ResNet50, first convolution and last layer re-made.

    (B, C, H, W) in [0, 1] -> logits (B, K). Option ``width``: maps of the first convolution, from
    which all others follow; 64 is the published network.

    Raises
    ------
    TrainingError
        For unknown options, or weights of another network.

    Source: He et al., Deep residual learning for image recognition, CVPR 2016; a baseline of Abdel
    Magid et al., MICCAI 2020.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models.resnet_layout import resnet_maps  # noqa: PLC0415 - loads torch

    width = int(settings_of(MODEL.id, OPTIONS, request.options)["width"])
    layers = resnet_maps(request.n_channels, width, "bottleneck", (3, 4, 6, 3))
    layers["avgpool"], layers["flatten"] = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    layers["fc"] = nn.Linear(32 * width, request.n_classes)
    network = nn.Sequential(layers)
    if request.weights is not None:
        load_state(network, request.weights, first="conv1", last="fc")
    return network


MODEL = Model(
    id="resnet50",
    label="ResNet50",
    summary=(
        "50 layers, 24 million weights, optionally starting from ImageNet: a larger network that "
        "sees all channels together. Meant for a GPU."
    ),
    build=build,
    megabytes=130,
    last_map="layer4",
    stages=("layer1",),
    options=OPTIONS,
    width="width",
    on_processor=(("width", 8),),
    imagenet=WeightsFile(
        name="resnet50-0676ba61.pth",
        url="https://download.pytorch.org/models/resnet50-0676ba61.pth",
        sha256_start="0676ba61",
    ),
    variant=published_width,
)
