"""Which device computes, how much it may hold, and which way of predicting is fastest on it."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from pxcore.errors import TrainingError
from pxcore.training.host_memory import free_memory


def choose_device(wanted: str = "auto") -> torch.device:
    """Return the device for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    TrainingError
        When this host does not have it.
    """
    n_gpus = torch.cuda.device_count()
    if wanted == "auto":
        return torch.device("cuda:0" if n_gpus else "cpu")
    if wanted == "cpu":
        return torch.device("cpu")
    known = {"cuda": 0} | {f"cuda:{i}": i for i in range(n_gpus)}
    if wanted not in known or not n_gpus:
        there = ", ".join(["cpu", *(f"cuda:{i}" for i in range(n_gpus))])
        message = f"device {wanted!r} is not on this host; it has {there} (or say 'auto')"
        raise TrainingError(message)
    return torch.device("cuda", known[wanted])


def memory_budget(device: torch.device) -> int:
    """Return the bytes that resident cells may take: half of what is free on the device.

    On a processor: of what is free to this process, which a container may limit.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 2
    return free_memory() // 2


def device_name(device: torch.device) -> str:
    """Return the device as people know it, a processor with its number of threads.

    Numbers repeat to the bit on the same kind of processor with as many threads: sums of floats
    follow the order of the parts.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    n_threads = torch.get_num_threads()
    return f"{device.type}, {n_threads} {'thread' if n_threads == 1 else 'threads'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way to run a forward pass."""

    batch_size: int = 256
    channels_last: bool = False
    """Memory order (B, H, W, C) of images and weights; the values stay the same."""
    bfloat16: bool = False
    """Convolutions and products in bfloat16 (8 bits of precision)."""

    def place(self, model: nn.Module) -> nn.Module:
        """Return ``model`` with its weights in this memory order (the module itself)."""
        order = torch.channels_last if self.channels_last else torch.contiguous_format
        for weight in model.parameters():
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=order)
        return model

    def forward(self, model: nn.Module, images: torch.Tensor) -> torch.Tensor:
        """Return ``model(images)`` as float32, for images (B, C, H, W) float32."""
        if self.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bfloat16):
            result: torch.Tensor = model(images)
        return result.float()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A layout as it was measured."""

    layout: Layout
    images_per_second: float
    largest_difference: float
    """In any class probability, against float32 in plain order."""
    agrees: bool
    """Close enough to be used."""


TOLERANCE = 1e-4
"""Largest difference in a class probability between two float32 layouts (order of sums)."""
TOLERANCE_BFLOAT16 = 0.02


def trial(
    model: nn.Module,
    images: torch.Tensor,
    batch_sizes: Sequence[int] = (64, 128, 256, 512),
    *,
    low_precision: bool = False,
    seconds: float = 0.15,
) -> tuple[Layout, tuple[Candidate, ...]]:
    """Return the fastest layout that agrees with plain float32, and everything measured.

    Which one wins depends on the machine: on some processors bfloat16 or channels-last is
    slower. Batch sizes are tried first, then the memory order, then (if ``low_precision``)
    bfloat16. A later one must win by 5 %, so that noise does not decide. ``bfloat16`` is off by
    default: it moves a prediction near a tie, and a ranking should not depend on the machine.

    Parameters
    ----------
    model
        In evaluation mode; it is copied, not changed.
    images
        (n, C, H, W) float32 on the device, a sample of the cells to come. Batches larger than n
        are not tried.
    batch_sizes
        Tried in this order.
    low_precision
        Try bfloat16 too.
    seconds
        Measured for each candidate.
    """
    sizes = sorted({min(size, len(images)) for size in batch_sizes})
    with torch.no_grad():
        expected = Layout().forward(model, images[: sizes[-1]]).softmax(1)
    tried = [_measure(model, images, expected, Layout(batch_size=size), seconds) for size in sizes]
    best = _fastest(tried)
    changes = [{"channels_last": True}] + ([{"bfloat16": True}] if low_precision else [])
    for change in changes:
        candidate = _measure(model, images, expected, replace(best.layout, **change), seconds)
        tried.append(candidate)
        best = _fastest([best, candidate])
    return best.layout, tuple(tried)


def _measure(
    model: nn.Module,
    images: torch.Tensor,
    expected: torch.Tensor,
    layout: Layout,
    seconds: float,
) -> Candidate:
    """Return the rate of one layout and how far its probabilities are from ``expected``."""
    placed = layout.place(copy.deepcopy(model))
    batches = torch.split(images[: len(expected)], layout.batch_size)
    with torch.no_grad():
        found = torch.cat([layout.forward(placed, batch) for batch in batches]).softmax(1)
        difference = float((found - expected).abs().max())
        done, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds:
            layout.forward(placed, batches[0])
            _wait(images.device)
            done += len(batches[0])
    allowed = TOLERANCE_BFLOAT16 if layout.bfloat16 else TOLERANCE
    return Candidate(
        layout=layout,
        images_per_second=done / spent,
        largest_difference=difference,
        agrees=difference <= allowed,
    )


def _fastest(tried: Sequence[Candidate]) -> Candidate:
    """Return the fastest that agrees; a later one must be 5 % faster than an earlier one."""
    best = tried[0]
    for candidate in tried[1:]:
        if candidate.agrees and candidate.images_per_second > 1.05 * best.images_per_second:
            best = candidate
    return best


def _wait(device: torch.device) -> None:
    """Return once the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
