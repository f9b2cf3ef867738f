"""Rankings side by side as a report: what they agree and surely disagree about."""

from __future__ import annotations

from collections.abc import Sequence

from pxcore.plots.agreement import agreement_matrix
from pxcore.plots.bump import bump
from pxcore.plots.compare_rows import ordered
from pxcore.plots.compare_tables import comparison_tables, likely
from pxcore.plots.compare_words import FARTHEST, NOT_SURE, answer, full_names, luck
from pxcore.plots.numbers import count, listed, with_interval
from pxcore.plots.rows import MANY, PRINTED, part_words
from pxcore.plots.side_by_side import side_by_side
from pxcore.plots.strips import Strips
from pxcore.plots.style import LIGHT
from pxcore.plots.text import one_line
from pxcore.reports.methods_text import cited
from pxcore.reports.parts import figure_of, table_of
from pxcore.types.comparison import Comparison
from pxcore.types.reports import Report, ReportFigure, ReportSection, ReportTable

__all__ = ["comparison_report"]

SCALED = (
    "Each method by itself: 0 is its smallest, 1 its largest value over all trainings and real "
    "channels; intervals are scaled alike. Lengths can be compared within a method, not between "
    "methods."
)
NOWHERE = (
    "Nowhere: for every channel and every pair of rankings, the ranges of ranks overlap. That is "
    "no proof of agreement; more folds would narrow the ranges."
)
RULES = (
    "Only ranges of ranks that do not overlap count. The reasons are rules on what is known of the "
    "methods, models and cells: they say what can be, not what is."
)


def comparison_report(
    comparison: Comparison, methods: Sequence[str], recreate: str, made: str
) -> Report:
    """Return the report of rankings side by side.

    Parameters
    ----------
    methods
        The methods paragraph of each run, once.
    """
    names, own = full_names(comparison, marked=False), comparison.class_name
    runs = {column.run.id: column for column in comparison.columns}
    facts = [
        ("Rankings", str(len(names))),
        *([("Importance for", f"class {one_line(own)}")] if own else []),
        *(
            (
                f"Run {run_id}",
                f"{one_line(one.run.title or one.run.dataset_title)}: F1 {with_interval(one.f1)} "
                f"over {count(one.n_classes, 'class', 'classes')}, "
                f"{count(len(one.ranking.folds), 'training')}, {one_line(one.model, 80)}",
            )
            for run_id, one in runs.items()
        ),
    ]
    titles = [one_line(one.run.title or one.run.dataset_title) for one in runs.values()]
    return Report(
        kind="comparison",
        subject=comparison.subject,
        title=f"Comparison: {listed(titles)}",
        verdict=answer(comparison),
        facts=tuple(facts),
        sections=_sections(comparison),
        methods=_methods(comparison, names, methods),
        recreate=recreate,
        made=made,
    )


def _sections(comparison: Comparison) -> tuple[ReportSection, ...]:
    frames = comparison_tables(comparison)
    tables = {name: table_of(name, name.capitalize(), one) for name, one in frames.items()}
    every = _drawn(comparison)
    part = part_words(len(every), len(comparison.channels))
    cut = (f"Figures: {part}, those of the highest mean rank.",) if part else ()
    strips = side_by_side(comparison, Strips(channels=every), LIGHT)
    missing = tuple(f"{item} could not be shown: {why}" for item, why in comparison.missing)
    found = [
        ReportSection(
            title="Importance side by side",
            paragraphs=(*_whose(comparison), SCALED, *cut, *missing),
            figures=(figure_of("importance", "Importance", strips, table="importance"),),
            tables=_own(tables, "importance"),
        )
    ]
    if len(comparison.columns) < 2:
        return tuple(found)
    ranked: tuple[ReportFigure, ...] = ()
    if len(comparison.shared) > 1:
        ranked = (figure_of("ranks", "Ranks", bump(comparison, every, (), LIGHT), table="ranks"),)
    found += [
        ReportSection(title="Ranks", figures=ranked, tables=_own(tables, "ranks")),
        ReportSection(
            title="Where they surely disagree, and why that can be",
            paragraphs=(RULES if comparison.disagreements else NOWHERE,),
            tables=(*_own(tables, "disagreements"), *_likely(comparison)),
        ),
        _agreement(comparison, tables),
    ]
    return tuple(found)


def _agreement(comparison: Comparison, tables: dict[str, ReportTable]) -> ReportSection:
    known = [one for one in comparison.agreements if one.n_channels]
    if not known:
        return ReportSection(
            title="How far they agree",
            paragraphs=("No two of these rankings share a channel.",),
        )
    matrix = agreement_matrix(comparison, "spearman", LIGHT)
    said = luck(known)
    return ReportSection(
        title="How far they agree",
        paragraphs=(said,) if said else (),
        figures=(figure_of("agreement", "Spearman's correlation", matrix, table="agreement"),),
        tables=_own(tables, "agreement"),
    )


def _whose(comparison: Comparison) -> tuple[str, ...]:
    """Return whose values these are, where they are one class's."""
    if not comparison.class_name:
        return ()
    return (
        f"For class {one_line(comparison.class_name)} alone. Ranks, agreement and disagreement "
        "below are of the mean over classes.",
    )


def _likely(comparison: Comparison) -> tuple[ReportTable, ...]:
    """Return where they differ most on average, where nothing is sure."""
    frame = likely(comparison)
    return () if frame.empty else (table_of("likely", FARTHEST, frame, NOT_SURE),)


def _own(tables: dict[str, ReportTable], name: str) -> tuple[ReportTable, ...]:
    """Return a table that has a row."""
    return (tables[name],) if name in tables and tables[name].rows else ()


def _drawn(comparison: Comparison) -> tuple[int, ...]:
    """Return the channels that figures draw, by mean rank: of many the first ones."""
    every = ordered(comparison)
    return tuple(every[:PRINTED] if len(every) > MANY else every)


def _methods(comparison: Comparison, names: Sequence[str], methods: Sequence[str]) -> str:
    """Return what was compared and how, then what each run did."""
    what = (
        f"The rankings {listed([one_line(name) for name in names])} were compared by rank among "
        "the channels that all have; ranks are given with the range that other folds and cells "
        "would have given, and only ranges that do not overlap count as disagreement. Agreement: "
        "Spearman's correlation, Kendall's tau-b and the overlap of the first "
        f"{comparison.agreements[0].top if comparison.agreements else 3} channels."
    )
    return " ".join([what, *methods]) if methods else f"{what} {cited(())}".strip()
