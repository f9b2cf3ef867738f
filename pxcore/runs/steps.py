"""Steps of a run as they come together: each task once, with every part that it plays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pxcore.runs.tasks import (
    ExplainTask,
    GateTask,
    JointTask,
    Lane,
    ScreenTask,
    Step,
    Task,
    TrainTask,
    key,
    kind,
)
from pxcore.runs.unlabelled.tasks import UNLABELLED, ClusterTask

_CLUSTERED = tuple(one for one in UNLABELLED.values() if one is not ClusterTask)
_HEAVY = (TrainTask, ExplainTask, JointTask, GateTask, ScreenTask, *_CLUSTERED)


def add(
    steps: dict[str, Step], task: Task, part: str, label: str, needs: Iterable[Task | str] = ()
) -> str:
    """Return the key of a step that is added; where it is there, only the part it plays is.

    ``needs``: tasks before it, or their keys.
    """
    own = key(task)
    if own in steps:
        steps[own] = _playing(steps[own], (part,))
        return own
    steps[own] = Step(
        key=own,
        kind=kind(task),
        label=label,
        task=task,
        needs=tuple(dict.fromkeys(n if isinstance(n, str) else key(n) for n in needs)),
        lane=Lane.HEAVY if isinstance(task, _HEAVY) else Lane.LIGHT,
        parts=(part,),
    )
    return own


def merged(first: Sequence[Step], more: Sequence[Step]) -> tuple[Step, ...]:
    """Return both, each task once with the parts of both."""
    found = {step.key: step for step in first}
    for step in more:
        known = found.get(step.key)
        found[step.key] = _playing(known, step.parts) if known else step
    return tuple(found.values())


def _playing(step: Step, parts: tuple[str, ...]) -> Step:
    """Return a step with further parts, each once."""
    return replace(step, parts=tuple(dict.fromkeys((*step.parts, *parts))))
