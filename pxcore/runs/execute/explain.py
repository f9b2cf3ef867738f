"""Score the channels of one trained model on the cells it never saw."""

from __future__ import annotations

from pxcore.importance.methods import METHODS
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.trained import look
from pxcore.runs.saved.scores import save_scores
from pxcore.runs.tasks import ExplainTask


def explain(context: Context, task: ExplainTask) -> None:
    """Write the artifact of one method on one trained model."""
    method = METHODS[task.method.id]
    with look(context, task) as asked:
        scores, _ = with_smaller_batches(
            lambda size: method.explain(asked.with_batches(size)), asked.batch_size, context.work
        )
    for note in scores.notes:
        context.work.log(note)
    context.work.log(f"{scores.n_repeats} repeats of {len(scores.labels)} cells")
    save_scores(context.folder, scores, asked.n_train, asked.device)
