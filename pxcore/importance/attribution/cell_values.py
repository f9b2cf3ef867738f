"""From one number a channel in every held-out cell to the scores of one trained model.

Nothing is random here and nothing is perturbed, so there are no repeats and no drop in
probability: a class's score is the mean over its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from pxcore.errors import MethodError
from pxcore.importance.fold import FoldImportance, class_dtype, class_means, f1_of_present
from pxcore.importance.method import ExplainRequest, Method, check_labels, look_for_stop
from pxcore.models.embedding import PIECE, embedding_of
from pxcore.training.predict import evaluating
from pxcore.types import Array

PIXELS = 2**24
"""Of all channels that pass forward and back at once."""
BETWEEN = "between two batches of cells"
"""Where work on cells looks whether it shall end."""
Looked = tuple[torch.Tensor, Mapping[str, torch.Tensor]]
"""Logits (B, K) of some cells that passed :func:`check_logits`, and by name each way to make one
number of a channel, (B, C)."""
Look = Callable[[torch.Tensor, torch.Tensor], Looked]
"""images (B, C, H, W) float32, their positions (B,) int64 -> what is seen in them."""


def explained_by_cell(
    method: Method, request: ExplainRequest, look: Look, chosen: str, notes: tuple[str, ...] = ()
) -> FoldImportance:
    """Return the scores (1, C, K) of what ``look`` sees, every way of it kept for every cell.

    ``probability_drop`` is NaN: no prediction is made of a perturbed cell.

    Parameters
    ----------
    chosen
        The name among what ``look`` gives that makes the scores.

    Raises
    ------
    MethodError
        When there are no cells, or the output or a value is not a number.
    Cancelled
        When ``request.stop()`` says so.
    """
    check_labels(request)
    labels, n_classes = np.asarray(request.labels, dtype=np.int64), request.n_classes
    called: list[Array] = []
    parts: list[dict[str, Array]] = []
    everything = torch.arange(len(labels), device=request.cells.device)
    with evaluating(request.model):
        for positions in torch.split(everything, request.layout.batch_size):
            look_for_stop(request, BETWEEN)
            logits, values = look(request.cells.batch(positions), positions)
            for one in values.values():
                check_numbers(one, "attribution")
            called.append(logits.argmax(dim=1).cpu().numpy())
            parts.append({name: one.T.cpu().numpy() for name, one in values.items()})  # (C, B)
            last = int(positions[-1]) + 1
            request.tell(f"cells up to {last} of {len(labels)}", last / len(labels))
    predicted = np.concatenate(called)
    aggregates = {
        name: np.concatenate([part[name] for part in parts], axis=1).astype(np.float32, copy=False)
        for name in parts[0]
    }
    scores = class_means(aggregates[chosen], labels, n_classes)[None]  # (1, C, K)
    return FoldImportance(
        method=method.id,
        unit=method.unit,
        scores=scores,
        probability_drop=np.full(scores.shape, np.nan),
        base_score=f1_of_present(labels, predicted, n_classes),
        labels=labels,
        groups=request.groups,
        base_predictions=predicted.astype(class_dtype(n_classes)),
        cell_drop=aggregates[chosen],
        aggregates=aggregates,
        notes=notes,
    )


def cells_at_once(model: nn.Module, images: torch.Tensor) -> int:
    """Return how many of ``images`` (B, C, H, W) may pass forward and back at once, at least 1.

    A network that looks at each channel alone keeps all its maps for every channel.
    """
    most = PIXELS if embedding_of(model) is None else PIECE
    return max(1, most // images[0].numel())


def true_classes(request: ExplainRequest, positions: torch.Tensor) -> torch.Tensor:
    """Return (B,) int64 on the cells' device: the true class of the cells at these positions."""
    labels = torch.as_tensor(request.labels, dtype=torch.int64, device=positions.device)
    return labels[positions]


def check_logits(request: ExplainRequest, logits: torch.Tensor) -> None:
    """Refuse outputs that are not one finite number a class."""
    if logits.dim() != 2 or logits.shape[1] != request.n_classes:
        expected = (len(logits), request.n_classes)
        message = (
            f"the model gives {tuple(logits.shape)} numbers for some cells; expected {expected}"
        )
        raise MethodError(message)
    check_numbers(logits, "output")


def check_numbers(values: torch.Tensor, what: str) -> None:
    """Refuse values (B, ...) that are not finite."""
    broken = int((~torch.isfinite(values).flatten(1).all(dim=1)).sum())
    if broken:
        message = (
            f"the model's {what} is not a number for {broken} of {len(values)} held-out cells; "
            "the training has diverged. Train again with a lower learning rate"
        )
        raise MethodError(message)
