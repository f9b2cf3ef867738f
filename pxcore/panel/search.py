"""Searching all panels: which to score, which to retrain, and how far the scores are off.

A model with channel dropout scores panels without retraining (``Screen``). Panels are chosen by
the F1-macro on **validation** cells; only retrained numbers enter verdicts. The nested choice goes
further: what is chosen for a fold rests on that fold's own validation cells alone, because the
validation cells of the other folds are its test cells. Judging those panels on the fold's test
cells therefore judges the whole way of choosing. (A beam search looks at sets that any fold leads
to; the choice among them is still the fold's own.)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from pxcore.errors import PanelError
from pxcore.panel.constraints import as_members, as_sets, cost_of, fitting, real_channels, stains_of
from pxcore.types import Array, Panel
from pxcore.types.panel import Constraints, Members, PanelTrial, Screen, ScreenError

MOST_OPTIONAL = 14
"""Channels up to which all 2^n panels are looked at; beyond, see ``pxcore.panel.beam``."""


def candidate_sets(n_channels: int, optional: Members, pinned: Members = ()) -> Array:
    """Return (S, C) bool: ``pinned`` with every subset of ``optional``, in ascending order.

    In this order neighbours share their first channels, which is what makes scoring fast. The
    empty panel is left away.

    Raises
    ------
    PanelError
        For more optional channels than can all be combined.

    Examples
    --------
    >>> candidate_sets(3, optional=(0, 2), pinned=(1,)).astype(int).tolist()
    [[0, 1, 0], [0, 1, 1], [1, 1, 0], [1, 1, 1]]
    """
    if len(optional) > MOST_OPTIONAL:
        message = (
            f"{len(optional)} optional channels have 2^{len(optional)} panels; expected at most "
            f"{MOST_OPTIONAL} to look at all of them: pin some, or search with a beam"
        )
        raise PanelError(message)
    places = np.sort(np.asarray(optional, dtype=int))
    shifts = np.arange(len(places))[::-1]
    bits = (np.arange(2 ** len(places))[:, None] >> shifts) & 1  # (S, n)
    sets = np.zeros((len(bits), n_channels), dtype=bool)
    sets[:, places] = bits.astype(bool)
    sets[:, list(pinned)] = True
    sets = sets[sets.any(axis=1)]
    return np.asarray(sets[np.lexsort(sets.T[::-1])])


def finalists(
    screen: Screen, panel: Panel, constraints: Constraints, per_size: int
) -> tuple[Members, ...]:
    """Return the best panels of each number of stains by mean validation F1, largest first.

    Within a size the best comes first; of equals the cheaper, then the first in panel order. A
    panel that any fold could not score is no finalist.
    """
    scores = screen.valid_f1.mean(axis=0)  # (S,)
    chosen: list[Members] = []
    for rows in rows_by_size(screen, panel, constraints).values():
        best = _best(rows, scores, per_size, screen, panel)
        chosen += [as_members(screen.sets[row]) for row in best]
    return tuple(chosen)


def nested_choice(
    screen: Screen, panel: Panel, constraints: Constraints, size: int
) -> tuple[Members, ...]:
    """Return for each training the panel of ``size`` stains best on its own validation cells.

    Raises
    ------
    PanelError
        When no searched panel of that size is within the constraints, or a training has no score
        of any.
    """
    rows = rows_by_size(screen, panel, constraints).get(size, [])
    chosen = [_best(rows, own, 1, screen, panel) for own in screen.valid_f1]
    if not all(chosen):
        message = (
            f"no panel of {size} stains within the constraints was searched in every fold; "
            f"expected at least one among the {len(screen.sets)} panels: loosen the constraints"
        )
        raise PanelError(message)
    return tuple(as_members(screen.sets[row]) for (row,) in chosen)


def most_chosen(chosen: Sequence[Members]) -> Members:
    """Return the panel that most trainings chose; of equals the first in panel order.

    >>> most_chosen(((0, 2), (0, 1), (0, 2), (0, 1), (3,)))
    (0, 1)
    """
    often = Counter(chosen)
    return min(often, key=lambda members: (-often[members], members))


def screened(screen: Screen, members: Members) -> float:
    """Return a panel's mean validation F1, or -inf where it was not searched in every fold."""
    row = row_of(screen, members)
    value = -math.inf if row is None else float(screen.valid_f1[:, row].mean())
    return -math.inf if math.isnan(value) else value


def screen_error(screen: Screen, trials: Sequence[PanelTrial]) -> ScreenError:
    """Return how far screened F1 is from retrained F1, on the same test cells.

    For each retrained panel, screened - retrained is averaged over the folds that have both;
    ``mean`` is over panels, ``largest`` the one farthest from 0, with its sign. Both are NaN where
    no panel was both screened and retrained.
    """
    means = []
    for trial in trials:
        row = row_of(screen, trial.members)
        if row is None or trial.nested:
            continue
        retrained = np.array([np.nan if f is None else f for f in trial.f1_macro.folds])
        both = np.stack([screen.test_f1[:, row], retrained])  # (2, J)
        both = both[:, ~np.isnan(both).any(axis=0)]
        if both.size:
            means.append(both.mean(axis=1))
    if not means:
        return ScreenError(mean=math.nan, largest=math.nan, n_panels=0, rank_correlation=math.nan)
    pairs = np.array(means)  # (panels, 2)
    error = pairs[:, 0] - pairs[:, 1]
    return ScreenError(
        mean=float(error.mean()),
        largest=float(error[np.abs(error).argmax()]),
        n_panels=len(pairs),
        rank_correlation=_spearman(pairs),
    )


def rows_by_size(screen: Screen, panel: Panel, asked: Constraints) -> dict[int, list[int]]:
    """Return the rows of panels within the constraints by number of stains, largest first."""
    stains = list(stains_of(panel, real_channels(panel)))
    counts = screen.sets[:, stains].sum(axis=1)
    rows: dict[int, list[int]] = {size: [] for size in sorted({*counts.tolist()}, reverse=True)}
    for row in np.flatnonzero(fitting(panel, asked, screen.sets)):
        rows[int(counts[row])].append(int(row))
    return {size: found for size, found in rows.items() if found}


def _best(rows: Sequence[int], scores: Array, most: int, screen: Screen, panel: Panel) -> list[int]:
    """Return the ``most`` rows with the highest score, the best first; NaN is no score."""
    known = np.asarray(rows, dtype=int)
    known = known[~np.isnan(scores[known])]
    if not len(known) or most < 1:
        return []
    # Only what can be among the best is ordered in full: there may be thousands of a size.
    bar = np.sort(scores[known])[-min(most, len(known))]

    def key(row: int) -> tuple[float, float, Members]:
        members = as_members(screen.sets[row])
        return (-float(scores[row]), cost_of(panel, members), members)

    return sorted((int(row) for row in known[scores[known] >= bar]), key=key)[:most]


def row_of(screen: Screen, members: Members) -> int | None:
    """Return the row of a panel in the screen; None where it was not looked at."""
    same = (screen.sets == as_sets([members], screen.sets.shape[1])).all(axis=1)
    return int(same.argmax()) if same.any() else None


def _spearman(pairs: Array) -> float:
    """Return the rank correlation of (n, 2) values; NaN for fewer than three, or without spread."""
    if len(pairs) < 3 or (np.ptp(pairs, axis=0) == 0).any():
        return math.nan
    from scipy.stats import spearmanr  # noqa: PLC0415 - every process plans runs, few correlate

    return float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic)
