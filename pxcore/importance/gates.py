"""Sanity checks of a method on one trained model: does it explain this very model.

::

    completeness       attributions of a cell add up to f(x) - f(reference)      error <= 0.1
    conservation       relevance of a cell adds up to f(x)                       error <= 0.5
    random_weights     with weights drawn anew the explanation is another one    kept <= 0.7
    random_ranking     ... and so is the order of the channels          correlation <= 0.7
    constant_channel   a channel at its reference in every cell scores 0         score <= 1e-6

f is the output of the cell's true class; the reference of a channel is 0 but for attributions that
compare with its training mean. They run on a sample of the held-out cells (a fifth, 64
to 256 of them) and two repeats, so that they cost about as much as the method.

Source: Sundararajan et al. 2017 (completeness), Bach et al. 2015 (conservation), after Adebayo et
al., Sanity checks for saliency maps, NeurIPS 2018 (random weights; our own measure, ``kept``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pxcore.errors import MethodError
from pxcore.importance.attribution.reference import reference_of
from pxcore.importance.gate_sums import DRAWS, Checked
from pxcore.importance.kept import is_gone, kept_scores
from pxcore.importance.method import ExplainRequest, Method
from pxcore.importance.randomised import randomised, with_constant_channel
from pxcore.importance.repeats import channel_values
from pxcore.importance.sample import sampled
from pxcore.types import Array, Gate

BOUNDS = {
    "completeness": 0.1,
    "conservation": 0.5,
    "random_weights": 0.7,
    "random_ranking": 0.7,
    "constant_channel": 1e-6,
}
"""What each measure must not exceed. ``docs/methods.md`` tells what was measured."""
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
    checked = Checked(method, small)
    return tuple(_CHECKS[name](checked) for name in method.gates)


def _completeness(checked: Checked) -> Gate:
    """Check that attributions add up to what the cell changes in the output."""
    found = checked.sums()
    value = _relative(found.total, found.full - found.empty)
    return _gate(
        "completeness",
        value,
        f"the attributions of a cell add up to its output minus the reference image's, "
        f"{_percent(value)} off on average",
    )


def _conservation(checked: Checked) -> Gate:
    """Check that relevance adds up to the output."""
    found = checked.sums()
    value = _relative(found.total, found.full)
    return _gate(
        "conservation",
        value,
        f"the relevance of a cell adds up to the model's output, {_percent(value)} off on "
        "average, which biases and dark surroundings keep",
    )


def _random_weights(checked: Checked) -> Gate:
    """Check that the explanation comes from what the model learnt.

    The measure is the share of it that networks with weights drawn anew give as well, whatever its
    size (``kept``), the mean over the networks. A method that does not look at the model keeps 1.
    Perturbations: of the scores, channel by class, so that the ranking is lost with them.
    Attributions: of the pixels, cell by cell; ``random_ranking`` asks what becomes of the ranking.
    """
    if checked.method.maps is not None:
        value = float(checked.sums().kept.mean())
        said = f"networks with random weights keep {_percent(value)} of the pixels' attributions"
        return _gate("random_weights", value, said)
    own, request = checked.scores(), checked.request
    if not np.abs(own).any():
        said = "every score of the trained model is 0: there is no ranking that could be lost"
        return _gate("random_weights", 1.0, said)
    others = [
        checked.scores_of(replace(request, model=randomised(request.model, draw)))
        for draw in range(DRAWS)
    ]
    value = float(np.mean([kept_scores(own, other, checked.method.unit) for other in others]))
    gone = sum(is_gone(own, other, checked.method.unit) for other in others)
    said = f"networks with random weights keep {_percent(value)} of the channels' shares"
    if gone:
        said += f"; in {gone} of {DRAWS} hardly any score is left, so the ranking is lost"
    return _gate("random_weights", value, said)


def _random_ranking(checked: Checked) -> Gate:
    """Check that networks with weights drawn anew order the channels in another way.

    The measure is Spearman's correlation of the real channels' mean |a| between the trained model
    and a random one, the mean over the random ones. Random networks too give bright channels
    more: where they order the channels as the trained model does, the order tells of the
    pictures. Chance moves it much with few channels, so the run tells its middle training.
    """
    order = checked.sums().order
    if np.isnan(order):
        said = "there are fewer than 3 channels that differ: no order that could be lost"
        return _gate("random_ranking", 0.0, said)
    said = "networks with random weights order the channels with a rank correlation of "
    said += f"{order:.2f} to this model"
    passed = bool(order <= BOUNDS["random_ranking"])
    words = "at most" if passed else "too much: at most"
    return Gate(
        id="random_ranking",
        passed=passed,
        value=order,
        bound=BOUNDS["random_ranking"],
        said=f"{said[0].upper()}{said[1:]} ({words} {BOUNDS['random_ranking']}).",
    )


def _constant_channel(checked: Checked) -> Gate:
    """Check that the channel with the largest score scores 0 once every cell is alike in it."""
    own, request = checked.scores(), checked.request
    channel = int(np.abs(channel_values(own[None])[0]).argmax())
    reference = reference_of(checked.method, request)
    held_at = 0.0 if reference is None else float(reference[channel])
    found = checked.scores_of(with_constant_channel(request, channel, held_at))
    largest = float(np.abs(own).max())
    value = float(np.abs(found[channel]).max()) / (largest or 1.0)
    return _gate(
        "constant_channel",
        value,
        f"channel {channel + 1}, made {held_at:.3g} in every cell, scores {_percent(value)} of the "
        "largest",
    )


_CHECKS: dict[str, Callable[[Checked], Gate]] = {
    "completeness": _completeness,
    "conservation": _conservation,
    "random_weights": _random_weights,
    "random_ranking": _random_ranking,
    "constant_channel": _constant_channel,
}


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


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
