"""Batches from the device equal what the source and the normaliser say, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pxcore.data import normalise
from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.training.device_cells import DeviceCells
from pxcore.types import Array

CPU = torch.device("cpu")
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]


def pixels(dtype: str, n: int = 40, n_channels: int = 4) -> Array:
    """Return (n, C, 6, 5) with the largest and smallest values of the type among them."""
    generator = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        return generator.normal(50, 30, (n, n_channels, 6, 5)).astype(dtype)
    info = np.iinfo(dtype)
    images = generator.integers(info.min, info.max, (n, n_channels, 6, 5), dtype, endpoint=True)
    images[0, 0, 0, :2] = info.min, info.max
    images[:, 2] = 7  # a constant channel
    return images


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("budget", [0, 10**9])
def test_batch_equals_the_normaliser(dtype: str, budget: int) -> None:
    images = pixels(dtype)
    cells = np.arange(3, 37, 2)
    channels = (3, 0, 2)
    source = ArrayCells(images)
    fitted = normalise.fit(source, cells, 1, 99).take(channels)
    held = DeviceCells(source, cells, fitted, CPU, channels, budget)
    assert held.resident == (budget > 0)
    positions = torch.tensor([4, 0, 16, 4])
    expected = fitted.apply(images[cells[positions.numpy()]][:, channels])
    found = held.batch(positions)
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found.numpy(), expected)
    for channel in range(3):
        plane = held.channel(channel, positions)
        np.testing.assert_array_equal(plane.numpy(), expected[:, channel])


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("budget", [0, 10**9])
def test_what_comes_back_may_be_written_into(dtype: str, budget: int) -> None:
    images = pixels(dtype)
    source = ArrayCells(images)
    before = images.copy()
    limits = Normaliser(np.zeros(4, np.float32), np.ones(4, np.float32))
    held = DeviceCells(source, np.arange(40), limits, CPU, None, budget)
    rows = torch.arange(40)
    first = held.batch(rows)
    kept = first.clone()
    first.fill_(9.0)
    held.channel(1, rows).fill_(9.0)
    torch.testing.assert_close(held.batch(rows), kept, rtol=0, atol=0)
    np.testing.assert_array_equal(images, before)


def test_filling_reads_in_blocks_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pxcore.training.device_cells._READ", 7)
    images = pixels("uint16")
    limits = Normaliser(np.zeros(4, np.float32), np.full(4, 65535, np.float32))
    held = DeviceCells(ArrayCells(images), np.arange(40)[::-1], limits, CPU, None, 10**9)
    np.testing.assert_array_equal(held.batch(torch.arange(40)).numpy(), limits.apply(images[::-1]))


def test_sixteen_bits_stay_sixteen_bits() -> None:
    images = pixels("uint16")
    limits = Normaliser(np.zeros(4, np.float32), np.ones(4, np.float32))
    fits = DeviceCells(ArrayCells(images), np.arange(40), limits, CPU, None, images.nbytes)
    assert fits.resident
    below = DeviceCells(ArrayCells(images), np.arange(40), limits, CPU, None, images.nbytes - 1)
    assert not below.resident


def test_refuses_a_normaliser_of_other_channels() -> None:
    limits = Normaliser(np.zeros(4, np.float32), np.ones(4, np.float32))
    with pytest.raises(ValueError, match="4 channels; 2 were asked for"):
        DeviceCells(ArrayCells(pixels("uint8")), np.arange(40), limits, CPU, (0, 1))
