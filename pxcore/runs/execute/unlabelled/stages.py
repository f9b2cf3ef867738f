"""Which function carries out which task on cells without labels. Clustering loads no torch."""

from __future__ import annotations

from pxcore.runs.execute.context import Context
from pxcore.runs.unlabelled.tasks import (
    ClusterTask,
    CodesTask,
    EncodeTask,
    ExplainClustersTask,
    MaskCheckTask,
    RankClustersTask,
    RefineTask,
    UnlabelledTask,
)


def stage(context: Context, task: UnlabelledTask) -> None:
    """Do the work of one task."""
    match task:
        case ClusterTask():
            from pxcore.runs.execute.unlabelled.cluster import find_clusters  # noqa: PLC0415

            find_clusters(context, task)
        case EncodeTask():
            from pxcore.runs.execute.unlabelled.encode import train_encoder  # noqa: PLC0415

            train_encoder(context, task)
        case RefineTask():
            from pxcore.runs.execute.unlabelled.encode import refine_encoder  # noqa: PLC0415

            refine_encoder(context, task)
        case CodesTask():
            from pxcore.runs.execute.unlabelled.codes import write_codes  # noqa: PLC0415

            write_codes(context, task)
        case RankClustersTask():
            from pxcore.runs.execute.unlabelled.rank import rank_clusters  # noqa: PLC0415

            rank_clusters(context, task)
        case ExplainClustersTask():
            from pxcore.runs.execute.unlabelled.explain import explain_clusters  # noqa: PLC0415

            explain_clusters(context, task)
        case MaskCheckTask():
            from pxcore.runs.execute.unlabelled.explain import check_maps  # noqa: PLC0415

            check_maps(context, task)
