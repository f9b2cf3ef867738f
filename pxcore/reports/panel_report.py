"""The advice on panels as a report: the smallest panel that is good enough, and its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pxcore.plots.numbers import count, listed
from pxcore.plots.panel_marks import named
from pxcore.plots.panel_words import ADVISED, answer, facts, rivals_words
from pxcore.reports.bench import bench_files, order_table
from pxcore.reports.citations import PANELS, REMOVAL
from pxcore.reports.methods_text import run_methods
from pxcore.reports.parts import Drawn
from pxcore.reports.run_report import run_facts
from pxcore.types import Panel, RunResult
from pxcore.types.panel import PanelAdvice, PanelQuestion
from pxcore.types.reports import Report, ReportSection, ReportTable

__all__ = ["Advised", "panel_report"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Advised:
    """The advice of a run, and what else it found out about panels."""

    advice: PanelAdvice
    how: Sequence[str]
    """How it was found, sentences: trainings, the screen and its error."""
    titles: dict[str, str]
    """What its tables are called, by name."""


def panel_report(run: RunResult, advised: Advised, drawn: Drawn) -> Report:
    """Return the report of the advice that a finished run gives on panels."""
    advice, panel = advised.advice, run.spec.panel
    seen = advice.full.members
    best = (advice.recommended or advice.full).members
    title = run.run.title or run.run.dataset_title
    files = bench_files(panel, seen, best, f"{title}: panel")
    order = order_table(panel, seen, best)
    wanted = advice.constraints
    told = (
        ("Advised panel", named(panel, best) if advice.recommended else "none is good enough"),
        ("Numbers", facts(advice, panel)),
        ("Margin", f"{wanted.margin:.3f} F1-macro; no class loses more than "
         f"{wanted.class_floor:.3f}"),
        *_wishes(panel, advice),
    )  # fmt: skip
    first = ReportSection(
        title="The panel",
        paragraphs=tuple(rivals_words(advice, panel)),
        figures=drawn.figure("panel_instrument", "The advised panel on the instrument"),
        tables=(order,),
    )
    return Report(
        kind="panel",
        subject=run.run.id,
        title=f"Which stains are enough? {title}",
        verdict=answer(advice, panel),
        facts=(*told, *run_facts(run)),
        sections=(first, *_evidence(advised, drawn)),
        methods=_methods(run, advised),
        recreate=drawn.recreate,
        made=drawn.made,
        files=(*files, *drawn.files),
    )


def _wishes(panel: Panel, advice: PanelAdvice) -> list[tuple[str, str]]:
    wanted, told = advice.constraints, []
    if wanted.must_keep:
        told.append(("Must keep", named(panel, wanted.must_keep)))
    if wanted.exclude:
        told.append(("Must not have", named(panel, wanted.exclude)))
    if wanted.max_stains is not None:
        told.append(("At most", count(wanted.max_stains, "stain")))
    return told


def _evidence(advised: Advised, drawn: Drawn) -> list[ReportSection]:
    """Return a section a question, those that were answered."""
    reasons = tuple(
        f"{ADVISED[one.advised]}: {one.reason}"
        for wanted in ADVISED
        for one in advised.advice.channels
        if one.advised is wanted
    )
    made = [
        ReportSection(
            title="Keep, drop or undecided",
            paragraphs=reasons,
            tables=_tables(advised, drawn, "panel_advice"),
        )
    ]
    for title, figure, *names in (
        ("What each further stain buys", "panel_stains", "panel_stains"),
        ("Panels compared", "panel_comparison", "panel_comparison"),
        ("Removal curves", "panel_curves", "panel_curves", "panel_averages"),
        ("F1 against cost", "panel_front", "panel_trials", "panel_tests"),
    ):
        section = ReportSection(
            title=title,
            figures=drawn.figure(figure, title, table=names[0]),
            tables=_tables(advised, drawn, *names),
        )
        if section.figures or section.tables:
            made.append(section)
    made.append(
        ReportSection(
            title="How this was found",
            paragraphs=(*advised.advice.notes, *advised.how),
            tables=_tables(advised, drawn, "panel_worth"),
        )
    )
    return [one for one in made if one.paragraphs or one.figures or one.tables]


def _tables(advised: Advised, drawn: Drawn, *names: str) -> tuple[ReportTable, ...]:
    return tuple(
        table for name in names for table in drawn.table(name, advised.titles.get(name, name))
    )


def _methods(run: RunResult, advised: Advised) -> str:
    question, wanted = run.spec.question or PanelQuestion(), advised.advice.constraints
    found = []
    if question.search:
        found.append(
            "panels were screened by one model a fold trained with channels missing at random, "
            "and the best of each size trained again"
        )
    if question.orders:
        found.append(
            "channels were removed one by one with retraining by "
            f"{listed([one.label for one in question.orders])}"
        )
    if question.compare:
        found.append("the leading stains of each fold's own ranking stood beside all channels")
    ways = f" Beside it, {listed(found)}." if found else ""
    told = (
        "Panels were trained anew on their channels alone, with the same settings and "
        f"folds.{ways} A panel was called good enough when the one-sided 95 % lower bound "
        "(Nadeau-Bengio variance) of its F1-macro minus that of all channels lay above "
        f"-{wanted.margin:g} and no "
        f"class lost more than {wanted.class_floor:g}; panels were tested from the largest down, "
        "stopping at the first failure."
    )
    plain = replace(run, spec=replace(run.spec, question=None))
    return run_methods(plain, [told], [*PANELS, *([REMOVAL] if question.orders else [])])
