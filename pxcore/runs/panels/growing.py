"""Runs that grow: steps whose kind is decided by the results of earlier steps.

Every stage follows from the spec and from stored results alone. So a runner that takes a run up
anew, after a restart or a version, finds the same steps, and what is there is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pxcore.panel.constraints import stains_of
from pxcore.panel.search import finalists, nested_choice
from pxcore.panel.top import top_panel
from pxcore.runs.panels import searching
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.plan import PanelSteps
from pxcore.runs.plan import plan
from pxcore.runs.saved.screen import Screened, load_screened
from pxcore.runs.saved.values import load_values
from pxcore.runs.steps import merged
from pxcore.runs.tasks import ScreenTask, Step, key
from pxcore.store.home import Store
from pxcore.training.metrics import f1_macro
from pxcore.types import RunSpec
from pxcore.types.panel import Constraints, Members, Screen

Found = Callable[[str], Path | None]
"""Where the result of a key lies; None where it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The steps of a run that are known."""

    steps: tuple[Step, ...]
    complete: bool
    """False while results of these steps decide further ones."""


def planned(store: Store, spec: RunSpec, hidden: Collection[str] = ()) -> Planned:
    """Return the steps of a run, with those that stored results decide.

    ``hidden``: keys of results that are looked at as if they were not there. Raises MethodError
    for a method that this version does not have.
    """

    def found(own: str) -> Path | None:
        there = own not in hidden and store.artifacts.has(own)
        return store.artifacts.folder(own) if there else None

    steps, complete = plan(spec), True
    for stage in (_searched, _compared):
        more = stage(found, spec)
        steps = merged(steps, more.steps) if more.steps else steps
        complete = complete and more.complete
    return Planned(steps=steps, complete=complete)


def constraints_of(spec: RunSpec) -> Constraints:
    """Return what a run's question demands of panels; positions in the data set's panel.

    Channels that took no part are in no panel, whoever wrote the question.
    """
    asked, allowed = panel_tasks.asked(spec), panel_tasks.allowed(spec)
    return Constraints(
        must_keep=tuple(sorted({*asked.must_keep, *asked.always})),
        exclude=tuple(c for c in range(len(spec.panel)) if c not in allowed),
        max_stains=asked.most_stains,
    )


def screen_of(spec: RunSpec, found: Sequence[Screened]) -> Screen:
    """Return the screens of all trainings as one, channels as in the data set's panel."""
    seen, n_channels = panel_tasks.allowed(spec), len(spec.panel)
    sets = np.zeros((len(found[0].sets), n_channels), dtype=bool)
    sets[:, list(seen)] = found[0].sets
    return Screen(
        sets=sets,
        valid_f1=np.stack([f1_macro(one.valid_counts) for one in found]),
        test_f1=np.stack([f1_macro(one.test_counts) for one in found]),
        complete=not searching.beams(spec),
    )


def stain_counts(spec: RunSpec, screen: Screen) -> tuple[int, ...]:
    """Return the numbers of stains that searched panels have, ascending."""
    stains = list(stains_of(spec.panel, range(len(spec.panel))))
    return tuple(sorted({int(n) for n in screen.sets[:, stains].sum(axis=1)}))


def leading(spec: RunSpec, folders: Sequence[Path], m: int) -> tuple[Members, ...]:
    """Return for each training the panel with the first ``m`` stains of its own ranking.

    Parameters
    ----------
    folders
        Of the rankings on validation cells, one a training.
    """
    seen, question = panel_tasks.everything(spec), panel_tasks.asked(spec)
    wanted = Constraints(must_keep=question.must_keep)
    chosen = []
    for folder in folders:
        values = np.full(len(spec.panel), np.nan)
        values[list(seen)] = load_values(folder, spec.averaging)[: len(seen)]  # decoys are last
        offered = panel_tasks.allowed(spec)
        chosen.append(top_panel(values.tolist(), spec.panel, m, wanted, offered))
    return tuple(chosen)


def _compared(found: Found, spec: RunSpec) -> Planned:
    """Return the trainings of the first stains of each fold's own rankings."""
    steps, complete = PanelSteps(spec), True
    folders: dict[str, list[Path]] = {}
    for name in panel_tasks.compared_by(spec):
        wanted = [found(key(task)) for task in panel_tasks.rankings(spec, name)]
        there = [folder for folder in wanted if folder is not None]
        if len(there) == len(wanted):
            folders[name] = there
        else:
            complete = False
    for name, m in panel_tasks.asked(spec).compare:
        if name in folders:
            steps.compared(name, m, leading(spec, folders[name], m))
    return Planned(steps=tuple(steps.steps.values()), complete=complete)


def _searched(found: Found, spec: RunSpec) -> Planned:
    """Return what screens decide, as far as they are there: further screens, then trainings."""
    if not panel_tasks.searches(spec):
        return Planned(steps=(), complete=True)

    def load(task: ScreenTask) -> Screened | None:
        folder = found(key(task))
        return None if folder is None else load_screened(folder)

    search, steps = searching.searched(spec, load), PanelSteps(spec)
    steps.screened(search.rounds)
    if search.complete:
        _chosen(spec, screen_of(spec, search.screens), steps)
    return Planned(steps=tuple(steps.steps.values()), complete=search.complete)


def _chosen(spec: RunSpec, screen: Screen, steps: PanelSteps) -> None:
    """Add the trainings of the finalists, and of each fold's own choice of every size."""
    constraints = constraints_of(spec)
    best = finalists(screen, spec.panel, constraints, panel_tasks.asked(spec).finalists)
    steps.panels(best)
    sizes = sorted({len(stains_of(spec.panel, members)) for members in best})
    for size in sizes:
        chosen: tuple[Members, ...] = nested_choice(screen, spec.panel, constraints, size)
        steps.nested(size, chosen)
