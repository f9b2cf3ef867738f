"""How candidates are dealt to runs: the published plan and the pair cover, with what each costs.

M candidates are not always on, F slots of a run are free for them.

* *published*: ceil(M / F) runs, each candidate in one of them; the top m of each meet in a final
  run. Two candidates dealt to different runs meet there at best, so a pair that tells something
  only together is lost unless it shares a run.
* *pair cover*: every two candidates share a run (`covering`); a final run of the best follows.

The final run holds what is always on and must be kept until the runs are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

from pxcore.errors import PanelError
from pxcore.evaluation.numbers import count
from pxcore.panel.staged.candidates import check_candidates
from pxcore.panel.staged.covering import cover_pairs, cover_some, lower_bound
from pxcore.types.staged import Candidate, Instrument, PlanKind, StagedRun
from pxcore.types.staged_views import PlanFigures

__all__ = [
    "PlanFigures",
    "default_top",
    "pair_cover",
    "pairs_seen",
    "plan_figures",
    "planned_runs",
    "published",
]


def default_top(candidates: Sequence[Candidate], instrument: Instrument) -> int:
    """Return the largest m for which the top m of each run fit into the final run; at least 1."""
    free = check_candidates(candidates, instrument)
    dealt = len(_dealt(candidates))
    n_runs = -(-dealt // free)
    return max(1, min(free, dealt) // n_runs)


def published(
    candidates: Sequence[Candidate], instrument: Instrument, top: int
) -> tuple[StagedRun, ...]:
    """Return ceil(M / F) runs of even size, in the order of the candidates, and the final run.

    Raises
    ------
    PanelError
        When ``top`` is below 1 or larger than the smallest run, or as `check_candidates`.
    """
    free = check_candidates(candidates, instrument)
    names = _dealt(candidates)
    parts = np.array_split(np.arange(len(names)), -(-len(names) // free))
    smallest = len(parts[-1])
    if not 1 <= top <= smallest:
        message = (
            f"top m is {top}, but the smallest of the {len(parts)} runs has {smallest} candidates; "
            f"choose m from 1 to {smallest}"
        )
        raise PanelError(message)
    return _runs(candidates, [[names[i] for i in part] for part in parts])


def pair_cover(
    candidates: Sequence[Candidate], instrument: Instrument, at_most: int | None = None
) -> tuple[StagedRun, ...]:
    """Return runs in which every pair of candidates meets, as few as were found, and the final run.

    With ``at_most`` dealt runs, where that is too few for every pair, those that show many: never
    fewer than as many runs of a published plan.

    Raises
    ------
    PanelError
        When fewer than two slots are free beside what is always on, for fewer than one run, when
        ``at_most`` runs cannot show every candidate once, or as `check_candidates`.
    """
    free = check_candidates(candidates, instrument)
    names = _dealt(candidates)
    if free < 2 <= len(names):
        message = (
            f"{count(instrument.stain_slots, 'slot')} for stains, {free} of them free beside what "
            "is always on; a pair needs 2: let fewer markers be always on, or choose the published "
            "plan"
        )
        raise PanelError(message)
    least = -(-len(names) // free)
    if at_most is not None and at_most < least:
        message = (
            f"{count(at_most, 'run')} of {count(free, 'free slot')} cannot show {len(names)} "
            f"candidates once; allow at least {least}"
        )
        raise PanelError(message)
    n, k = len(names), max(free, 2)
    blocks = cover_pairs(n, k) if at_most is None else cover_some(n, k, at_most)
    return _runs(candidates, [[names[i] for i in block] for block in blocks])


def planned_runs(
    kind: PlanKind, candidates: Sequence[Candidate], instrument: Instrument, top: int
) -> tuple[StagedRun, ...]:
    """Return the runs of a plan of this kind. Raises PanelError as `published`, `pair_cover`."""
    if kind is PlanKind.PUBLISHED:
        return published(candidates, instrument, top)
    return pair_cover(candidates, instrument)


def pairs_seen(
    runs: Sequence[StagedRun], candidates: Sequence[Candidate]
) -> frozenset[tuple[str, str]]:
    """Return the pairs that share a run, of candidates not always on, in candidate order."""
    names = _dealt(candidates)
    pairs: set[tuple[str, str]] = set()
    for run in runs:
        inside = set(run.markers)
        pairs.update(combinations([name for name in names if name in inside], 2))
    return frozenset(pairs)


def plan_figures(
    kind: PlanKind,
    runs: Sequence[StagedRun],
    candidates: Sequence[Candidate],
    instrument: Instrument,
    top: int,
) -> PlanFigures:
    """Return runs, slots, share of pairs seen and cost of a plan as it is dealt."""
    free = check_candidates(candidates, instrument)
    names, dealt = _dealt(candidates), [run for run in runs if not run.final]
    seen = len(pairs_seen(dealt, candidates))
    pairs = comb(len(names), 2)
    is_cover = kind is PlanKind.PAIR_COVER
    fewest = lower_bound(len(names), max(free, 2)) if is_cover else -(-len(names) // free)
    cost = {candidate.marker: candidate.cost for candidate in candidates}
    on = [candidate.cost for candidate in candidates if candidate.always_on]
    sent = names if is_cover else _dearest_sent(candidates, dealt, top)
    dearest = sorted((cost[name] for name in sent), reverse=True)[:free]
    return PlanFigures(
        runs=len(dealt) + 1,
        fewest_runs=fewest + 1,
        slots_used=sum(len(run.markers) for run in dealt),
        slots=len(dealt) * instrument.stain_slots,
        pairs=pairs,
        seen=seen,
        seen_with_final=min(
            pairs, seen + (comb(free, 2) if is_cover else _met_at_last(len(dealt), top, free))
        ),
        cost=sum(cost[marker] for run in dealt for marker in run.markers),
        cost_final=sum(on) + sum(dearest),
        notes=_notes(len(dealt), 0 if is_cover else top, free),
    )


def _dearest_sent(
    candidates: Sequence[Candidate], dealt: Sequence[StagedRun], top: int
) -> set[str]:
    """Return the dearest markers that may reach the final run: top m of each, and must-keep."""
    cost = {c.marker: c.cost for c in candidates if not c.always_on}
    kept = {c.marker for c in candidates if c.must_keep and not c.always_on}
    for run in dealt:
        kept.update(sorted((m for m in run.markers if m in cost), key=lambda m: -cost[m])[:top])
    return kept


def _met_at_last(n_runs: int, top: int, free: int) -> int:
    """Return pairs of the final run from different dealt runs: its slots dealt evenly to these."""
    held = min(n_runs * top, free)
    parts = [len(part) for part in np.array_split(np.arange(held), n_runs)]
    return comb(held, 2) - sum(comb(part, 2) for part in parts)


def _notes(n_runs: int, top: int, free: int) -> tuple[str, ...]:
    notes = []
    if n_runs == 1:
        notes.append(
            "All candidates fit into one run, which shows them together; a plain run does as well."
        )
    if n_runs * top > free:
        each = free // n_runs
        fits = f"Up to {each} of each run always fit" if each else "Not even one of each run fits"
        notes.append(
            f"The top {top} of {n_runs} runs are up to {n_runs * top} markers, but the final run "
            f"has {count(free, 'slot')} for them: the weakest will fall out. {fits}."
        )
    return tuple(notes)


def _dealt(candidates: Sequence[Candidate]) -> list[str]:
    """Return the markers that are dealt to runs: those not always on."""
    return [candidate.marker for candidate in candidates if not candidate.always_on]


def _runs(candidates: Sequence[Candidate], dealt: Sequence[Sequence[str]]) -> tuple[StagedRun, ...]:
    """Return the runs with what is always on in front, and the final one."""
    on = tuple(candidate.marker for candidate in candidates if candidate.always_on)
    kept = tuple(c.marker for c in candidates if c.must_keep and not c.always_on)
    runs = [StagedRun(number=i, markers=(*on, *part)) for i, part in enumerate(dealt, start=1)]
    final = StagedRun(number=len(dealt) + 1, markers=(*on, *kept), final=True)
    return (*runs, final)
