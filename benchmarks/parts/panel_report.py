"""The counts of many seeds of panel advice, as markdown: what was advised against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import binomtest

from benchmarks.parts.panel_seed import Record
from benchmarks.parts.panel_told import PANEL, advised, error, fresh
from pxcore.panel.constraints import stains_of
from pxcore.types.panel import PanelAdvice

NEEDED, COPIES, PAIR = {"Place"}, {"Amount", "Amount copy"}, {"Pair 1", "Pair 2"}
SPARE = {"Bright", "Empty"}
N_STAINS = 7
Judge = Callable[[set[str]], bool]
Told = tuple[Record, PanelAdvice]


def report(records: Sequence[Record], margins: Sequence[float]) -> str:
    """Return all that the records say, a table with a column a margin."""
    if not records:
        return "No seed is there yet."
    columns = [
        _column([(one, advised(one, margin)) for one in records], margin) for margin in margins
    ]
    head = " | ".join(f"margin {margin:g}" for margin in margins)
    rows = [f"| of {len(records)} seeds | {head} |", f"| --- |{' --- |' * len(margins)}"]
    rows += [
        f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]
    ]
    return "\n\n".join(["\n".join(rows), _screen(records), _costs(records)])


def _column(told: Sequence[Told], margin: float) -> dict[str, str]:
    """Return shares and losses at one margin, by what they are of."""
    panels = [_stains(advice) for _, advice in told]
    smaller = [panel for panel in panels if panel and len(panel) < N_STAINS]
    tests: dict[str, Judge] = {
        "fewer stains than all recommended": lambda p: 0 < len(p) < N_STAINS,
        "the planted minimal panel recommended": planted,
        "not both of the marker and its copy": lambda p: bool(p) and not p >= COPIES,
        "the pair kept whole": lambda p: p >= PAIR,
        "the place marker kept": lambda p: p >= NEEDED,
        "no stain recommended that knows nothing": lambda p: bool(p) and not p & SPARE,
    }
    found = {name: share(sum(map(judge, panels)), len(panels)) for name, judge in tests.items()}
    sizes = Counter(len(panel) for panel in smaller)
    found["stains of those panels"] = (
        ", ".join(f"{size} in {n}" for size, n in sorted(sizes.items())) or "none"
    )
    losses = [(_lost(*one), panel) for one, panel in zip(told, panels, strict=True) if panel]
    own = [loss for loss, panel in losses if len(panel) < N_STAINS]
    for name, some in (("", [loss for loss, _ in losses]), (", where stains are left out", own)):
        against = share(sum(loss > margin for loss in some), len(some))
        found[f"recommendations that fresh cells contradict{name}"] = against
    lost = f"median {np.median(own):.3f}, {min(own):.3f} to {max(own):.3f}" if own else ""
    found["F1 lost on fresh cells by those"] = lost
    return found


def _stains(advice: PanelAdvice) -> set[str]:
    """Return the stains of the recommended panel by name; none where there is none."""
    best = advice.recommended
    if best is None:
        return set()
    return {PANEL.names[c] for c in stains_of(PANEL, best.members)}


def _lost(record: Record, advice: PanelAdvice) -> float:
    """Return F1 of the full panel less that of the recommended one, on fresh cells."""
    assert advice.recommended is not None
    mine, full = fresh(record, advice.recommended.members), fresh(record, advice.full.members)
    assert mine is not None, (
        f"seed {record['seed']}: no fresh cells for {advice.recommended.members}"
    )
    assert full is not None
    return full - mine


def planted(panel: set[str]) -> bool:
    """Return whether a panel is the place marker, one of the two amounts, and the pair."""
    return len(panel) == 4 and panel >= NEEDED | PAIR and len(panel & COPIES) == 1


def share(hits: int, n: int) -> str:
    """Return ``95.0 % (19 of 20; 76.4 to 99.1)`` with Wilson's 95 % interval."""
    if n == 0:
        return "no case"
    low, high = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return f"{100 * hits / n:.1f} % ({hits} of {n}; {100 * low:.1f} to {100 * high:.1f})"


def _screen(records: Sequence[Record]) -> str:
    """Return how far screens were from retrained models."""
    errors = [error(record) for record in records]
    mean = np.array([one.mean for one in errors])
    farthest = np.abs([one.largest for one in errors])
    return (
        f"Screened less retrained F1, the same test cells: mean {mean.mean():+.3f} "
        f"({mean.min():+.3f} to {mean.max():+.3f} over seeds), the farthest panel of a seed "
        f"{np.median(farthest):.3f} in the median, {farthest.max():.3f} at most "
        f"({errors[0].n_panels} panels or so a seed)."
    )


def _costs(records: Sequence[Record]) -> str:
    """Return F1 of the full panels, trainings and time."""
    f1 = np.array([np.mean(record["trials"][0]["f1"]) for record in records])  # type: ignore[index]
    spent = np.array([record["seconds"] for record in records], dtype=float)
    trained = np.array([record["trainings"] for record in records], dtype=int)
    return (
        f"F1-macro of the full panel {np.median(f1):.3f} ({f1.min():.3f} to {f1.max():.3f}); "
        f"{np.median(trained):.0f} trainings a seed, {np.median(spent):.0f} s of processor time."
    )
