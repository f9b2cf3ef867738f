"""What a plan loses: the accuracy of the panel it ends with, beside measuring all markers at once.

For each draw (`drawn`): new markers; every run of a plan measures new cells with its own markers,
a classifier is fitted to it and its markers are ranked by permutation importance, with the noise
of a training on top; the plan's rule fills the final run; there the least important marker goes,
again and again with a new fit, until the wanted number is left. The classifier of those, fitted to
the final run, is judged on many further cells, the same for every plan.

Ways: ``published`` and ``pair_cover`` as `plans` deals them (pair cover sends on the markers with
the best importance in any run: a pair shows only where its partner is); ``champions``: each run
carries the top m of the one before, the last one is the final run; ``all``: an
instrument with slots for every marker, in one run.

Source: the setting is that of the specification (20 markers, two redundant families, one pair that
works only together, six markers at last); effect sizes are our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pxcore.errors import PanelError
from pxcore.evaluation.numbers import count
from pxcore.panel.staged.covering import cover_pairs
from pxcore.panel.staged.drawn import (
    FEWEST,
    Planted,
    draw_cells,
    draw_planted,
    drops,
    fitted,
    share_right,
)
from pxcore.types import Array
from pxcore.types.staged_views import PlanLoss

__all__ = ["WAYS", "PlanLoss", "Simulation", "can_simulate", "simulate", "smallest_run"]

WAYS = ("published", "pair_cover", "all")
"""What a page compares; ``champions`` is measured by the benchmark only."""
MOST = 40
"""Candidates above which a page would wait too long."""
_JUDGED = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What is simulated."""

    markers: int = 20
    """Candidates that are not always on, 8 to 40."""
    free: int = 10
    """Slots of a run for them."""
    top: int = 5
    """m of the published plan and of champions."""
    final: int = 6
    """Markers of the panel at last."""
    draws: int = 200
    seed: int = 0
    cells: int = 600
    """Cells a run, two thirds to fit on and one third to rank on."""
    noise: float = 0.01
    """Standard deviation of an importance from training to training, in accuracy."""
    ways: tuple[str, ...] = WAYS


def can_simulate(setting: Simulation) -> str:
    """Return why this cannot be simulated; empty where it can."""
    if not FEWEST <= setting.markers <= MOST:
        return (
            f"the simulation takes {FEWEST} to {MOST} candidates, there are {setting.markers}; "
            "the plans' runs and pairs are exact all the same"
        )
    if setting.free < 2 or not 1 <= setting.final <= min(setting.free, setting.markers):
        return (
            f"a panel of {count(setting.final, 'marker')} from runs with "
            f"{count(setting.free, 'free slot')} cannot be simulated; expected at least 2 slots "
            "and a panel that fits into them"
        )
    smallest = smallest_run(setting.markers, setting.free)
    if not 1 <= setting.top <= smallest and {"published", "champions"} & {*setting.ways}:
        return f"top m is {setting.top}; expected 1 to {smallest}, the size of the smallest run"
    if "champions" in setting.ways and setting.top >= setting.free:
        free = count(setting.free, "slot")
        return f"champions carry {setting.top} on and leave none of {free} free"
    if setting.draws < 2 or setting.cells < 30:
        return f"{setting.draws} draws of {setting.cells} cells; expected at least 2 of 30"
    return ""


