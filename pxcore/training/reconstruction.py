"""What an autoencoder aims at: to draw each cell again from its code."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from pxcore.errors import TrainingError
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import outputs
from pxcore.types.unlabelled import Planes


class Reconstruction:
    """Mean squared error of what is drawn again, judged by the same on validation cells.

    ::

        pictures or volumes alone    MSE
        both                         w1 · MSE of the pictures + (1 - w1) · MSE of the volumes

    The score of an epoch is minus its validation loss, so that larger is better.

    Source: Zhang et al., Scientific Reports 13, 2023 (w1 = 0.99 in their notebooks).

    Parameters
    ----------
    n_cells
        Training cells.
    planes
        How the planes of a cell are pictures and slices.
    picture_weight
        w1, from 0 to 1.

    Raises
    ------
    TrainingError
        When w1 lies outside.
    """

    def __init__(self, n_cells: int, planes: Planes, picture_weight: float = 0.99) -> None:
        if not 0.0 <= picture_weight <= 1.0:
            message = f"the weight of pictures is {picture_weight}; give a number from 0 to 1"
            raise TrainingError(message)
        self._n_cells = n_cells
        self._n_pictures, self._n_planes = planes.pictures, planes.count
        self._weight = picture_weight

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """Return all training positions in random order."""
        return torch.randperm(self._n_cells, generator=generator, device=generator.device)

    def loss(self, model: nn.Module, images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the mean error of a batch (B, P, H, W)."""
        del positions
        return self.errors(model(images), images).mean()

    def judge(
        self, model: nn.Module, valid: DeviceCells, batch_size: int, stop: Callable[[], bool]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean error over validation cells, and minus that."""
        loss = outputs(PerCell(model, self.errors), valid, batch_size, stop).mean()
        return loss, -loss

    def errors(self, drawn: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Return (B,) the error of each cell."""
        squared = (drawn - images).square()  # (B, P, H, W)
        if self._n_pictures in (0, self._n_planes):
            return squared.mean(dim=(1, 2, 3))
        pictures = squared[:, : self._n_pictures].mean(dim=(1, 2, 3))
        volumes = squared[:, self._n_pictures :].mean(dim=(1, 2, 3))
        return self._weight * pictures + (1.0 - self._weight) * volumes


class PerCell(nn.Module):
    """A network that puts out one number a cell: how far off ``model`` is."""

    def __init__(
        self, model: nn.Module, errors: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    ) -> None:
        super().__init__()
        self.model = model
        self._errors = errors

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return self._errors(self.model(images), images)
