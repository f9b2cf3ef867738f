"""The loop knows nothing of classes: it trains an autoencoder as it trains a classifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.errors import Cancelled
from pxcore.training import loop
from pxcore.training.device_cells import DeviceCells
from pxcore.training.loop import Control, Training, learn
from pxcore.training.predict import outputs
from pxcore.training.seeding import private_randomness
from pxcore.types import Epoch, TrainingParams
from tests.small_training import CPU


class Reconstruction:
    """Mean squared error between a cell and what the network makes of it; no labels."""

    def __init__(self, n_train: int) -> None:
        self.n_train = n_train

    def order(self, generator: torch.Generator) -> torch.Tensor:
        return torch.randperm(self.n_train, generator=generator)

    def loss(self, model: nn.Module, images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        assert len(images) == len(positions)
        return (model(images) - images).square().mean()

    def judge(
        self, model: nn.Module, valid: DeviceCells, batch_size: int, stop: Callable[[], bool]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        found = outputs(model, valid, batch_size, stop)
        loss = (found - valid.batch(torch.arange(len(valid)))).square().mean()
        return loss, -loss


def build() -> nn.Module:
    """Return a network through a bottleneck, with dropout to need random numbers."""
    with private_randomness(CPU, 3):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.Dropout(0.1), nn.ReLU(), nn.Conv2d(4, 1, 1)
        )


def training() -> Training:
    """Return 64 cells to learn from and 16 to judge by."""
    images = np.random.default_rng(2).integers(0, 255, (80, 1, 8, 8), np.uint8)
    limits = Normaliser(np.zeros(1, np.float32), np.full(1, 255, np.float32))
    source = ArrayCells(images)
    return Training(
        objective=Reconstruction(64),
        train=DeviceCells(source, np.arange(64), limits, CPU),
        valid=DeviceCells(source, np.arange(64, 80), limits, CPU),
        params=TrainingParams(max_epochs=5, batch_size=16, learning_rate=1e-2),
        fingerprint="reconstruction",
    )


def test_an_autoencoder_learns_without_labels() -> None:
    learned = learn(build(), training(), Control(seed=1, device=CPU))
    losses = [epoch.valid_loss for epoch in learned.history]
    assert losses[-1] < 0.7 * losses[0]
    assert [epoch.valid_f1 for epoch in learned.history] == [-loss for loss in losses]


def test_each_epoch_draws_something_new() -> None:
    """With a rate of 0 nothing changes but what is drawn: losses of two epochs must differ."""
    still = training()
    still = dataclasses.replace(
        still, params=TrainingParams(max_epochs=3, learning_rate=0.0, weight_decay=0.0)
    )
    history = learn(build(), still, Control(seed=1, device=CPU)).history
    assert len({epoch.train_loss for epoch in history}) == 3
    assert len({epoch.valid_loss for epoch in history}) == 1


def test_stop_is_asked_before_every_batch_and_keeps_the_last_full_epoch(tmp_path: Path) -> None:
    told: list[Epoch] = []
    asked: list[int] = []

    def stop() -> bool:
        asked.append(len(told))
        return len(told) == 2 and asked.count(2) == 3  # before the third batch of epoch 3

    control = Control(seed=1, device=CPU, folder=tmp_path, tell=told.append, stop=stop)
    with pytest.raises(Cancelled, match="in epoch 3"):
        learn(build(), training(), control)
    assert asked.count(0) == asked.count(1) == 4 + 1  # four training batches, one to judge by
    resumed = learn(build(), training(), Control(seed=1, device=CPU, folder=tmp_path))
    whole = learn(build(), training(), Control(seed=1, device=CPU))
    assert resumed.history[:2] == tuple(told)
    assert all(torch.equal(resumed.weights[name], whole.weights[name]) for name in whole.weights)


@pytest.mark.parametrize("optimiser", ["adamw", "adam_amsgrad"])
def test_each_optimiser_goes_on_where_it_stopped(optimiser: str, tmp_path: Path) -> None:
    """With all it remembers of past gradients; and each is one of its own."""
    asked = training()
    params = dataclasses.replace(asked.params, optimiser=optimiser, weight_decay=0.1)  # type: ignore[arg-type]
    asked = dataclasses.replace(asked, params=params)
    whole = learn(build(), asked, Control(seed=1, device=CPU))
    short = dataclasses.replace(asked, params=dataclasses.replace(params, max_epochs=2))
    learn(build(), short, Control(seed=1, device=CPU, folder=tmp_path))
    again = learn(build(), asked, Control(seed=1, device=CPU, folder=tmp_path))
    assert [epoch.number for epoch in again.history] == [1, 2, 3, 4, 5]
    for name, value in whole.weights.items():
        assert torch.equal(again.weights[name], value)
    oracle = {"adamw": torch.optim.AdamW, "adam_amsgrad": torch.optim.Adam}[optimiser]
    with_amsgrad = {"amsgrad": True} if optimiser == "adam_amsgrad" else {}
    weight = torch.tensor([[2.0]], requires_grad=True)
    model = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(weight)
    ours = loop._optimiser(model, params)
    theirs = oracle([weight], lr=params.learning_rate, weight_decay=0.1, **with_amsgrad)
    for gradient in (3.0, 0.01, -0.5):
        model.weight.grad, weight.grad = torch.tensor([[gradient]]), torch.tensor([[gradient]])
        ours.step()
        theirs.step()
        torch.testing.assert_close(model.weight, weight, rtol=1e-6, atol=0)
