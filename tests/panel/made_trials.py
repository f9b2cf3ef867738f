"""Made-up trials of panels, and a small world in which the truth about panels is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from pxcore.evaluation.values import Sizes
from pxcore.panel.constraints import as_members, stains_of
from pxcore.panel.descent import PanelEvidence
from pxcore.panel.search import most_chosen, nested_choice
from pxcore.types import Array, Channel, Interval, Panel, Role
from pxcore.types.panel import Constraints, Members, PanelTrial, Screen

J = 5
SIZES = Sizes(n_train=(400,) * J, n_test=(100,) * J)
FOLD_LEVEL = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
"""Hard and easy folds: cancels in every paired difference."""
WIGGLE = np.array([0.002, -0.002, 0.001, -0.001, 0.0])


def trial(
    members: Members,
    folds: Sequence[float] | Array,
    classes: Sequence[Sequence[float] | Array] | None = None,
    sizes: Sizes = SIZES,
    label: str = "",
) -> PanelTrial:
    f1 = sizes.interval(np.asarray(folds, dtype=float), bounds=(0, 1))
    per_class = (folds, folds) if classes is None else classes
    return PanelTrial(
        members=members,
        f1_macro=f1,
        f1_micro=f1,
        f1_per_class=tuple(
            sizes.interval(np.asarray(k, dtype=float), bounds=(0, 1)) for k in per_class
        ),
        label=label,
    )


def panel(n_stains: int, n_free: int = 1, costs: Sequence[float] | None = None) -> Panel:
    """Return stain-free channels first, then stains S0, S1, ... that cost 10 each."""
    costs = [10.0] * n_stains if costs is None else costs
    free = [Channel(name=f"BF{i}", role=Role.BRIGHTFIELD) for i in range(n_free)]
    return Panel((*free, *(Channel(name=f"S{i}", cost=c) for i, c in enumerate(costs))))


def subsets(panel: Panel) -> list[Members]:
    """Return every set of stains with all stain-free channels, the smallest first."""
    free = [i for i, c in enumerate(panel.channels) if c.role.stain_free]
    stains = [i for i, c in enumerate(panel.channels) if not c.role.stain_free]
    sets = [
        tuple(sorted((*free, *chosen)))
        for size in range(len(stains) + 1)
        for chosen in combinations(stains, size)
    ]
    return [members for members in sets if members]


def phase(members: Members) -> Array:
    """Return (J,) in ±0.002 that differs between panels, so that no difference lacks spread."""
    return np.roll(WIGGLE, sum(3**m for m in members) % J)


def world(panel: Panel, worth: Callable[[Members], float]) -> dict[Members, PanelTrial]:
    """Return a trial of every set whose F1 is ``worth`` of it, but for folds."""
    return {m: trial(m, worth(m) + FOLD_LEVEL + phase(m)) for m in subsets(panel)}


def screen_of(panel: Panel, worth: Callable[[Members], float], off: float = 0.0) -> Screen:
    """Return a screen that knows the worth of every set; its test F1 is off by ``off``."""
    sets = subsets(panel)
    shown = np.zeros((len(sets), len(panel)), dtype=bool)
    for row, members in zip(shown, sets, strict=True):
        row[list(members)] = True
    valid = np.array([worth(m) for m in sets]) + FOLD_LEVEL[:, None]  # (J, S)
    return Screen(sets=shown, valid_f1=valid, test_f1=valid + off, complete=True)


def blind(
    screen: Screen, of: Panel, trials: dict[Members, PanelTrial], sizes: Sizes = SIZES
) -> tuple[PanelTrial, ...]:
    """Return of every number of stains how each fold does with its own choice."""
    counts = sorted({len(stains_of(of, as_members(row))) for row in screen.sets})
    return tuple(
        nested_trial(nested_choice(screen, of, Constraints(), size), trials, sizes)
        for size in counts
    )


def evidence_of(panel: Panel, worth: Callable[[Members], float]) -> PanelEvidence:
    """Return a world, screened and asked blind, as a run would find it."""
    trials, screen = world(panel, worth), screen_of(panel, worth)
    return PanelEvidence(
        panel=panel,
        full=trials[tuple(range(len(panel)))],
        trials=tuple(trials.values()),
        sizes=SIZES,
        nested=blind(screen, panel, trials),
        screen=screen,
    )


def nested_trial(
    chosen: Sequence[Members], trials: Mapping[Members, PanelTrial], sizes: Sizes
) -> PanelTrial:
    """Return how well the way of choosing does: each fold judged with its own panel."""
    own = [trials[members] for members in chosen]

    def across(values: Sequence[Interval]) -> Interval:
        folds = [value.folds[j] for j, value in enumerate(values)]
        return sizes.interval(
            np.asarray([math.nan if f is None else f for f in folds]), bounds=(0.0, 1.0)
        )

    return PanelTrial(
        members=most_chosen(chosen),
        f1_macro=across([trial.f1_macro for trial in own]),
        f1_micro=across([trial.f1_micro for trial in own]),
        f1_per_class=tuple(
            across(column) for column in zip(*(t.f1_per_class for t in own), strict=True)
        ),
        nested=True,
        chosen=tuple(chosen),
    )
