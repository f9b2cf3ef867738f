"""The panel page's door in memory: made-up trials and screens, the real advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import tests.example_values as ex
from pxcore.doors.panels import Panels
from pxcore.errors import PanelError, RunError
from pxcore.panel.constraints import stain_free, stains_of
from pxcore.panel.curves import removal_curve
from pxcore.panel.descent import PanelEvidence
from pxcore.panel.orders import removal_orders
from pxcore.panel.search import screen_error
from pxcore.runs.panels.answers import PanelAnswer
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.result import PanelFindings
from pxcore.runs.panels.words import advice_json
from pxcore.types import Estimate, Panel
from pxcore.types.panel import (
    Beside,
    Compared,
    Constraints,
    Members,
    PanelQuestion,
    PanelTrial,
    Screen,
)
from tests.panel.made_trials import FOLD_LEVEL, SIZES, blind, phase, screen_of, subsets, trial

WORTH = (0.3, 0.1, 0.0, 0.05)
"""Of the stains in panel order; further ones are worth nothing."""


@dataclass
class FakePanels:
    """Findings by run; what the page asked for is kept in ``asked``, its answer is ``r9``."""

    found: dict[str, PanelFindings] = field(default_factory=dict)
    refusal: str = ""
    asked: list[tuple[str, PanelAsk]] = field(default_factory=list)
    answered: tuple[PanelAnswer, ...] = ()
    nothing_new: bool = False

    def question(
        self,
        constraints: Constraints,
        *,
        search: bool = True,
        curves: tuple[str, ...] = (),
        ticked: tuple[Members, ...] = (),
        finalists: int = 2,
        compare: tuple[tuple[str, int], ...] = (),
    ) -> PanelAsk:
        return PanelAsk(
            constraints=constraints,
            search=search,
            finalists=finalists,
            curves=curves,
            ticked=ticked,
            compare=compare,
        )

    def ask(self, run_id: str, ask: PanelAsk, owner: str = "") -> str:
        self.asked.append((run_id, ask))
        return "r9"

    def asks_anew(self, run_id: str, ask: PanelAsk) -> bool:
        return not self.nothing_new

    def estimate(self, run_id: str, ask: PanelAsk) -> Estimate:
        if self.refusal:
            raise PanelError(self.refusal)
        notes = ("12 trainings at most.",)
        return Estimate(tasks=21, cached=9, seconds=240.0, seconds_more=300.0, notes=notes)

    def answers(self) -> tuple[PanelAnswer, ...]:
        return self.answered

    def findings(self, run_id: str) -> PanelFindings:
        if run_id not in self.found:
            message = f"run {run_id!r} was not asked about smaller panels"
            raise RunError(message)
        return self.found[run_id]

    def advice_json(self, run_id: str, constraints: Constraints) -> Mapping[str, object]:
        found = self.findings(run_id)
        return advice_json(found, found.advice(constraints))

    table, tables, parquet = Panels.table, Panels.tables, Panels.parquet

    def what_if(self, run_id: str, members: Members) -> tuple[float, float] | None:
        return Panels.what_if(self, run_id, members)  # type: ignore[arg-type]


def findings(
    panel: Panel = ex.PANEL,
    classes: Sequence[str] = ex.CLASSES,
    *,
    worth: Sequence[float] = WORTH,
    searched: bool = True,
    curves: bool = True,
) -> PanelFindings:
    """Return what a run found whose stains are worth ``worth``, the last half never retrained."""

    def f1(members: Members) -> float:
        have = {*members}
        stains = stains_of(panel, range(len(panel)))
        return 0.45 + sum(w for c, w in zip(stains, worth, strict=False) if c in have)

    sets = subsets(panel)
    every = {m: _trial(m, f1(m), len(classes)) for m in sets}
    full = every[tuple(range(len(panel)))]
    kept = every if searched else {m: t for m, t in every.items() if len(m) >= len(panel) - 1}
    screen: Screen | None = screen_of(panel, f1, off=-0.01) if searched else None
    order = removal_orders(
        {"PXPermute": [f1((c,)) for c in range(len(panel))]},
        stains_of(panel, full.members), 3, np.random.default_rng(1),
    )  # fmt: skip
    spec = replace(
        ex.spec(panel, tuple(classes)),
        title="Rank, panel advice",
        question=PanelQuestion(always=stain_free(panel), search=searched),
    )
    trials = tuple(kept.values())
    return PanelFindings(
        run_id="answered",
        spec=spec,
        evidence=PanelEvidence(
            panel=panel,
            full=full,
            trials=trials,
            sizes=SIZES,
            screen=screen,
            nested=blind(screen, panel, every) if screen is not None else (),
            named=() if searched else tuple(kept),
            classes=tuple(classes),
        ),
        curves=tuple(removal_curve(one, full.members, every, SIZES) for one in order)
        if curves
        else (),
        screen=screen,
        screen_error=None if screen is None else screen_error(screen, trials),
        trained=40,
        reused=15,
        compared=_compared(every, full, panel),
    )


def _compared(
    every: Mapping[Members, PanelTrial], full: PanelTrial, panel: Panel
) -> tuple[Compared, ...]:
    """Return the first one and two stains of a ranking whose last fold differs, and a named one."""
    free, stains = stain_free(panel), stains_of(panel, full.members)
    found = [Compared(what=Beside.STAIN_FREE, trial=every[free])] if free else []
    if len(stains) > 1:
        tops = [tuple(sorted((*free, *chosen))) for chosen in (stains[:1], stains[1:2])]
        own = replace(every[tops[0]], nested=True, chosen=(*(tops[0],) * 4, tops[1]))
        found += [
            Compared(what=Beside.LEADING, trial=own, method="PXPermute", top=1),
            Compared(what=Beside.TICKED, trial=every[tops[1]]),
        ]
    return (*found, Compared(what=Beside.ALL, trial=full))


def _trial(members: Members, worth: float, n_classes: int) -> PanelTrial:
    folds = worth + FOLD_LEVEL + phase(members)
    return trial(members, folds, [folds] * n_classes)
