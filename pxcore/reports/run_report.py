"""A finished run as a report: the answer, the rankings, what stands beside them, what ran."""

from __future__ import annotations

from collections.abc import Iterator

from pxcore.plots.elsewhere import elsewhere, failed_checks
from pxcore.plots.numbers import count, listed, with_interval
from pxcore.plots.reached import rests_on
from pxcore.plots.sentence import sentence
from pxcore.plots.text import one_line
from pxcore.plots.unlearned import untold, why_untold
from pxcore.plots.verdicts import yardstick
from pxcore.plots.where import where_sentence
from pxcore.reports.methods_text import run_methods
from pxcore.reports.parts import Drawn, file_stem, table_of
from pxcore.reports.run_beside import guards, means, planted, redundancy, worth
from pxcore.types import MethodResult, Role, RunResult
from pxcore.types.reports import Report, ReportSection, ReportTable

__all__ = ["run_facts", "run_report", "run_verdict"]

RANKED = ["channel", "role", "rank", "rank_low", "rank_high", "mean", "low", "high", "verdict"]


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
    yield worth(found, found.methods[0])
    yield planted(found)
    yield from means(found, drawn)
    if found.where is not None:
        why, said = why_untold(found), where_sentence(found.panel, found.where)
        yield ReportSection(
            title="Where or how much",
            paragraphs=(untold("place or amount", why) if why else said,),
            figures=drawn.figure("where", "Place and amount of each channel", table="where"),
            tables=drawn.table("where", "Place and amount"),
        )
    yield from redundancy(found, drawn)
    yield from guards(found, drawn)
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


def _counts(found: RunResult) -> ReportTable:
    """Return the confusion counts, summed over trainings."""
    counts, classes = found.performance.confusion.sum(axis=0).tolist(), found.spec.classes
    return ReportTable(
        name="confusion_counts",
        title="True class (rows) and predicted class (columns), cells over all trainings",
        columns=("true class", *classes),
        rows=tuple((name, *row) for name, row in zip(classes, counts, strict=True)),
    )