def smallest_run(markers: int, free: int) -> int:
    """Return the candidates of the smallest run of a published plan: the largest m."""
    return max(1, markers // max(1, -(-markers // free)))


def simulate(setting: Simulation) -> tuple[PlanLoss, ...]:
    """Return how each way ends, in the order of ``setting.ways``; the same for the same seed.

    Raises
    ------
    PanelError
        When `can_simulate` says why not, or for an unknown way.
    """
    reason = can_simulate(setting)
    if reason:
        raise PanelError(reason)
    for way in setting.ways:
        if way not in _PLANS:
            message = f"way {way!r} is not known; there is {', '.join(_PLANS)}"
            raise PanelError(message)
    ways = tuple(dict.fromkeys((*setting.ways, "all")))
    ends = np.zeros((len(ways), setting.draws, 2))  # accuracy, pair kept
    runs = dict.fromkeys(ways, 0)
    for draw in range(setting.draws):
        lab = _Lab(setting, draw)
        for row, way in enumerate(ways):
            lab.start(row)
            chosen, runs[way] = _PLANS[way](lab)
            ends[row, draw] = lab.judged(chosen)
    whole = ends[ways.index("all"), :, 0]
    return tuple(_plan_loss(way, runs[way], ends[ways.index(way)], whole) for way in setting.ways)


class _Lab:
    """One draw: what a lab could measure, with its own generators for markers, runs and judging."""

    def __init__(self, setting: Simulation, draw: int) -> None:
        self.setting, self.draw = setting, draw
        rng = np.random.default_rng([setting.seed, draw])
        self.planted: Planted = draw_planted(setting.markers, rng)
        self.cells = draw_cells(self.planted, np.arange(setting.markers), _JUDGED, rng)
        self.rng = rng

    def start(self, way: int) -> None:
        """Give a way its own randomness, so that which others run changes nothing."""
        self.rng = np.random.default_rng([self.setting.seed, self.draw, way + 1])

    def measured(self, markers: Array) -> tuple[Array, Array]:
        """Return values and labels of a new run's cells."""
        return draw_cells(self.planted, markers, self.setting.cells, self.rng)

    def importance(self, values: Array, labels: Array) -> Array:
        """Return (k,) importance of the markers of a run, noise included."""
        cut = 2 * len(values) // 3
        loss = drops(fitted(values[:cut], labels[:cut]), values[cut:], labels[cut:], self.rng)
        noisy: Array = loss + self.setting.noise * self.rng.standard_normal(len(loss))
        return noisy

    def ranked(self, markers: Array) -> Array:
        """Return importance of a new run."""
        return self.importance(*self.measured(markers))

    def final_run(self, markers: Array) -> tuple[Array, Array]:
        """Return the panel's markers and its classifier: the least important goes, refitted."""
        values, labels = self.measured(markers)
        left = np.arange(len(markers))
        while len(left) > self.setting.final:
            order = np.argsort(self.importance(values[:, left], labels))
            away = max(1, min((len(left) - self.setting.final) // 4, len(left) // 5))
            left = np.sort(left[order[away:]])
        return markers[left], fitted(values[:, left], labels)

    def judged(self, end: tuple[Array, Array]) -> tuple[float, float]:
        """Return accuracy on further cells, and whether the pair was kept."""
        markers, weights = end
        values, labels = self.cells
        both = np.isin(self.planted.pair, markers).all()
        return share_right(weights, values[:, markers], labels), float(both)


_End = tuple[tuple[Array, Array], int]


def _published(lab: _Lab) -> _End:
    setting = lab.setting
    n_runs = -(-setting.markers // setting.free)
    sent = [
        part[np.argsort(-lab.ranked(part))[: setting.top]]
        for part in np.array_split(np.arange(setting.markers), n_runs)
    ]
    return lab.final_run(_first_of_each(sent, setting.free)), n_runs + 1


def _pair_cover(lab: _Lab) -> _End:
    setting = lab.setting
    blocks = cover_pairs(setting.markers, setting.free)
    best = np.full(setting.markers, -np.inf)
    for block in blocks:
        part = np.array(block)
        best[part] = np.maximum(best[part], lab.ranked(part))
    return lab.final_run(np.sort(np.argsort(-best)[: setting.free])), len(blocks) + 1


def _champions(lab: _Lab) -> _End:
    setting = lab.setting
    part = np.arange(min(setting.free, setting.markers))
    seen, runs = len(part), 1
    while seen < setting.markers:
        best = part[np.argsort(-lab.ranked(part))[: setting.top]]
        more = np.arange(seen, min(setting.markers, seen + setting.free - setting.top))
        part = np.concatenate([best, more])
        seen, runs = seen + len(more), runs + 1
    return lab.final_run(part), runs


def _all(lab: _Lab) -> _End:
    return lab.final_run(np.arange(lab.setting.markers)), 1


_PLANS = {
    "published": _published,
    "champions": _champions,
    "pair_cover": _pair_cover,
    "all": _all,
}


def _first_of_each(sent: Sequence[Array], free: int) -> Array:
    """Return the markers sent on, the best of every run first, as many as fit; ascending."""
    width = max(len(part) for part in sent)
    order = [part[place] for place in range(width) for part in sent if place < len(part)]
    return np.sort(np.array(order[:free]))


def _plan_loss(way: str, runs: int, ends: Array, whole: Array) -> PlanLoss:
    def interval(values: Array) -> tuple[float, float, float]:
        half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5
        return float(values.mean()), float(values.mean()) - half, float(values.mean()) + half

    accuracy, low, high = interval(ends[:, 0])
    loss, loss_low, loss_high = interval(whole - ends[:, 0])
    return PlanLoss(
        way=way, runs=runs, accuracy=accuracy, low=low, high=high,
        loss=loss, loss_low=loss_low, loss_high=loss_high, pair_kept=float(ends[:, 1].mean()),
    )  # fmt: skip
