"""Learning rate, end of training and the epoch to keep, as functions of what happened so far.

None of them has a state of its own, so a resumed training needs only its history.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pxcore.types import Epoch, TrainingParams

_WARM_UP = 0.3
_START = 25.0
_END = 1e4


def learning_rate(
    params: TrainingParams, history: Sequence[Epoch], step: int, n_steps: int
) -> float:
    """Return the learning rate of one step.

    ``step`` counts from 0 within the epoch after ``history``; an epoch has ``n_steps`` steps.
    """
    if params.schedule == "one_cycle":
        done = len(history) * n_steps + step
        return one_cycle(done, params.max_epochs * n_steps, params.learning_rate)
    return plateau(params, history)


def one_cycle(step: int, n_steps: int, peak: float) -> float:
    """Return the learning rate of step ``step`` of ``n_steps`` in one cycle up to ``peak``.

    Along half cosines: from peak / 25 up to the peak over the first 30 % of the steps, then down
    to peak / 250,000. Source: Smith and Topin 2018, in the form of torch's ``OneCycleLR``
    (without its cycling of the momentum).
    """
    top = _WARM_UP * n_steps - 1
    start, end = peak / _START, peak / _START / _END
    if step <= top:
        return _half_cosine(start, peak, step / top if top > 0 else 1.0)
    return _half_cosine(peak, end, (step - top) / (n_steps - 1 - top))


def plateau(params: TrainingParams, history: Sequence[Epoch]) -> float:
    """Return the learning rate of the epoch after ``history``.

    The first ``start_epochs`` have ``start_rate``. Then it is ``learning_rate``, multiplied with
    ``plateau_factor`` (halved) after each ``plateau_patience`` epochs in a row without a better
    validation score than any after the start.
    Source: Shetab Boushehri et al. 2024 (their code watches the training loss instead); starting
    epochs: Zhang et al., Scientific Reports 13, 2023 (five at 1e-5, then 1e-3).
    """
    if len(history) < params.start_epochs:
        return params.start_rate
    rate, best, waited = params.learning_rate, -math.inf, 0
    for epoch in history[params.start_epochs :]:
        if epoch.valid_f1 > best:
            best, waited = epoch.valid_f1, 0
            continue
        waited += 1
        if waited == params.plateau_patience:
            rate, waited = rate * params.plateau_factor, 0
    return rate


def finished(params: TrainingParams, history: Sequence[Epoch]) -> bool:
    """Tell whether training ends.

    It does when the epochs are used up, or when ``stop_patience`` of them in a row did not raise
    the best validation score by more than ``stop_delta``.
    """
    if len(history) >= params.max_epochs:
        return True
    best, waited = -math.inf, 0
    for epoch in history:
        if epoch.valid_f1 > best + params.stop_delta:
            best, waited = epoch.valid_f1, 0
        else:
            waited += 1
    return waited >= params.stop_patience


def kept(params: TrainingParams, history: Sequence[Epoch]) -> Epoch:
    """Return the epoch to keep: the last, or the one with the best validation score.

    Of equal scores the one with the lower validation loss, then the earlier.
    """
    if params.keep == "last":
        return history[-1]
    return max(history, key=lambda epoch: (epoch.valid_f1, -epoch.valid_loss, -epoch.number))


def _half_cosine(start: float, end: float, share: float) -> float:
    """Return the point between ``start`` (share 0) and ``end`` (share 1) along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
