"""Sanity checks of a method on one trained model: does it explain this very model.

::

    completeness       attributions of a cell add up to f(x) - f(0)              error <= 0.1
    conservation       relevance of a cell adds up to f(x)                       error <= 0.5
    random_weights     with weights drawn anew the scores become others          kept <= 0.9
    constant_channel   a channel that is 0 in every cell scores 0                score <= 1e-6

f is the output of the cell's true class. They run on a sample of the held-out cells (a fifth, 64
to 256 of them) and two repeats, so that they cost about as much as the method.

Source: Sundararajan et al. 2017 (completeness), Bach et al. 2015 (conservation), after Adebayo et
al., Sanity checks for saliency maps, NeurIPS 2018 (random weights; our own measure).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from pxcore.errors import MethodError
from pxcore.importance.attribution.scored import look_for_stop
from pxcore.importance.method import ExplainRequest, MapRequest, Method
from pxcore.importance.randomised import randomised, with_empty_channel
from pxcore.importance.repeats import channel_values
from pxcore.importance.sample import sampled
from pxcore.training.predict import evaluating
from pxcore.types import Array, Gate

BOUNDS = {
    "completeness": 0.1,
    "conservation": 0.5,
    "random_weights": 0.9,
    "constant_channel": 1e-6,
}
"""What each measure must not exceed. ``docs/methods.md`` tells what was measured."""
_DRAWS = 2
"""Networks with weights drawn anew."""
_REPEATS = 2


def check_gates(method: Method, request: ExplainRequest) -> tuple[Gate, ...]:
    """Return the outcome of every check in ``method.gates``, in their order.

    Raises
    ------
    MethodError
        For a check that is not known, or one of pixel attributions for a method without them; and
        whatever the method itself raises.
    Cancelled
        When ``request.stop()`` says so.
    """
    unknown = [name for name in method.gates if name not in _CHECKS]
    if unknown:
        message = f"sanity check {unknown[0]!r} is not known; there is {', '.join(_CHECKS)}"
        raise MethodError(message)
    if not method.gates:
        return ()
    small = replace(sampled(request), repeats=_REPEATS if method.repeated else 1)
    checked = _Checked(method, small, sum(_STEPS[name] for name in method.gates))
    return tuple(_CHECKS[name](checked) for name in method.gates)


@dataclass(slots=True)
class _Checked:
    """A method on a sample of cells, with what was found so far."""

    method: Method
    request: ExplainRequest
    steps: int
    """Explanations to come."""
    done: int = 0
    own_scores: Array | None = None

    def scores(self, changed: ExplainRequest | None = None) -> Array:
        """Return (C, K) for the trained model (made once), or for a changed question."""
        if changed is None and self.own_scores is not None:
            self.done += 1
            return self.own_scores
        tell, first = self.request.tell, self.done

        def told(_step: str, share: float) -> None:
            words = f"sanity checks, explanation {first + 1} of {self.steps}"
            tell(words, min(1.0, (first + share) / self.steps))

        asked = replace(changed or self.request, tell=told)
        found: Array = np.nan_to_num(self.method.explain(asked).scores.mean(axis=0))
        self.done += 1
        if changed is None:
            self.own_scores = found
        return found

    def sums(self) -> tuple[Array, Array, Array]:
        """Return each cell's sum of attributions, f(x) and f(0): (n,) float64 each."""
        request, maps = self.request, self.method.maps
        if maps is None:
            message = f"{self.method.label} has no pixel attributions that could add up"
            raise MethodError(message)
        labels = torch.as_tensor(request.labels, dtype=torch.int64, device=request.cells.device)
        rows: list[torch.Tensor] = []
        for positions in torch.split(torch.arange(len(labels)), request.layout.batch_size):
            look_for_stop(request)
            images, true = request.cells.batch(positions.to(labels.device)), labels[positions]
            asked = MapRequest(
                model=request.model,
                images=images,
                targets=true,
                options=request.options,
                last_convolution=request.last_convolution,
                batch_size=request.layout.batch_size,
            )
            added = maps(asked).double().sum(dim=(1, 2, 3))
            with evaluating(request.model) as model:
                outputs = [model(x).gather(1, true[:, None])[:, 0] for x in (images, 0 * images)]
            rows.append(torch.stack([added, *(output.double() for output in outputs)]))
            share = (self.done + (int(positions[-1]) + 1) / len(labels)) / self.steps
            request.tell("sanity checks, do attributions add up", min(1.0, share))
        self.done += 1
        added, full, empty = torch.cat(rows, dim=1).cpu().numpy()
        return added, full, empty


