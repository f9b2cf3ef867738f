"""What a training aims at: which cells it sees, its loss, and how an epoch is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from pxcore.training.device_cells import DeviceCells
from pxcore.training.metrics import confusion, f1_macro
from pxcore.training.predict import outputs
from pxcore.types import Array


class Objective(Protocol):
    """All the loop must know about a task; positions are rows of the training cells."""

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """Return the positions (n,) int64 one epoch goes through; n is the same every time."""
        ...

    def loss(self, model: nn.Module, images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar, of images (B, C, H, W) of these training cells."""
        ...

    def judge(
        self, model: nn.Module, valid: DeviceCells, batch_size: int, stop: Callable[[], bool]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return loss and score (larger is better), two scalars, on the validation cells."""
        ...


class Classification:
    """Cross-entropy against class labels, judged by F1-macro.

    Parameters
    ----------
    train_labels, valid_labels
        (n,) class numbers from 0 to ``n_classes`` - 1.
    balance
        ``oversample``: an epoch shows every class as often as the largest: all its cells the same
        number of times, and a random choice of them once more. ``weights``: the loss of a cell
        counts by 1 / sqrt(training cells of its class), scaled to a mean of 1 over classes.
        ``none``: as they are. A class without training cells plays no part.
    device
        Where the cells are.
    """

    def __init__(
        self,
        train_labels: Array,
        valid_labels: Array,
        n_classes: int,
        balance: Literal["none", "oversample", "weights"],
        device: torch.device,
    ) -> None:
        self._labels = torch.tensor(train_labels, dtype=torch.int64, device=device)
        self._valid_labels = torch.tensor(valid_labels, dtype=torch.int64, device=device)
        self._n_classes = n_classes
        self._oversample = balance == "oversample"
        counts = np.bincount(train_labels, minlength=n_classes)
        self._largest = int(counts.max())
        self._members = [
            torch.tensor(np.flatnonzero(train_labels == k), device=device)
            for k in np.flatnonzero(counts)
        ]
        weights = np.where(counts > 0, 1 / np.sqrt(np.maximum(counts, 1)), 0.0)
        weights = weights / weights[counts > 0].mean() if balance == "weights" else counts * 0 + 1
        self._weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """Return training positions in random order, small classes repeated if asked for."""
        positions = torch.arange(len(self._labels), device=self._labels.device)
        if self._oversample:
            positions = torch.cat([self._repeated(cells, generator) for cells in self._members])
        return positions[
            torch.randperm(len(positions), generator=generator, device=generator.device)
        ]

    def loss(self, model: nn.Module, images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean cross-entropy of a batch."""
        return functional.cross_entropy(model(images), self._labels[positions], self._weights)

    def judge(
        self, model: nn.Module, valid: DeviceCells, batch_size: int, stop: Callable[[], bool]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean cross-entropy (every cell counts the same) and F1-macro."""
        logits = outputs(model, valid, batch_size, stop)  # (n, K)
        counts = confusion(self._valid_labels, logits.argmax(1), self._n_classes)
        return functional.cross_entropy(logits, self._valid_labels), f1_macro(counts)

    def _repeated(self, cells: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return a class's positions as many times as the largest class has cells."""
        whole, rest = divmod(self._largest, len(cells))
        chosen = torch.randperm(len(cells), generator=generator, device=cells.device)[:rest]
        return torch.cat([cells.repeat(whole), cells[chosen]])
