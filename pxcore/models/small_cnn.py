"""A small network that shrinks the picture first: fast on a processor, meant for small cells."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pxcore.models.model import BuildRequest, Model, check_size, settings_of
from pxcore.models.state import load_state

if TYPE_CHECKING:
    from torch import nn

_LAYERS = ((5, 2, 1), (3, 2, 2), (3, 1, 2), (3, 2, 4), (3, 1, 4))
"""(kernel, stride, width in units of the first layer's) of each convolution."""

OPTIONS = (("width", 16), ("dropout", 0.2))


def build(request: BuildRequest) -> nn.Module:
    """Return the network: (B, C, H, W) in [0, 1] -> logits (B, K).

    5x5 stride 2 to 16 channels, 3x3 stride 2 to 32, 3x3, 3x3 stride 2 to 64, 3x3, each followed
    by BatchNorm and ReLU; the mean over the picture, dropout, one linear layer. Every activation
    is a module of its own and is used once, as DeepLift needs it.

    Options: ``width``, channels after the first convolution; ``dropout``, the share dropped.

    Raises
    ------
    TrainingError
        For cells smaller than 8 pixels, unknown options, or weights of another network.
    """
    from torch import nn  # noqa: PLC0415 - the web process lists models without torch

    check_size(MODEL, request.image_size)
    numbers = settings_of("small_cnn", OPTIONS, request.options)
    unit = int(numbers["width"])
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    n_in = request.n_channels
    for position, (kernel, stride, times) in enumerate(_LAYERS, start=1):
        n_out = unit * times
        layers[f"conv{position}"] = nn.Conv2d(
            n_in, n_out, kernel, stride=stride, padding=kernel // 2, bias=False
        )
        layers[f"norm{position}"] = nn.BatchNorm2d(n_out)
        layers[f"relu{position}"] = nn.ReLU(inplace=True)
        n_in = n_out
    layers["mean"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["dropout"] = nn.Dropout(numbers["dropout"])
    layers["head"] = nn.Linear(n_in, request.n_classes)
    network = nn.Sequential(layers)
    if request.weights is not None:
        load_state(network, request.weights, first="conv1", last="head")
    return network


MODEL = Model(
    id="small_cnn",
    label="Small network",
    summary=(
        "Five convolutions that shrink the picture first: fast on a processor. Meant for small "
        "cells."
    ),
    build=build,
    last_map=f"conv{len(_LAYERS)}",
    options=OPTIONS,
    smallest=8,
    width="width",
)
