"""What a question about smaller panels costs, in plain sentences."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import comb

from pxcore.runs import panel_tasks
from pxcore.runs.tasks import Step
from pxcore.types import RunSpec


def panel_notes(spec: RunSpec, steps: Sequence[Step], to_do: Collection[str]) -> list[str]:
    """Return how many trainings a question needs; [] for a run without one.

    Parameters
    ----------
    steps
        Of the run, as far as they are known.
    to_do
        Keys of those whose result is not there.
    """
    if spec.question is None:
        return []
    trainings = [step for step in steps if panel_tasks.is_training(step.parts)]
    there = sum(step.key not in to_do for step in trainings)
    notes = [f"The question needs {counted(len(trainings))}, {there} of them already there."]
    if panel_tasks.searches(spec):
        n_free, most = len(panel_tasks.optional(spec)), most_finalist_trainings(spec)
        then = f"then its finalists are trained, which is at most {counted(most)} more."
        if not most:
            then = "its finalists are among those trained already."
        notes.append(f"The search looks at {2**n_free:,} panels without training them; {then}")
    elif spec.question.search:
        notes.append("No channel may be in or out, so there is nothing to search.")
    return notes


def most_finalist_trainings(spec: RunSpec) -> int:
    """Return the most trainings that a search can ask for, those known before not counted.

    Of each size the finalists, and in each training its own choice of one panel.
    """
    question, free = panel_tasks.asked(spec), panel_tasks.optional(spec)
    known = [{*panel} for panel in panel_tasks.known_panels(spec)]
    kept = {*panel_tasks.allowed(spec)} - {*free}
    stains = [c for c in kept if not spec.panel.channels[c].role.stain_free]
    n_panels = 0
    for size in range(len(free) + 1):
        if question.most_stains is not None and size + len(stains) > question.most_stains:
            break
        there = sum(panel >= kept and len(panel & {*free}) == size for panel in known)
        empty = size == 0 and not kept
        n_panels += max(0, min(comb(len(free), size) - there - empty, question.finalists + 1))
    return n_panels * spec.n_folds * spec.seeds


def counted(n_trainings: int) -> str:
    """Return ``1 training`` or ``1,200 trainings``."""
    return f"{n_trainings:,} training{'' if n_trainings == 1 else 's'}"
