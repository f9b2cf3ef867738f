"""How well some trainings do on their held-out cells."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.runs.execute.context import Context
from pxcore.runs.saved.model import load_story, load_tested
from pxcore.runs.saved.ranks import save_performance
from pxcore.runs.tasks import JudgeTask, TrainTask, key
from pxcore.training.performance import performance
from pxcore.types import Performance


def judge(context: Context, task: JudgeTask) -> None:
    """Write the artifact of the performance of some trainings."""
    save_performance(context.folder, performance_of(context, task.trains))


def performance_of(context: Context, trains: Sequence[TrainTask]) -> Performance:
    """Return the performance of finished trainings, in their order."""
    folders = [context.artifacts.folder(key(train)) for train in trains]
    tested = [load_tested(folder) for folder in folders]
    return performance(
        [one.labels for one in tested],
        [one.probability for one in tested],
        [load_story(folder).n_train for folder in folders],
        [len(one.labels) for one in tested],
        n_seeds=len(trains) // len({train.fold for train in trains}),
    )
