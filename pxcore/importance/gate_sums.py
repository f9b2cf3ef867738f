"""A method on a sample of cells: what its explanations come to, computed once for all checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.attribution.cell_values import BETWEEN, true_classes
from pxcore.importance.attribution.reference import reference_image, reference_of
from pxcore.importance.kept import kept_pixels, rank_correlation
from pxcore.importance.method import ExplainRequest, MapRequest, Method, look_for_stop
from pxcore.importance.randomised import randomised
from pxcore.training.predict import evaluating
from pxcore.types import Array

DRAWS = 3
"""Networks with weights drawn anew."""
STEPS = 3 + DRAWS
"""Explanations at most: one of the model, those with random weights, one without a channel; and
one for the pixels."""


@dataclass(frozen=True, slots=True)
class Added:
    """What the pixel attributions of every cell come to: (n,) float64 each."""

    total: Array
    full: Array
    """The output of the cell's true class, f(x)."""
    empty: Array
    """That of the reference image."""
    kept: Array
    """Share of the cell's attributions that networks with random weights give too."""
    order: float
    """Rank correlation of the real channels' mean |a| with those of random networks, their mean;
    NaN for fewer than 3."""


@dataclass(slots=True)
class Checked:
    """A method on a sample of cells, with what was found so far."""

    method: Method
    request: ExplainRequest
    done: int = 0
    """Explanations made, of ``STEPS``."""
    own: Array | None = None
    added: Added | None = None

    def scores(self) -> Array:
        """Return (C, K) for the trained model."""
        if self.own is None:
            self.own = self.scores_of(self.request)
        return self.own

    def scores_of(self, request: ExplainRequest) -> Array:
        """Return (C, K) for a changed question, 0 for a class without cells."""
        asked = replace(request, tell=self._telling())
        found: Array = np.nan_to_num(self.method.explain(asked).scores.mean(axis=0))
        self.done += 1
        return found

    def sums(self) -> Added:
        """Return what pixel attributions come to, once for all checks."""
        if self.added is None:
            request = self.request
            others = [randomised(request.model, draw) for draw in range(DRAWS)]
            tell, rows, sizes = self._telling(1 + DRAWS), [], []
            everything = torch.arange(len(request.cells), device=request.cells.device)
            for positions in torch.split(everything, request.layout.batch_size):
                look_for_stop(request, BETWEEN)
                row, size = self._block(positions, others)
                rows.append(row)
                sizes.append(size)
                tell("", (int(positions[-1]) + 1) / len(everything))
            own, *random = torch.stack(sizes).sum(dim=0).cpu().numpy()[:, self._real()]
            order = float(np.mean([rank_correlation(own, other) for other in random]))
            total, full, empty, kept = torch.cat(rows, dim=1).cpu().numpy()
            self.added = Added(total, full, empty, kept, order)
            self.done += 1 + DRAWS
        return self.added

    def _real(self) -> list[int]:
        """Return the channels that are no decoys: made channels come last in any order."""
        channels = range(len(self.request.cells.channels))
        return [channel for channel in channels if channel not in self.request.decoys]

    def _block(
        self, positions: torch.Tensor, others: list[nn.Module]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the four numbers of :class:`Added` of some cells, (4, B) float64.

        And the sums of |a| of each channel: (1 + draws, C), the trained model's first.
        """
        request, images = self.request, self.request.cells.batch(positions)
        true = true_classes(request, positions)
        own = self._maps(request.model, images, true)
        random = [self._maps(other, images, true) for other in others]
        kept = [kept_pixels(own, other) for other in random]
        sizes = torch.stack([maps.abs().sum(dim=(0, 2, 3)) for maps in (own, *random)])
        empty = reference_image(reference_of(self.method, request), images)
        with evaluating(request.model) as model:
            outputs = [model(x).gather(1, true[:, None])[:, 0] for x in (images, empty)]
        added = own.sum(dim=(1, 2, 3))
        outputs = [f.double() for f in outputs]
        return torch.stack([added, *outputs, torch.stack(kept).mean(dim=0)]), sizes

    def _maps(self, model: nn.Module, images: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        """Return pixel attributions (B, C, H, W) float64."""
        request, maps = self.request, self.method.maps
        if maps is None:
            message = f"{self.method.label} has no pixel attributions that could add up"
            raise MethodError(message)
        asked = MapRequest(
            model=model,
            images=images,
            targets=true,
            train_mean=request.train_mean,
            options=request.options,
            last_convolution=request.last_convolution,
            batch_size=request.layout.batch_size,
        )
        return maps(asked).double()

    def _telling(self, weight: int = 1) -> Callable[[str, float], None]:
        """Return what tells how far the checks are, from the share of the next explanations."""
        tell, first = self.request.tell, self.done

        def told(_step: str, share: float) -> None:
            tell("sanity checks", min(1.0, (first + weight * share) / STEPS))

        return told
