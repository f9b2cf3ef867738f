"""What a question about smaller panels costs, in plain sentences and in tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import comb

from pxcore.panel import beam
from pxcore.panel.constraints import stains_of
from pxcore.panel.orders import subsets_of
from pxcore.runs.panels import searching
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.tasks import Step, Task
from pxcore.types import RunSpec


def panel_notes(
    spec: RunSpec, steps: Sequence[Step], to_do: Collection[str], *, complete: bool = False
) -> list[str]:
    """Return how many trainings a question needs; [] for a run without one.

    Parameters
    ----------
    steps
        Of the run, as far as they are known.
    to_do
        Keys of those whose result is not there.
    complete
        Whether these are all: earlier results decided the rest.
    """
    if spec.question is None:
        return []
    trainings = [step for step in steps if panel_tasks.is_training(step.parts)]
    there = sum(step.key not in to_do for step in trainings)
    notes = [f"The question needs {counted(len(trainings))}, {there} of them already there."]
    full = panel_tasks.trains(spec, panel_tasks.everything(spec))
    if spec.decoys and any(step.key in to_do and step.task in full for step in trainings):
        notes.append(
            "All channels are trained again too: the models of this run saw decoys beside them, "
            "and no panel has decoys."
        )
    if spec.question.orders:
        wanted = subsets_of(panel_tasks.everything(spec), spec.question.orders)
        notes.append(
            f"Its removal orders have {wanted.asked:,} steps, but only {len(wanted.members):,} "
            "different panels: each is trained once in each fold."
        )
    if complete and (panel_tasks.searches(spec) or spec.question.compare):
        notes.append("Which panels are trained is known from earlier answers, all are counted.")
    elif panel_tasks.searches(spec):
        n_free, most = len(panel_tasks.optional(spec)), most_finalist_trainings(spec)
        then = f"then its finalists are trained, which is at most {counted(most)} more."
        if not most:
            then = "its finalists are among those trained already."
        if searching.beams(spec):
            drawn = len(searching.first_round(spec)[0].sets)
            looked = (
                f"{n_free} channels have more panels than can all be looked at, so a search goes "
                f"down from all of them and looks at {drawn + most_searched(spec):,} at most, "
                "without training them; it may miss a better one"
            )
        else:
            looked = f"The search looks at {2**n_free:,} panels without training them"
        notes.append(f"{looked}; {then}")
    elif spec.question.search:
        notes.append("No channel may be in or out, so there is nothing to search.")
    if spec.question.compare and not complete:
        notes.append(
            f"The comparison needs at most {counted(_most_compared(spec))} more, one for each fold "
            "and number of stains of a ranking; equal panels are trained once."
        )
    return notes


def later(spec: RunSpec) -> Iterator[tuple[int, Task]]:
    """Yield what results may still decide, at most: how many tasks of about which work."""
    if spec.question is None:
        return
    kept, free = _kept(spec), panel_tasks.optional(spec)
    n_trainings = spec.n_folds * spec.seeds
    if panel_tasks.searches(spec):
        for size, n_panels in _finalist_panels(spec):
            members = tuple(sorted((*kept, *free[:size])))
            yield n_panels * n_trainings, panel_tasks.trains(spec, members)[0]
        if searching.beams(spec):
            sets = ((),) * most_searched(spec)  # their number alone decides the work
            yield n_trainings, panel_tasks.screens(spec, sets)[0]
    stains = stains_of(spec.panel, panel_tasks.allowed(spec))
    always = tuple(c for c in panel_tasks.allowed(spec) if c not in stains)
    for _, m in spec.question.compare:
        if m < len(stains):
            members = tuple(sorted((*always, *stains[:m])))
            yield n_trainings, panel_tasks.trains(spec, members)[0]


def most_finalist_trainings(spec: RunSpec) -> int:
    """Return the most trainings that a search can ask for, those known before not counted.

    Of each size the finalists, and in each training its own choice of one panel.
    """
    return sum(n for _, n in _finalist_panels(spec)) * spec.n_folds * spec.seeds


def most_searched(spec: RunSpec) -> int:
    """Return the most panels that a beam looks at beyond those of its first round."""
    return beam.most_sets(len(panel_tasks.optional(spec)), spec.n_folds * spec.seeds)


def counted(n_trainings: int) -> str:
    """Return ``1 training`` or ``1,200 trainings``."""
    return f"{n_trainings:,} training{'' if n_trainings == 1 else 's'}"


def _finalist_panels(spec: RunSpec) -> Iterator[tuple[int, int]]:
    """Yield the number of optional channels, and how many panels of it may have to be trained."""
    question, free, kept = panel_tasks.asked(spec), panel_tasks.optional(spec), _kept(spec)
    known = [{*panel} for panel in panel_tasks.known_panels(spec)]
    stains = stains_of(spec.panel, kept)
    for size in range(len(free) + 1):
        if question.most_stains is not None and size + len(stains) > question.most_stains:
            break
        there = sum(panel >= {*kept} and len(panel & {*free}) == size for panel in known)
        empty = size == 0 and not kept
        yield size, max(0, min(comb(len(free), size) - there - empty, question.finalists + 1))


def _most_compared(spec: RunSpec) -> int:
    n_stains = len(stains_of(spec.panel, panel_tasks.allowed(spec)))
    fewer = sum(m < n_stains for _, m in panel_tasks.asked(spec).compare)
    return fewer * spec.n_folds * spec.seeds


def _kept(spec: RunSpec) -> tuple[int, ...]:
    """Return the channels that every searched panel has."""
    free = panel_tasks.optional(spec)
    return tuple(c for c in panel_tasks.allowed(spec) if c not in free)
