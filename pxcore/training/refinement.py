"""Joint refinement: codes that draw cells again **and** gather around cluster centres."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from pxcore.errors import TrainingError
from pxcore.training.device_cells import DeviceCells
from pxcore.training.predict import outputs
from pxcore.training.reconstruction import Reconstruction


class Refinement:
    """Error of reconstruction plus ``weight`` times how far shares are from their sharpened form.

    ::

        loss = reconstruction + weight · KL(p || q)
        p_k proportional to q_k² / f_k             f_k = Σ q_k over the training cells

    p and f are taken anew at the start of every epoch, from all training cells with the network
    as it is then, so a continued training ends where an undisturbed one does. Validation cells
    are sharpened with the training cells' f.

    It sharpens what is there, right or wrong: clusters by position become tidy clusters by
    position. So it is off unless asked for.

    Source: Guo et al., Improved deep embedded clustering, IJCAI 2017, equations 6 to 9 (weight
    0.1). We differ: distances are those of whitened codes, and p is updated once an epoch.

    Parameters
    ----------
    reconstruction
        The other half of the loss.
    train
        The training cells.
    weight
        At least 0.
    batch_size
        Cells a pass while p is taken.
    """

    def __init__(
        self,
        reconstruction: Reconstruction,
        train: DeviceCells,
        weight: float = 0.1,
        batch_size: int = 256,
    ) -> None:
        if weight < 0:
            message = f"the weight of the clustering loss is {weight}; give a number of at least 0"
            raise TrainingError(message)
        self._reconstruction, self._train = reconstruction, train
        self._weight, self._batch_size = weight, batch_size
        self._target: torch.Tensor | None = None  # (n, K); None before an epoch's first batch
        self._frequency = torch.ones(1, device=train.device)  # (K,)

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """Return all training positions in random order; a new epoch takes p anew."""
        self._target = None
        return self._reconstruction.order(generator)

    def loss(self, model: nn.Module, images: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return both halves for a batch."""
        if self._target is None:
            shares = outputs(_Shares(model), self._train, self._batch_size)  # (n, K)
            self._frequency = shares.sum(dim=0)
            self._target = sharpened(shares, self._frequency)
        drawn, log_shares = model(images)
        error = self._reconstruction.errors(drawn, images).mean()
        return error + self._weight * divergence(self._target[positions], log_shares).mean()

    def judge(
        self, model: nn.Module, valid: DeviceCells, batch_size: int, stop: Callable[[], bool]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both halves on validation cells, and minus that."""
        loss = outputs(_BothHalves(model, self._errors), valid, batch_size, stop).mean()
        return loss, -loss

    def _errors(
        self, drawn: torch.Tensor, log_shares: torch.Tensor, images: torch.Tensor
    ) -> torch.Tensor:
        """Return (B,) both halves of each validation cell."""
        target = sharpened(log_shares.exp(), self._frequency)
        error = self._reconstruction.errors(drawn, images)
        return error + self._weight * divergence(target, log_shares)


def sharpened(shares: torch.Tensor, frequency: torch.Tensor) -> torch.Tensor:
    """Return p (n, K) of the shares q (n, K) and their sums over the training cells (K,)."""
    squared = shares.square() / frequency
    return squared / squared.sum(dim=1, keepdim=True)


def divergence(target: torch.Tensor, log_shares: torch.Tensor) -> torch.Tensor:
    """Return (B,) KL(p || q); 0 where p is 0."""
    return (torch.xlogy(target, target) - target * log_shares).sum(dim=1)


class _Shares(nn.Module):
    """Cells -> their shares (B, K)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        shares: torch.Tensor = self.model(images)[1].exp()
        return shares


class _BothHalves(nn.Module):
    """Cells -> one number each."""

    def __init__(
        self,
        model: nn.Module,
        errors: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> None:
        super().__init__()
        self.model = model
        self._errors = errors

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        drawn, log_shares = self.model(images)
        return self._errors(drawn, log_shares, images)
