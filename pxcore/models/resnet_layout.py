"""The layers of a ResNet at any width, under torchvision's names, so that its weights fit."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from torch import nn

from pxcore.models.vision import torchvision_models, torchvision_videos

Depths = tuple[int, int, int, int]
"""Residual blocks in each of the four stages."""


def resnet_maps(
    n_channels: int, width: int, block: Literal["basic", "bottleneck"], depths: Depths
) -> OrderedDict[str, nn.Module]:
    """Return the layers (B, C, H, W) -> (B, F, ⌈H/32⌉, ⌈W/32⌉), named as torchvision has them.

    F is 8 times the width, with bottlenecks 32 times; 64 is torchvision's width. Convolutions
    start as there (He, by what goes out), also the first, whatever its channels.

    Source: He et al., Deep residual learning for image recognition, CVPR 2016, table 1.
    """
    resnet = torchvision_models().resnet
    kind = resnet.BasicBlock if block == "basic" else resnet.Bottleneck
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(n_channels, width, 7, stride=2, padding=3, bias=False)
    layers["bn1"] = nn.BatchNorm2d(width)
    layers["relu"] = nn.ReLU(inplace=True)
    layers["maxpool"] = nn.MaxPool2d(3, stride=2, padding=1)
    n_in = width
    for stage, depth in enumerate(depths):
        planes, blocks = width * 2**stage, []
        n_out = planes * kind.expansion
        for number in range(depth):
            stride = 2 if stage and not number else 1
            shortcut = None
            if stride > 1 or n_in != n_out:
                shortcut = nn.Sequential(
                    nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
                )
            blocks.append(kind(n_in, planes, stride, shortcut))
            n_in = n_out
        layers[f"layer{stage + 1}"] = nn.Sequential(*blocks)
    start(layers)
    return layers


def resnet3d_maps(width: int, n_stages: int) -> OrderedDict[str, nn.Module]:
    """Return the layers (B, 1, D, H, W) -> (B, F, D', H', W') of the first stages of r3d_18.

    Named as torchvision has them. The first convolution halves rows and columns, not depth; every
    stage after the first halves all three, rounded up. One map comes in, not three colours.

    Source: Tran et al., A closer look at spatiotemporal convolutions, CVPR 2018 (R3D).
    """
    video = torchvision_videos()
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["stem"] = nn.Sequential(
        nn.Conv3d(1, width, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(inplace=True),
    )
    n_in = width
    for stage in range(n_stages):
        n_out = width * 2**stage
        shortcut = None
        if stage:
            shortcut = nn.Sequential(
                nn.Conv3d(n_in, n_out, 1, stride=2, bias=False), nn.BatchNorm3d(n_out)
            )
        layers[f"layer{stage + 1}"] = nn.Sequential(
            video.BasicBlock(n_in, n_out, video.Conv3DSimple, 2 if stage else 1, shortcut),
            video.BasicBlock(n_out, n_out, video.Conv3DSimple),
        )
        n_in = n_out
    start(layers)
    return layers


def start(layers: OrderedDict[str, nn.Module]) -> None:
    """Draw the first weights of convolutions from torch's generator, as torchvision does."""
    for layer in layers.values():
        for part in layer.modules():
            if isinstance(part, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
