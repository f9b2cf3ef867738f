"""The counts of many seeds of panel advice, as markdown: what was advised against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import binomtest

NEEDED, COPIES, PAIR = {"Place"}, {"Amount", "Amount copy"}, {"Pair 1", "Pair 2"}
SPARE = {"Bright", "Empty"}
Record = dict[str, object]
Judge = Callable[[set[str]], bool]


def report(records: Sequence[Record], margin: float) -> str:
    """Return all that the records say."""
    if not records:
        return "No seed is there yet."
    advised = [record for record in records if record["recommended"] is not None]
    panels = [{*record["recommended"]} for record in advised]  # type: ignore[misc]
    tests: list[tuple[str, Judge]] = [
        ("the planted minimal panel recommended", planted),
        ("the copy dropped: not both of the marker and its copy", lambda p: not p >= COPIES),
        ("the pair kept whole", lambda p: p >= PAIR),
        ("nothing recommended that knows nothing", lambda p: not p & SPARE),
    ]
    rows = ["| of all seeds | share (95 %) |", "| --- | --- |"]
    rows.append(f"| some panel recommended | {share(len(advised), len(records))} |")
    rows += [
        f"| {name} | {share(sum(map(judge, panels)), len(records))} |" for name, judge in tests
    ]
    rows += _fresh(advised, margin)
    return "\n\n".join(["\n".join(rows), _found(panels), _screen(records), _costs(records)])


def planted(panel: set[str]) -> bool:
    """Return whether a panel is the place marker, one of the two amounts, and the pair."""
    return len(panel) == 4 and panel >= NEEDED | PAIR and len(panel & COPIES) == 1


def share(hits: int, n: int) -> str:
    """Return ``95.0 % (19 of 20; 76.4 to 99.1)`` with Wilson's 95 % interval."""
    if n == 0:
        return "no case"
    low, high = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return f"{100 * hits / n:.1f} % ({hits} of {n}; {100 * low:.1f} to {100 * high:.1f})"


def _fresh(advised: Sequence[Record], margin: float) -> list[str]:
    """Return what fresh cells say of the recommendations."""
    loss = fresh_losses(advised)
    smaller = np.array([len(record["recommended"]) < 7 for record in advised])  # type: ignore[arg-type]
    against = int((loss > margin).sum())
    counted = share(against, len(loss))
    rows = [f"| recommendations that fresh cells contradict, at most 5 % | {counted} |"]
    if smaller.any():
        low, mid, high = np.quantile(loss[smaller], [0, 0.5, 1])
        rows.append(
            f"| F1 that the full panel has more than the recommended one, fresh cells | median "
            f"{mid:.3f}, {low:.3f} to {high:.3f} |"
        )
    return rows


def fresh_losses(advised: Sequence[Record]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return (n,) F1 of the full panel less that of the recommended one, on fresh cells."""
    fresh = [record["fresh"] for record in advised]
    return np.array([np.mean(one["full"]) - np.mean(one["recommended"]) for one in fresh])  # type: ignore[index,call-overload]


def _found(panels: Sequence[set[str]]) -> str:
    """Return how often each panel was recommended."""
    often = Counter(", ".join(sorted(panel)) for panel in panels).most_common()
    return "Recommended: " + "; ".join(f"{panel} ({n})" for panel, n in often) + "."


def _screen(records: Sequence[Record]) -> str:
    """Return how far screens were from retrained models."""
    errors = np.array([record["screen_error"] for record in records], dtype=float)  # (S, 4)
    mean, farthest = errors[:, 0], np.abs(errors[:, 1])
    return (
        f"Screened less retrained F1, the same test cells: mean {mean.mean():+.3f} "
        f"({mean.min():+.3f} to {mean.max():+.3f} over seeds), the farthest panel of a seed "
        f"{np.median(farthest):.3f} in the median, {farthest.max():.3f} at most; rank correlation "
        f"of the retrained panels {np.median(errors[:, 2]):.2f}."
    )


def _costs(records: Sequence[Record]) -> str:
    """Return F1 of the full panels, trainings and time."""
    f1 = np.array([record["full_f1"] for record in records], dtype=float)
    spent = np.array([record["seconds"] for record in records], dtype=float)
    trained = np.array([record["trainings"] for record in records], dtype=int)
    return (
        f"F1-macro of the full panel {np.median(f1):.3f} ({f1.min():.3f} to {f1.max():.3f}); "
        f"{np.median(trained):.0f} trainings a seed, {np.median(spent):.0f} s of processor time."
    )
