"""ResNet18 for any number of channels and classes: the published network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxcore.models.model import BuildRequest, Model, WeightsFile, settings_of
from pxcore.models.state import load_state

if TYPE_CHECKING:
    from torch import nn

IMAGENET = WeightsFile(
    name="resnet18-f37072fd.pth",
    url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
    sha256_start="f37072fd",
)


def build(request: BuildRequest) -> nn.Module:
    """Return torchvision's ResNet18, first convolution and last layer re-made.

    (B, C, H, W) in [0, 1] -> logits (B, K). The re-made layers start at random, also for three
    channels: a stain is not red, green or blue.

    Raises
    ------
    TrainingError
        For unknown options, or weights of another network.

    Source: He et al., Deep residual learning for image recognition, CVPR 2016; re-made as in
    Shetab Boushehri et al. 2024.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    from pxcore.models.vision import torchvision_models  # noqa: PLC0415

    settings_of("resnet18", (), request.options)
    network: nn.Module = torchvision_models().resnet18(weights=None, num_classes=request.n_classes)
    network.conv1 = nn.Conv2d(
        request.n_channels, 64, kernel_size=7, stride=2, padding=3, bias=False
    )
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    if request.weights is not None:
        load_state(network, request.weights, first="conv1", last="fc")
    return network


MODEL = Model(
    id="resnet18",
    label="ResNet18",
    summary=(
        "The network of the PXPermute paper: 18 layers, 11 million weights, optionally starting "
        "from ImageNet. Meant for a GPU; on a processor many times slower than the small one."
    ),
    build=build,
    megabytes=60,
    last_map="layer4",
    stages=("layer1",),
    imagenet=IMAGENET,
)
