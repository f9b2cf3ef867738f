"""Prediction: modes are restored, batches do not matter, weights must fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import Cancelled, TrainingError
from pxcore.models import MODELS, BuildRequest
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import evaluating, outputs, predict, restore
from pxcore.training.seeding import derive, generator, private_randomness

CPU = torch.device("cpu")


def build(n_classes: int = 3) -> nn.Module:
    """Return a small network for two channels of 16 pixels."""
    request = BuildRequest(n_channels=2, n_classes=n_classes, image_size=(16, 16))
    return MODELS["small_cnn"].build(request)


def cells(n: int = 21) -> DeviceCells:
    """Return random cells."""
    images = np.random.default_rng(0).integers(0, 255, (n, 2, 16, 16), np.uint8)
    limits = Normaliser(np.zeros(2, np.float32), np.full(2, 255, np.float32))
    return DeviceCells(ArrayCells(images), np.arange(n), limits, CPU)


def test_evaluating_restores_every_mode_even_after_an_error() -> None:
    model = build().train()
    frozen_part = model.get_submodule("norm2")
    frozen_part.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    def fail_inside() -> None:
        with evaluating(model) as shown:
            assert not any(module.training for module in shown.modules())
            assert not torch.is_grad_enabled()
            shown(torch.rand(4, 2, 16, 16))
            message = "a defect"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="a defect"):
        fail_inside()
    assert torch.is_grad_enabled()
    assert model.training
    assert model.get_submodule("norm3").training
    assert not frozen_part.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_cell_is_judged_alone_whatever_its_batch() -> None:
    model, held = build().train(), cells()
    one = predict(model, held, batch_size=1)
    np.testing.assert_allclose(predict(model, held, batch_size=8), one, atol=1e-6)
    np.testing.assert_allclose(predict(model, held, batch_size=100), one, atol=1e-6)
    assert one.shape == (21, 3)
    assert one.dtype == np.float32
    np.testing.assert_allclose(one.sum(1), 1, atol=1e-6)
    logits = outputs(model, held, 100)
    np.testing.assert_allclose(logits.softmax(1).numpy(), one, atol=1e-6)


def test_stop_is_asked_before_each_batch() -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        predict(build(), cells(), batch_size=8, stop=lambda: next(answers))


def test_restore_gives_the_same_network_and_moves_nothing_outside() -> None:
    model, held = build(), cells()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    again = restore(build, weights, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(predict(again, held, 8), predict(model, held, 8))
    assert not again.training
    assert not any(weight.requires_grad for weight in again.parameters())
    again.get_parameter("head.bias").fill_(9.0)
    assert not np.any(weights["head.bias"] == 9.0)
    with pytest.raises(TrainingError, match="do not fit"):
        restore(lambda: build(n_classes=4), weights, CPU)


def test_private_randomness_repeats_and_hides() -> None:
    state = torch.get_rng_state()
    with private_randomness(CPU, 5, 1):
        first = torch.rand(3)
    with private_randomness(CPU, 5, 1):
        again = torch.rand(3)
    with private_randomness(CPU, 5, 2):
        other = torch.rand(3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    drawn = [torch.rand(3, generator=generator(CPU, 5, part)) for part in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_derived_seeds_differ_by_seed_and_purpose() -> None:
    seeds = {derive(seed, *parts) for seed in range(20) for parts in [(), (0,), (1,), (0, 1)]}
    assert len(seeds) == 80
    assert all(0 <= seed < 2**63 for seed in seeds)
