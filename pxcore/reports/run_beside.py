"""What stands beside a run's rankings in its report: each channel's worth, truth, guards."""

from __future__ import annotations

from collections.abc import Iterator

from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.guards import leakage_sentence, left_out_sentence
from pxcore.plots.numbers import count
from pxcore.plots.redundancy import group_sentence
from pxcore.plots.rows import MANY, PRINTED, order_of
from pxcore.plots.truth import of_run, truth_sentence, truth_table
from pxcore.plots.unlearned import untold, why_untold
from pxcore.reports.parts import Drawn, table_of
from pxcore.types import MethodResult, Role, RunResult
from pxcore.types.reports import ReportSection, ReportTable

__all__ = ["guards", "means", "planted", "redundancy", "worth"]


def worth(found: RunResult, method: MethodResult) -> ReportSection:
    """Return a sentence a real channel, the most important first."""
    order = order_of(method.ranking, "rank")
    real = [c for c in order if found.panel.channels[c].role is not Role.DECOY]
    told = real[:PRINTED] if len(real) > MANY else real
    more = len(real) - len(told)
    rest = (f"{count(more, 'further channel')} in the tables.",) if more else ()
    return ReportSection(
        title="What each channel is worth",
        paragraphs=(*(channel_sentence(found, method, c) for c in told), *rest),
    )


def planted(found: RunResult) -> ReportSection:
    """Return what was planted in synthetic cells beside what was found."""
    method, rows = found.methods[0], []
    for c, source in enumerate(found.source_channels if found.dataset.truth else ()):
        said = str(method.ranking.verdict[c])
        rows.append((found.panel.names[c], found.dataset.truth[source], said))
    columns = ("channel", "planted", "found")
    table = ReportTable(name="planted", title="Planted and found", columns=columns, rows=(*rows,))
    return ReportSection(
        title="What was planted, and what was found",
        paragraphs=tuple(filter(None, [truth_sentence(found, method)])) if rows else (),
        tables=(table, *_stands(found)) if rows else (),
    )


def means(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield how the rankings stand to the classes' mean intensities, where that is compared."""
    if found.truth is not None and found.truth.kind == "means":
        yield ReportSection(
            title="Against the classes' mean intensities",
            paragraphs=(truth_sentence(found, found.methods[0]),),
            tables=(*_stands(found), *drawn.table("truth", "Mean intensities and rankings")),
        )


def _stands(found: RunResult) -> tuple[ReportTable, ...]:
    """Return the table of all methods against what is known, where something is."""
    rows = of_run(found)
    return (table_of("against_truth", "Against the truth", truth_table(rows)),) if rows else ()


def redundancy(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield the channels that say the same, where that was looked for."""
    if found.redundancy is None:
        return
    groups, threshold = found.redundancy.groups, found.redundancy.threshold
    none = f"No two channels go together at {threshold:.2f} or more."
    said = tuple(group_sentence(found.panel, one) for one in groups) or (none,)
    if why := why_untold(found):
        said = (untold("which channels stand in for one another", why),)
    yield ReportSection(
        title="Channels that say the same",
        paragraphs=(*said, *found.redundancy.notes),
        figures=(
            *drawn.figure("association", "Association of what channels show"),
            *drawn.figure("drops_together", "Which cells need which channels"),
            *drawn.figure("joint_drops", "Groups of channels spoilt together", table="redundancy"),
            *drawn.figure("interactions", "Pairs of channels spoilt together", table="redundancy"),
        ),
        tables=drawn.table("redundancy", "Channels spoilt together"),
    )


def guards(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
    """Yield the gap of a random split, retrained models, sanity checks."""
    if found.leakage is not None:
        yield ReportSection(
            title="What a random split would claim",
            paragraphs=(leakage_sentence(found.leakage),),
            figures=drawn.figure("leakage", "F1 by kind of split", table="leakage"),
            tables=drawn.table("leakage", "F1 by kind of split"),
        )
    if found.left_out:
        yield ReportSection(
            title="Trained again without channels",
            paragraphs=_without(found),
            figures=drawn.figure("left_out", "F1 lost without channels", table="left_out"),
            tables=drawn.table("left_out", "Trained without channels"),
        )
    if found.gates:
        failed = [one.method for one in found.gates if not one.passed]
        passed = "Every method passed its sanity checks."
        said = f"Failed a sanity check: {', '.join(failed)}." if failed else passed
        yield ReportSection(
            title="Sanity checks of the methods",
            paragraphs=(said,),
            tables=drawn.table("gates", "Sanity checks"),
        )


def _without(found: RunResult) -> tuple[str, ...]:
    """Return what retraining without channels says, where the full models have learned."""
    if why := why_untold(found):
        return (untold("what the models lose without channels", why),)
    return tuple(left_out_sentence(found.panel, one) for one in found.left_out)
