"""A finished run of a staged plan, as the merge needs it, and its values on one scale.

Drops in F1 of two runs do not compare as they are: which other markers share a run decides how
much one of them costs. Bridges are markers in every run. With b_r the sum of the bridges' drops in
run r and b their mean over runs, values of run r are multiplied by::

    f_r = b / b_r

A ratio, not a straight line with an offset: a marker that tells nothing drops 0 in every run (that
is what decoys show), so 0 must stay 0, and an offset fitted to one or two noisy bridges would move
it. An interval's half-widths h grow by the bridges' own uncertainty, with h_b that of b_r::

    h' = f_r * sqrt(h^2 + (mean * h_b / b_r)^2)

Where some b_r is not clear of zero (b_r <= h_b) nothing is scaled: only ranks count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from pxcore.errors import PanelError
from pxcore.types.evidence import Redundancy
from pxcore.types.results import Ranking, Verdict
from pxcore.types.staged import StagedRun

__all__ = ["FinishedRun", "Scaled", "finished_run", "on_one_scale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What one run says of its markers. Tuples of values have the length of ``markers``."""

    number: int
    markers: tuple[str, ...]
    mean: tuple[float, ...]
    """Importance, larger = more important."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    verdict: tuple[Verdict, ...]
    interchangeable: tuple[tuple[str, ...], ...] = ()
    """Groups of which one member may stand for all."""
    only_together: tuple[tuple[str, str], ...] = ()
    against_decoys: bool = True
    """False where verdicts were made without decoys: informative then means above 0."""

    def order(self, among: Sequence[str]) -> tuple[str, ...]:
        """Return the markers of this run that are in ``among``, the most important first."""
        mean = dict(zip(self.markers, self.mean, strict=True))
        return tuple(sorted((m for m in self.markers if m in among), key=lambda m: -mean[m]))

    def is_informative(self, marker: str) -> bool:
        """Return True where this run's interval lies above every decoy's, or above 0 without."""
        known = marker in self.markers
        return known and self.verdict[self.markers.index(marker)] is Verdict.INFORMATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """Importance of all runs on one scale, or why there is none."""

    values: dict[str, tuple[tuple[int, float, float, float], ...]]
    """By marker: (run number, mean, low, high); empty without a scale."""
    note: str
    """How it was scaled, or why not."""


def finished_run(
    run: StagedRun, channels: Sequence[str], ranking: Ranking, redundancy: Redundancy | None = None
) -> FinishedRun:
    """Return what a ranking says of a run's markers.

    Parameters
    ----------
    run
        With ``matched``: which channel shows which planned marker.
    channels
        Channel names in the order of the ranking (``RunResult.panel.names``, decoys and all).

    Raises
    ------
    PanelError
        When a planned marker has no channel in the ranking.
    """
    channel_of = dict(run.matched)
    place: dict[str, int] = {}
    for marker in run.markers:
        channel = channel_of.get(marker, "")
        if channel not in channels:
            message = (
                f"run {run.number}: planned marker {marker!r} is not in the attached ranking, "
                f"which has {', '.join(channels)}; attach a data set and a run with all planned "
                "markers"
            )
            raise PanelError(message)
        place[marker] = list(channels).index(channel)
    marker_at = {position: marker for marker, position in place.items()}
    alike = redundancy.groups if redundancy else ()
    groups = [
        tuple(marker_at[c] for c in group.channels if c in marker_at)
        for group in alike
        if group.interchangeable
    ]
    pairs = [
        (marker_at[pair.first], marker_at[pair.second])
        for pair in (redundancy.pairs if redundancy else ())
        if pair.only_together and {pair.first, pair.second} <= set(marker_at)
    ]
    return FinishedRun(
        number=run.number,
        markers=run.markers,
        mean=tuple(ranking.mean[c] for c in place.values()),
        low=tuple(ranking.low[c] for c in place.values()),
        high=tuple(ranking.high[c] for c in place.values()),
        verdict=tuple(ranking.verdict[c] for c in place.values()),
        interchangeable=tuple(groups),
        only_together=tuple(pairs),
        against_decoys=ranking.decoy_bound is not None,
    )


def on_one_scale(runs: Sequence[FinishedRun], bridges: Sequence[str]) -> Scaled:
    """Return every run's values times f_r (above), or none and the reason in a sentence.

    One run alone is on its own scale.
    """
    if len(runs) == 1:
        return Scaled(values=_times(runs, [1.0], [0.0]), note="One run needs no common scale.")
    bridges = [bridge for bridge in bridges if all(bridge in run.markers for run in runs)]
    if not bridges:
        note = (
            "No bridge marker is in every run, so drops of different runs do not compare: only "
            "ranks within runs count."
        )
        return Scaled(values={}, note=note)
    sums, errors = [], []
    for run in runs:
        rows = [run.markers.index(bridge) for bridge in bridges]
        sums.append(sum(run.mean[row] for row in rows))
        errors.append(hypot(*((run.high[row] - run.low[row]) / 2 for row in rows)))
        if sums[-1] <= errors[-1]:
            note = (
                f"The bridges ({', '.join(bridges)}) drop {sums[-1]:.3f} ± {errors[-1]:.3f} in run "
                f"{run.number}, which is not clear of zero, so they put nothing on one scale: only "
                "ranks within runs count."
            )
            return Scaled(values={}, note=note)
    middle = sum(sums) / len(sums)
    factors = [middle / one for one in sums]
    said = ", ".join(f"run {run.number} x {f:.2f}" for run, f in zip(runs, factors, strict=True))
    shares = [error / one for error, one in zip(errors, sums, strict=True)]
    return Scaled(
        values=_times(runs, factors, shares),
        note=f"One scale by the ratio of the bridges ({', '.join(bridges)}): {said}.",
    )


def _times(
    runs: Sequence[FinishedRun], factors: Sequence[float], shares: Sequence[float]
) -> dict[str, tuple[tuple[int, float, float, float], ...]]:
    """Return the values times their run's factor, intervals widened by its relative error."""
    found: dict[str, tuple[tuple[int, float, float, float], ...]] = {}
    for run, factor, share in zip(runs, factors, shares, strict=True):
        rows = zip(run.markers, run.mean, run.low, run.high, strict=True)
        for marker, mean, low, high in rows:
            down, up = hypot(mean - low, mean * share), hypot(high - mean, mean * share)
            value = (run.number, factor * mean, factor * (mean - down), factor * (mean + up))
            found[marker] = (*found.get(marker, ()), value)
    return found
