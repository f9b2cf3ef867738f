"""The two rules by which candidates go on to the final run: top m, and verdict.

Each returns, by marker, whether the rule takes it and why. ``order`` is the strongest first;
``said`` holds what was settled before: always on, must be kept, taken or left out by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.panel.staged.finished import FinishedRun
from pxcore.types.staged import PlanKind, StagedPlan

__all__ = ["by_top", "by_verdict", "ranks_of"]


def by_top(
    plan: StagedPlan,
    finished: Sequence[FinishedRun],
    order: Sequence[str],
    said: dict[str, tuple[bool, str]],
) -> dict[str, tuple[bool, str]]:
    """Return, by marker, whether top m takes it, and why."""
    found = {}
    for place, marker in enumerate(order, start=1):
        rank, number = (
            min((r, n) for n, r in ranks_of(marker, finished, order))
            if any(marker in run.markers for run in finished)
            else (0, 0)
        )
        if not rank:
            found[marker] = (False, "in no finished run")
        elif plan.kind is PlanKind.PUBLISHED:
            verb = "among" if rank <= plan.top else "not among"
            why = f"rank {rank} in run {number}, {verb} its top {plan.top}"
            found[marker] = (rank <= plan.top, why)
        else:
            room = plan.instrument.stain_slots - sum(taken for taken, _ in said.values())
            before = [m for m in order[: place - 1] if m not in said]
            why = f"place {place} of {len(order)} over all runs, best rank {rank} (run {number})"
            fits = len(before) < room
            found[marker] = (fits, why if fits else f"{why}; the slots go to stronger ones")
    return found


def by_verdict(
    plan: StagedPlan,  # noqa: ARG001 - the same call as `by_top`
    finished: Sequence[FinishedRun],
    order: Sequence[str],
    said: dict[str, tuple[bool, str]],
) -> dict[str, tuple[bool, str]]:
    """Return, by marker, whether its verdict takes it, and why; the strongest is asked first."""
    taken = [marker for marker, (is_in, _) in said.items() if is_in]
    found = {}
    for marker in order:
        runs = [_at(run) for run in finished if run.is_informative(marker)]
        bare = any(marker in run.markers and not run.against_decoys for run in finished)
        stands_in = _stand_in(marker, taken, finished)
        if not runs:
            else_zero = ", or above 0 where there are none" if bare else ""
            found[marker] = (False, f"no run shows it above its decoys{else_zero}")
        elif stands_in:
            other, number = stands_in
            found[marker] = (False, f"interchangeable with {other}, already taken (run {number})")
        else:
            where = f"run{'s' * (len(runs) > 1)} {', '.join(runs)}"
            found[marker] = (True, f"informative in {where}, and nothing taken stands in for it")
            if marker not in said:
                taken.append(marker)
    return found


def _at(run: FinishedRun) -> str:
    return f"{run.number}" if run.against_decoys else f"{run.number} (above 0, no decoys there)"


def _stand_in(
    marker: str, taken: Sequence[str], finished: Sequence[FinishedRun]
) -> tuple[str, int] | None:
    """Return a taken marker that some run calls interchangeable with this one, and the run."""
    for run in finished:
        for group in run.interchangeable:
            if marker in group:
                for other in group:
                    if other != marker and other in taken:
                        return other, run.number
    return None


def ranks_of(
    marker: str, finished: Sequence[FinishedRun], dealt: Sequence[str]
) -> tuple[tuple[int, int], ...]:
    """Return (run number, rank among the run's candidates that are not always on)."""
    return tuple(
        (run.number, run.order(dealt).index(marker) + 1)
        for run in finished
        if marker in run.markers
    )
