"""The figures of a finished run, by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pxcore.plots import curves, guards, matrix, ranking, redundancy
from pxcore.plots import where as places
from pxcore.plots.curves import Curve
from pxcore.plots.rows import PRINTED, rows_of, usual
from pxcore.plots.style import LIGHT
from pxcore.plots.unlearned import why_untold
from pxcore.reports.parts import file_stem
from pxcore.types import RunResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["run_figures"]


def run_figures(run: RunResult, learned: Sequence[Curve]) -> Iterator[tuple[str, go.Figure]]:
    """Yield every figure of a run, names of files without their ending.

    Of a large panel they draw the first channels of the ranking; the tables have all.

    Parameters
    ----------
    learned
        Learning curves, a training each.
    """
    rows = usual(run.panel, PRINTED)
    for method in run.methods:
        name = file_stem(method.method)
        yield f"ranking_{name}", ranking.ranking_dots(run.panel, method, LIGHT, rows)
        yield f"heat_map_{name}", matrix.heat_map(run.panel, run.spec.classes, method, LIGHT, rows)
        if method.stability is not None:
            shown = rows_of(run.panel, method.ranking, rows)
            yield f"stability_{name}", curves.stability(run.panel, method, LIGHT, shown)
    yield "confusion", matrix.confusion(run.performance, run.spec.classes, LIGHT)
    yield "learning", curves.learning(learned, LIGHT)
    yield from _evidence(run)


def _evidence(run: RunResult) -> Iterator[tuple[str, go.Figure]]:
    """Yield the figures of what stands beside the rankings, where the run has it.

    Where the models have not learned, those that would show chance as a finding are left out.
    """
    shown = rows_of(run.panel, run.methods[0].ranking, usual(run.panel, PRINTED))
    learned = not why_untold(run)
    if run.where is not None and learned:
        yield "where", places.where_dots(run.panel, run.where, LIGHT, "rank", shown)
    if run.redundancy is not None:
        found = run.redundancy
        tiles = redundancy.matrix_channels(found, shown)
        yield "association", redundancy.association(run.panel, found, LIGHT, tiles)
        if learned:
            yield "drops_together", redundancy.drops_together(run.panel, found, LIGHT, tiles)
        if found.groups and learned:
            yield "joint_drops", redundancy.joint_drops(run.panel, found.groups, LIGHT)
        if found.pairs and learned:
            yield "interactions", redundancy.interactions(run.panel, found.pairs, LIGHT)
    if run.leakage is not None:
        yield "leakage", guards.leakage_dots(run.leakage, LIGHT)
    if run.left_out and learned:
        yield "left_out", guards.left_out_dots(run.panel, run.left_out, LIGHT)
