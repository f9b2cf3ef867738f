"""Combine the folds of one method: ranking, stability, and the models' performance."""

from __future__ import annotations

from pxcore.importance.fold import combine
from pxcore.importance.rank_ranges import Draws
from pxcore.importance.ranking import rank as rank_channels
from pxcore.importance.stability import stability
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.judge import performance_of
from pxcore.runs.saved.ranks import Ranked, save_ranked
from pxcore.runs.saved.scores import load_scores
from pxcore.runs.tasks import RankTask, key


def rank(context: Context, task: RankTask) -> None:
    """Write the artifact of one method's ranking."""
    find = context.artifacts.folder
    loaded = [load_scores(find(key(explain))) for explain in task.explains]
    folds, n_train = [scores for scores, _ in loaded], [number for _, number in loaded]
    context.work.tell("combining folds", 0.2, at_once=True)
    fold_of = [explain.train.fold for explain in task.explains]
    importance = combine(folds, n_train)
    ranking = rank_channels(
        importance,
        folds,
        draws=Draws(seed=task.seed),
        fold_of=fold_of,
        decoys=task.explains[0].train.decoy_positions,
        averaging=task.averaging,
    )
    context.work.check()
    context.work.tell("performance", 0.8, at_once=True)
    ranked = Ranked(
        ranking=ranking,
        importance=importance,
        stability=stability(importance, ranking.small_classes),
        performance=performance_of(context, [explain.train for explain in task.explains]),
    )
    save_ranked(context.folder, ranked)
