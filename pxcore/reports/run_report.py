"""A finished run as a report: the answer, the rankings, what stands beside them, what ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pxcore.plots.channel_sentence import channel_sentence
from pxcore.plots.elsewhere import elsewhere, failed_checks
from pxcore.plots.guards import leakage_sentence, left_out_sentence
from pxcore.plots.numbers import count, listed, with_interval
from pxcore.plots.reached import rests_on
from pxcore.plots.redundancy import group_sentence
from pxcore.plots.rows import MANY, PRINTED, order_of
from pxcore.plots.sentence import sentence
from pxcore.plots.text import one_line
from pxcore.plots.truth import of_run, truth_sentence, truth_table
from pxcore.plots.unlearned import untold, why_untold
from pxcore.plots.verdicts import yardstick
from pxcore.plots.where import where_sentence
from pxcore.reports.methods_text import run_methods
from pxcore.reports.parts import figure_of, file_stem, table_of
from pxcore.types import MethodResult, Role, RunResult
from pxcore.types.reports import Report, ReportFigure, ReportFile, ReportSection, ReportTable

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = ["Drawn", "run_facts", "run_report", "run_verdict"]

RANKED = ["channel", "role", "rank", "rank_low", "rank_high", "mean", "low", "high", "verdict"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What a report is made of, by the names of its files."""

    figures: Mapping[str, go.Figure]
    tables: Mapping[str, pd.DataFrame]
    recreate: str
    made: str
    """UTC, ISO 8601."""
    files: tuple[ReportFile, ...] = ()

    def figure(self, name: str, title: str, **told: str) -> tuple[ReportFigure, ...]:
        """Return a figure where there is one."""
        found = self.figures.get(name)
        return () if found is None else (figure_of(name, title, found, **told),)

    def table(self, name: str, title: str, note: str = "") -> tuple[ReportTable, ...]:
        """Return a table where there is one."""
        found = self.tables.get(name)
        return () if found is None or found.empty else (table_of(name, title, found, note),)


def run_report(found: RunResult, drawn: Drawn) -> Report:
    """Return the report of a finished run: its first method answers, the others follow."""
    return Report(
        kind="run",
        subject=found.run.id,
        title=found.run.title or found.run.dataset_title,
        verdict=run_verdict(found, found.methods[0]),
        facts=run_facts(found),
        sections=tuple(one for one in _sections(found, drawn) if one.paragraphs or one.tables),
        methods=run_methods(found),
        recreate=drawn.recreate,
        made=drawn.made,
        files=drawn.files,
    )


def run_verdict(found: RunResult, method: MethodResult) -> str:
    """Return a method's answer, with a warning where it failed a sanity check."""
    others = [elsewhere(found, method, c) for c in range(len(found.panel))]
    said = sentence(found.panel, method, found.behind(method), others)
    failed = failed_checks(found, method)
    if not failed:
        return said
    checks = count(len(failed), "sanity check")
    return f"{said} {one_line(method.label)} failed {checks}: do not rely on this ranking."


def run_facts(found: RunResult) -> tuple[tuple[str, str], ...]:
    """Return what the run rests on, name and value."""
    dataset, spec = found.dataset, found.spec
    donors = f" of {count(len(dataset.groups), 'donor or sample', 'donors or samples')}"
    roles = [channel.role for channel in found.panel.channels]
    free = sum(role.stain_free for role in roles)
    decoys = roles.count(Role.DECOY)
    channels = f"{len(roles) - decoys}: {count(free, 'stain-free', 'stain-free')}, "
    channels += count(len(roles) - decoys - free, "stain")
    told = dict(found.details)
    return (
        ("Data set", one_line(dataset.title, 120)),
        ("Fingerprint", dataset.id),
        ("Cells", f"{dataset.n_labelled:,} labelled{donors if dataset.groups else ''}"),
        ("Classes", ", ".join(one_line(name, 40) for name in spec.classes)),
        ("Channels", channels + (f"; {count(decoys, 'decoy')}" if decoys else "")),
        ("F1 on unseen cells", with_interval(found.performance.f1_macro)),
        ("Model", told.get("Model", spec.model.id)),
        ("Folds", told.get("Folds", str(spec.n_folds))),
        ("Methods", listed([one_line(one.label) for one in found.methods])),
        ("Run", f"{found.run.id}, finished {found.run.finished[:10] or 'on an unknown day'}"),
    )


def _sections(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
    for number, method in enumerate(found.methods):
        yield _ranking(found, method, drawn, first=not number)
    yield _worth(found, found.methods[0])
    yield _planted(found)
    yield from _means(found, drawn)
    if found.where is not None:
        why, said = why_untold(found), where_sentence(found.panel, found.where)
        yield ReportSection(
            title="Where or how much",
            paragraphs=(untold("place or amount", why) if why else said,),
            figures=drawn.figure("where", "Place and amount of each channel", table="where"),
            tables=drawn.table("where", "Place and amount"),
        )
    yield from _redundancy(found, drawn)
    yield from _guards(found, drawn)
    yield ReportSection(
        title="How well the models do",
        paragraphs=(rests_on(found, found.methods[0]),),
        figures=drawn.figure("confusion", "True and predicted classes", table="confusion_counts"),
        tables=(
            *drawn.table("performance", "Scores on cells the models never saw"),
            _counts(found),
        ),
    )
    yield ReportSection(
        title="What ran",
        figures=drawn.figure("learning", "Learning curves"),
        tables=(
            ReportTable(
                name="details", title="Details", columns=("what", "value"), rows=found.details
            ),
        ),
    )


def _ranking(found: RunResult, method: MethodResult, drawn: Drawn, *, first: bool) -> ReportSection:
    """Return one method's ranking and its heat map, with the table behind them."""
    stem = file_stem(method.method)
    name = f"ranking_{stem}"
    frame = drawn.tables["ranking"]
    own = frame[frame["method"] == method.method].sort_values("rank")
    decoys = own["role"] == str(Role.DECOY)
    own = own.assign(verdict=own["verdict"].mask(decoys, "made channel"))
    per_class = drawn.tables["per_class"]
    of_classes = per_class[per_class["method"] == method.method]
    unit = method.importance.unit
    heat = drawn.figure(
        f"heat_map_{stem}", "Importance by channel and class", table=f"per_class_{stem}"
    )
    told = () if first else (run_verdict(found, method),)
    kept = [one for one in ("channel", "class", "mean", "low", "high") if one in of_classes]
    return ReportSection(
        title=f"Ranking by {one_line(method.label)}",
        paragraphs=(*told, rests_on(found, method), yardstick(found.panel, unit)),
        figures=(*drawn.figure(name, f"Importance of each channel, {unit}", table=name), *heat),
        tables=(
            table_of(name, "Ranking", own[[one for one in RANKED if one in own]], f"mean: {unit}"),
            table_of(f"per_class_{stem}", "By class", of_classes[kept], f"mean: {unit}"),
        ),
    )


def _worth(found: RunResult, method: MethodResult) -> ReportSection:
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


def _planted(found: RunResult) -> ReportSection:
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


def _means(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
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


def _redundancy(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
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


def _guards(found: RunResult, drawn: Drawn) -> Iterator[ReportSection]:
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


def _counts(found: RunResult) -> ReportTable:
    """Return the confusion counts, summed over trainings."""
    counts, classes = found.performance.confusion.sum(axis=0).tolist(), found.spec.classes
    return ReportTable(
        name="confusion_counts",
        title="True class (rows) and predicted class (columns), cells over all trainings",
        columns=("true class", *classes),
        rows=tuple((name, *row) for name, row in zip(classes, counts, strict=True)),
    )
