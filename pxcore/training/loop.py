"""THE training loop. Every model and every objective goes through it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from pxcore.errors import Cancelled, TrainingError
from pxcore.training import checkpoint
from pxcore.training.augment import augment
from pxcore.training.checkpoint import Checkpoint, State
from pxcore.training.device_cells import DeviceCells
from pxcore.training.objective import Objective
from pxcore.training.schedules import finished, kept, learning_rate
from pxcore.training.seeding import generator, private_randomness
from pxcore.types import Epoch, TrainingParams

_DRAWS, _MODULES = 1, 2
"""Purposes of random numbers in an epoch: ours (order, augmentation), the modules' (dropout)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How a training is steered from outside."""

    seed: int
    device: torch.device
    folder: Path | None = None
    """Where checkpoints go, one folder a training; None for none."""
    tell: Callable[[Epoch], None] = lambda _epoch: None
    """Called after every epoch; after a restart first with those the checkpoint holds."""
    stop: Callable[[], bool] = lambda: False
    """Asked before every batch; True ends the training with Cancelled."""
    budget_bytes: int | None = None
    """Device memory the cells of one part may take; None for half of what is free."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """What is to be learned, from which cells, how."""

    objective: Objective
    train: DeviceCells
    valid: DeviceCells
    params: TrainingParams
    fingerprint: str = ""
    """Of everything the result depends on: only a checkpoint with the same one is continued."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """The kept epoch's weights and all epochs."""

    weights: State
    history: tuple[Epoch, ...]


def learn(model: nn.Module, training: Training, control: Control) -> Learned:
    """Return the weights of the epoch to keep, by default the one judged best.

    ``model`` is trained in place, on ``control.device``. What an epoch draws depends on the seed
    and its number alone, so a continued training ends bit for bit where an undisturbed one does
    (on the same kind of processor and number of threads).

    Raises
    ------
    Cancelled
        When ``control.stop`` says so. The checkpoint of the last full epoch stays.
    TrainingError
        When the loss is no longer a number.
    torch.OutOfMemoryError
        Left to the caller, who may try a smaller batch.
    """
    params = training.params
    optimiser = _optimiser(model, params)
    history, best = _resume(model, optimiser, training, control)
    while not finished(params, history):
        number, started = len(history) + 1, time.perf_counter()
        with private_randomness(control.device, control.seed, _MODULES, number):
            loss, rate = _epoch(model, optimiser, training, control, history)
        judged = training.objective.judge(model, training.valid, params.batch_size, control.stop)
        train_loss, valid_loss, score = torch.stack([loss, *judged]).tolist()
        _check(number, train_loss, valid_loss, score)
        epoch = Epoch(
            number=number,
            train_loss=train_loss,
            valid_loss=valid_loss,
            valid_f1=score,
            learning_rate=rate,
            seconds=time.perf_counter() - started,
        )
        history = (*history, epoch)
        if kept(params, history) is epoch:
            best = {name: value.clone() for name, value in model.state_dict().items()}
        if control.folder is not None:
            state = Checkpoint(
                history=history,
                model=model.state_dict(),
                best=best,
                optimiser=checkpoint.optimiser_state(optimiser),
            )
            checkpoint.save(control.folder, state, training.fingerprint)
        control.tell(epoch)
    return Learned(weights=best, history=history)


def _optimiser(model: nn.Module, params: TrainingParams) -> torch.optim.Optimizer:
    """Return the optimiser of a model's weights; the loop sets its learning rate."""
    weights, rate, decay = model.parameters(), params.learning_rate, params.weight_decay
    if params.optimiser == "adam_amsgrad":
        return torch.optim.Adam(weights, lr=rate, weight_decay=decay, amsgrad=True, fused=True)
    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay, fused=True)


def _epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    training: Training,
    control: Control,
    history: tuple[Epoch, ...],
) -> tuple[torch.Tensor, float]:
    """Go through the training cells once; return the mean loss (on the device) and last rate."""
    params = training.params
    model.train()
    draws = generator(control.device, control.seed, _DRAWS, len(history) + 1)
    order = training.objective.order(draws)  # (n,)
    # Batches of nearly the same size: a last one of a few cells would upset BatchNorm.
    batches = torch.tensor_split(order, math.ceil(len(order) / params.batch_size))
    total = torch.zeros((), dtype=torch.float64, device=control.device)
    rate = 0.0
    for step, positions in enumerate(batches):
        if control.stop():
            message = f"training was asked to stop in epoch {len(history) + 1}"
            raise Cancelled(message)
        rate = learning_rate(params, history, step, len(batches))
        for group in optimiser.param_groups:
            group["lr"] = rate
        images = training.train.batch(positions)  # (B, C, H, W)
        images = augment(
            images, flips=params.flips, crop=params.crop, noise=params.noise, generator=draws
        )
        loss = training.objective.loss(model, images, positions)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += loss.detach() * len(positions)  # stays on the device: no waiting in the loop
    return total / len(order), rate


def _resume(
    model: nn.Module, optimiser: torch.optim.Optimizer, training: Training, control: Control
) -> tuple[tuple[Epoch, ...], State]:
    """Return the history and best weights to go on from, the rest put in its place."""
    found = None
    if control.folder is not None:
        found = checkpoint.load(control.folder, training.fingerprint, control.device)
    if found is None:
        return (), {}
    model.load_state_dict(found.model)
    checkpoint.restore_optimiser(optimiser, found.optimiser)
    for epoch in found.history:
        control.tell(epoch)
    return found.history, found.best


def _check(number: int, train_loss: float, valid_loss: float, score: float) -> None:
    """Refuse to go on from weights that are no longer numbers."""
    if not all(map(math.isfinite, (train_loss, valid_loss, score))):
        message = (
            f"training broke down in epoch {number}: training loss {train_loss}, validation loss "
            f"{valid_loss}; expected finite numbers; lower the learning rate"
        )
        raise TrainingError(message)
