"""Check the sanity of one method on one trained model."""

from __future__ import annotations

from pxcore.importance.gates import check_gates
from pxcore.importance.methods import METHODS
from pxcore.runs.execute.context import Context
from pxcore.runs.execute.memory import with_smaller_batches
from pxcore.runs.execute.trained import look
from pxcore.runs.saved.evidence import save_gates
from pxcore.runs.tasks import GateTask


def gate(context: Context, task: GateTask) -> None:
    """Write the artifact of a method's sanity checks."""
    method = METHODS[task.explain.method.id]
    with look(context, task.explain) as asked:
        gates, _ = with_smaller_batches(
            lambda size: check_gates(method, asked.with_batches(size)),
            asked.batch_size,
            context.work,
        )
    for found in gates:
        context.work.log(f"{found.id} {'passed' if found.passed else 'FAILED'}: {found.said}")
    save_gates(context.folder, gates)
