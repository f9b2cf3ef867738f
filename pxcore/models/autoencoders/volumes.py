"""Encoder and decoder of volumes: 3D convolutions with pooling, and enlarging back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

TIMES = (1, 2, 4, 8)
"""Width of each convolution in units of the first one's."""
Size = tuple[int, int, int]
"""(D, H, W)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeShape:
    """What a branch for volumes is built for."""

    volumes: int
    size: Size
    width: int
    code: int
    bounded: bool
    """BatchNorm and ReLU after the code, as the network of volumes alone has; the fused one has
    neither."""

    def stages(self) -> tuple[Size, ...]:
        """Return the size before and after each pooling."""
        d, h, w = self.size
        return tuple((d >> step, h >> step, w >> step) for step in range(len(TIMES) + 1))

    @property
    def flat(self) -> int:
        """Numbers that the last pooling puts out."""
        d, h, w = self.stages()[-1]
        return TIMES[-1] * self.width * d * h * w


class VolumeEncoder(nn.Sequential):
    """(B, V·D, H, W) planes -> (B, code).

    Four times a weight-normed 3x3x3 convolution, ReLU, pooling by 2 and, but for the last,
    BatchNorm; then one linear layer, with BatchNorm and ReLU where the code is bounded.
    """

    def __init__(self, shape: VolumeShape) -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["stack"] = nn.Unflatten(1, (shape.volumes, shape.size[0]))  # (B, V, D, H, W)
        n_in = shape.volumes
        for number, times in enumerate(TIMES, start=1):
            n_out = shape.width * times
            layers[f"conv{number}"] = weight_norm(nn.Conv3d(n_in, n_out, 3, padding=1))
            layers[f"relu{number}"] = nn.ReLU()
            layers[f"pool{number}"] = nn.MaxPool3d(2)
            if number < len(TIMES):
                layers[f"norm{number}"] = nn.BatchNorm3d(n_out)
            n_in = n_out
        layers["flatten"] = nn.Flatten()
        layers["code"] = nn.Linear(shape.flat, shape.code)
        if shape.bounded:
            layers["code_norm"] = nn.BatchNorm1d(shape.code)
            layers["code_relu"] = nn.ReLU()
        super().__init__(layers)


class VolumeDecoder(nn.Module):
    """(B, code) -> (B, V·D, H, W) planes, not negative.

    One linear layer; enlarged twice, convolution; enlarged, convolution; enlarged, convolution;
    a 1x1x1 convolution and ReLU. Each enlarging (trilinear) goes to the size that the encoder had
    there, which is twice as large except where a pooling dropped an odd row.
    """

    def __init__(self, shape: VolumeShape) -> None:
        super().__init__()
        self._stages = shape.stages()
        width = shape.width
        self.code = nn.Linear(shape.code, shape.flat)
        self.unflatten = nn.Unflatten(1, (TIMES[-1] * width, *self._stages[-1]))
        self.conv3 = _convolution(8 * width, 4 * width)
        self.conv2 = _convolution(4 * width, 2 * width)
        self.conv1 = _convolution(2 * width, width)
        self.last = nn.Conv3d(width, shape.volumes, 1)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the planes of every cell."""
        maps = self.unflatten(self.code(codes))  # (B, 8w, D/16, H/16, W/16)
        maps = self.conv3(_enlarged(_enlarged(maps, self._stages[3]), self._stages[2]))
        maps = self.conv2(_enlarged(maps, self._stages[1]))
        maps = self.conv1(_enlarged(maps, self._stages[0]))
        return functional.relu(self.last(maps)).flatten(1, 2)  # (B, V·D, H, W)


def _convolution(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        weight_norm(nn.Conv3d(n_in, n_out, 3, padding=1)), nn.ReLU(), nn.BatchNorm3d(n_out)
    )


def _enlarged(maps: torch.Tensor, size: Size) -> torch.Tensor:
    return functional.interpolate(maps, size=size, mode="trilinear", align_corners=False)