def _completeness(checked: _Checked) -> Gate:
    """Check that attributions add up to what the cell changes in the output."""
    added, full, empty = checked.sums()
    value = _relative(added, full - empty)
    return _gate(
        "completeness",
        value,
        f"the attributions of a cell add up to its output minus an empty image's, "
        f"{_percent(value)} off on average",
    )


def _conservation(checked: _Checked) -> Gate:
    """Check that relevance adds up to the output."""
    added, full, _ = checked.sums()
    value = _relative(added, full)
    return _gate(
        "conservation",
        value,
        f"the relevance of a cell adds up to the model's output, {_percent(value)} off on "
        "average, which biases and dark surroundings keep",
    )


def _random_weights(checked: _Checked) -> Gate:
    """Check that the scores come from what the model learnt.

    The measure is the share of the scores that networks with weights drawn anew give as well:
    the part of each score (channel and class) that has the same sign and is not larger, summed,
    over the sum of all. Attributions have no scale of their own and are brought to the same sum
    first. A method that does not look at the model keeps 1.
    """
    own, kept = checked.scores(), []
    for draw in range(_DRAWS):
        request = checked.request
        other = checked.scores(replace(request, model=randomised(request.model, draw)))
        kept.append(_kept(own, other, scaled=checked.method.kind == "attribution"))
    value = float(np.mean(kept))
    said = f"networks with random weights keep {_percent(value)} of the scores"
    if not np.abs(own).any():
        said = "every score of the trained model is 0: there is no ranking that could be lost"
    return _gate("random_weights", value, said)


def _constant_channel(checked: _Checked) -> Gate:
    """Check that the channel with the largest score scores 0 once it is 0 in every cell."""
    own = checked.scores()
    channel = int(np.abs(channel_values(own[None])[0]).argmax())
    found = checked.scores(with_empty_channel(checked.request, channel))
    largest = float(np.abs(own).max())
    value = float(np.abs(found[channel]).max()) / (largest or 1.0)
    return _gate(
        "constant_channel",
        value,
        f"channel {channel + 1}, made 0 in every cell, scores {_percent(value)} of the largest",
    )


_CHECKS: dict[str, Callable[[_Checked], Gate]] = {
    "completeness": _completeness,
    "conservation": _conservation,
    "random_weights": _random_weights,
    "constant_channel": _constant_channel,
}
_STEPS = {"completeness": 1, "conservation": 1, "random_weights": 1 + _DRAWS, "constant_channel": 2}
"""Explanations each check needs."""


def _gate(name: str, value: float, said: str) -> Gate:
    bound = BOUNDS[name]
    passed = bool(value <= bound)
    words = "at most" if passed else "too much: at most"
    sentence = f"{said[0].upper()}{said[1:]} ({words} {_percent(bound)})."
    return Gate(id=name, passed=passed, value=float(value), bound=bound, said=sentence)


def _relative(found: Array, expected: Array) -> float:
    """Return the sum of differences over the sum of what was expected; infinite without any."""
    scale = float(np.abs(expected).sum())
    return float(np.abs(found - expected).sum()) / scale if scale else float("inf")


def _kept(own: Array, other: Array, *, scaled: bool) -> float:
    """Return the share of ``own`` (C, K) that ``other`` has too; 1 when there is nothing in it."""
    total, others = np.abs(own).sum(), np.abs(other).sum()
    if total == 0:
        return 1.0
    if scaled and others > 0:
        other = other * (total / others)
    shared = np.where(own * other > 0, np.minimum(np.abs(own), np.abs(other)), 0.0)
    return float(shared.sum() / total)


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
