"""What leaves the lab, gathered from the store: reports of all that is found out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pxcore.errors import RunError
from pxcore.evaluation.comparison import Asked
from pxcore.evaluation.matching import match_class
from pxcore.plots.panel_instrument import MOST_DRAWN, panel_instrument
from pxcore.plots.panel_words import error_words, screen_words, shared_words
from pxcore.plots.style import LIGHT
from pxcore.reports.bench import bench_files
from pxcore.reports.comparison_report import comparison_report
from pxcore.reports.methods_text import run_methods
from pxcore.reports.panel_report import Advised, panel_report
from pxcore.reports.parts import Drawn
from pxcore.reports.plan_report import plan_report
from pxcore.reports.run_figures import run_figures
from pxcore.reports.run_report import run_report
from pxcore.runs.compared import column, compared_items
from pxcore.runs.method_names import method_name
from pxcore.runs.panels.files import panel_figures
from pxcore.runs.panels.result import PanelFindings, findings
from pxcore.runs.panels.tables import panel_tables, titles
from pxcore.runs.progress import progress
from pxcore.runs.recreating import recreate_all, recreate_run
from pxcore.runs.result import finished, result, stories
from pxcore.runs.staged import reported, shelf
from pxcore.runs.tables import tables_of
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.types.comparison import MOST_ITEMS, OF, Column, Item
from pxcore.types.panel import Constraints, PanelQuestion
from pxcore.types.reports import Report

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "raw_tables", "report"]


def report(store: Store, kind: str, subject: str, wanted: Constraints | None = None) -> Report:
    """Return the report of what is there, complete and frozen.

    Parameters
    ----------
    kind
        ``run``, ``comparison``, ``panel``, ``plan`` or ``clustering``.
    subject
        A run's or a plan's id; of a comparison runs, or ``run:method``, separated by commas, and
        maybe ``;of=`` with a class (quoted as in an address) whose values are shown.
    wanted
        Of a panel, where it is not what the run was asked with; of a plan its margin.

    Raises
    ------
    RunError, PanelError
        For an unknown kind or id, a run that is not finished or was not asked about panels.
    """
    if kind not in KINDS:
        message = f"there is no report of {kind!r}; there is {', '.join(KINDS)}"
        raise RunError(message)
    return KINDS[kind](store, subject, wanted)


def raw_tables(store: Store, told: Report) -> Mapping[str, pd.DataFrame]:
    """Return every table behind a report, whole; empty where all of them stand in it."""
    if told.kind == "run":
        return tables_of(result(store, told.subject), stories(store, told.subject))
    if told.kind == "panel":
        found = findings(store, told.subject)
        return panel_tables(found, found.advice(_usual(found)))
    if told.kind == "clustering":
        from pxcore.runs.unlabelled import reported as clusterings  # noqa: PLC0415 - with scipy

        return clusterings.whole_tables(store, told.subject)
    return {}


def _run(store: Store, run_id: str, _: Constraints | None) -> Report:
    found = result(store, run_id)
    every = found.source_channels
    drawn = Drawn(
        figures=dict(run_figures(found, progress(store, run_id).curves)),
        tables=tables_of(found, stories(store, run_id)),
        recreate=recreate_run(store, run_id),
        made=now(),
        files=bench_files(found.spec.panel, every, every, found.run.title or found.run.id),
    )
    return run_report(found, drawn)


def _comparison(store: Store, subject: str, _: Constraints | None) -> Report:
    named, *quoted = subject.split(OF, 1)
    items, wanted = _items(store, named), unquote("".join(quoted))
    runs = {run_id: result(store, run_id) for run_id in dict.fromkeys(i.run_id for i in items)}

    def load(item: Item) -> Column:
        return column(runs[item.run_id], item)

    found = compared_items(items, load, Asked(class_name=wanted, top=3))
    if wanted and all(match_class(one.classes, wanted) is None for one in found.columns):
        message = f"no chosen run has a class {wanted!r}; leave {OF}... out for all classes"
        raise RunError(message)
    methods = [run_methods(one) for one in runs.values()]
    names = [str(item) for item in items]
    of_class = {"of_class": wanted} if wanted else {}
    recreate = recreate_all(store, "pxcore comparison", list(runs), items=names, **of_class)
    return comparison_report(found, methods, recreate, now())


def _items(store: Store, subject: str) -> tuple[Item, ...]:
    """Return the rankings that a comparison names; a run alone stands for all of its methods.

    Raises RunError for an unknown one, for none and for too many.
    """
    found: dict[Item, None] = {}
    for part in (part.strip() for part in subject.split(",") if part.strip()):
        run_id, _, method = part.partition(":")
        names = [method_name(one) for one in finished(store, run_id).spec.methods]
        if method and method not in names:
            message = f"run {run_id!r} has no method {method!r}; it has {', '.join(names)}"
            raise RunError(message)
        found |= dict.fromkeys(Item(run_id, name) for name in ([method] if method else names))
    if not 1 <= len(found) <= MOST_ITEMS:
        message = f"{len(found)} rankings were named; give 1 to {MOST_ITEMS}, runs or run:method"
        raise RunError(message)
    return tuple(found)


def _panel(store: Store, run_id: str, wanted: Constraints | None) -> Report:
    found = findings(store, run_id)
    advice = found.advice(wanted or _usual(found))
    panel, seen = found.spec.panel, advice.full.members
    best = None if advice.recommended is None else advice.recommended.members
    figures = dict(panel_figures(found, advice))
    if len(seen) <= MOST_DRAWN:
        figures["panel_instrument"] = panel_instrument(panel, seen, best, LIGHT)
    drawn = Drawn(
        figures=figures,
        tables=panel_tables(found, advice),
        recreate=recreate_run(store, run_id),
        made=now(),
    )
    advised = Advised(advice=advice, how=_how(found), titles=titles(found))
    return panel_report(result(store, run_id), advised, drawn)


def _usual(found: PanelFindings) -> Constraints:
    """Return the wishes that a run was asked with, at the usual margin and floor."""
    return (found.spec.question or PanelQuestion()).constraints


def _how(found: PanelFindings) -> list[str]:
    """Return how an answer about panels was found."""
    told = [
        f"{found.trained} trainings: {found.trained - found.reused} new, {found.reused} reused. "
        f"{shared_words(found.curves)}".strip()
    ]
    if found.screen is not None:
        told.append(f"{screen_words(found.screen)} {error_words(found.screen_error)}".strip())
    return told


def _plan(store: Store, plan_id: str, wanted: Constraints | None) -> Report:
    plan = shelf.one(store, plan_id)
    told = reported.seen(store, plan, (wanted or Constraints()).margin)
    runs = reported.runs_seen(store, plan)
    recreate = recreate_all(store, "pxcore plan", runs, plan_id=plan.id, version=plan.version)
    return plan_report(told, recreate, now())


def _clustering(store: Store, run_id: str, _: Constraints | None) -> Report:
    from pxcore.runs.unlabelled import reported as clusterings  # noqa: PLC0415 - with scipy

    return clusterings.report(store, run_id)


KINDS: Mapping[str, Callable[[Store, str, Constraints | None], Report]] = MappingProxyType(
    {
        "run": _run,
        "comparison": _comparison,
        "panel": _panel,
        "plan": _plan,
        "clustering": _clustering,
    }
)
"""What makes each kind of report."""
