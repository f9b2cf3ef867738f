"""Encoder and decoder of stacks of pictures: strided convolutions and their mirror image."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

LAYERS = ((5, 2, 1), (5, 2, 2), (5, 2, 4), (3, 0, 8))
"""(kernel, padding, width in units of the first layer's) of each convolution; stride 2."""
_STRIDE = 2


def sizes(length: int) -> tuple[int, ...]:
    """Return the pixels of a row before and after each convolution.

    >>> sizes(80)
    (80, 40, 20, 10, 4)
    """
    found = [length]
    for kernel, padding, _ in LAYERS:
        found.append((found[-1] + 2 * padding - kernel) // _STRIDE + 1)
    return tuple(found)


def encoder(n_channels: int, image_size: tuple[int, int], width: int, code: int) -> nn.Sequential:
    """Return (B, C, H, W) -> (B, code).

    Three times 5x5 stride 2, ReLU, BatchNorm, then 3x3 stride 2, ReLU, and one linear layer
    without anything after it; no convolution and no linear layer has a bias.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    n_in = n_channels
    for number, (kernel, padding, times) in enumerate(LAYERS, start=1):
        n_out = width * times
        layers[f"conv{number}"] = nn.Conv2d(
            n_in, n_out, kernel, stride=_STRIDE, padding=padding, bias=False
        )
        layers[f"relu{number}"] = nn.ReLU()
        if number < len(LAYERS):
            layers[f"norm{number}"] = nn.BatchNorm2d(n_out)
        n_in = n_out
    layers["flatten"] = nn.Flatten()
    layers["code"] = nn.Linear(_flat(image_size, width), code, bias=False)
    return nn.Sequential(layers)


def decoder(n_channels: int, image_size: tuple[int, int], width: int, code: int) -> nn.Sequential:
    """Return (B, code) -> (B, C, H, W), not negative: the encoder backwards.

    Transposed convolutions with an output padding of 1 where a stage began with an even number of
    pixels, which makes rows and columns come out as they went in.
    """
    rows, columns = sizes(image_size[0]), sizes(image_size[1])
    last = LAYERS[-1][2] * width
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["code"] = nn.Linear(code, _flat(image_size, width), bias=False)
    layers["relu"] = nn.ReLU()
    layers["unflatten"] = nn.Unflatten(1, (last, rows[-1], columns[-1]))
    for stage in reversed(range(len(LAYERS))):
        kernel, padding, times = LAYERS[stage]
        n_out = width * LAYERS[stage - 1][2] if stage else n_channels
        layers[f"conv{stage + 1}"] = nn.ConvTranspose2d(
            width * times,
            n_out,
            kernel,
            stride=_STRIDE,
            padding=padding,
            output_padding=(1 - rows[stage] % 2, 1 - columns[stage] % 2),
            bias=False,
        )
        layers[f"relu{stage + 1}"] = nn.ReLU()
        if stage:
            layers[f"norm{stage + 1}"] = nn.BatchNorm2d(n_out)
    return nn.Sequential(layers)


def _flat(image_size: tuple[int, int], width: int) -> int:
    """Return the numbers that the last convolution puts out."""
    return LAYERS[-1][2] * width * sizes(image_size[0])[-1] * sizes(image_size[1])[-1]
