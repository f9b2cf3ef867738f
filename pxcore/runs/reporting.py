"""What leaves the lab, gathered from the store: reports of runs, comparisons, panels and plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pxcore.errors import RunError
from pxcore.reports.run_figures import run_figures
from pxcore.reports.run_report import Drawn, run_report
from pxcore.runs.progress import progress
from pxcore.runs.recreating import recreate_run
from pxcore.runs.result import result, stories
from pxcore.runs.tables import tables_of
from pxcore.store.database import now
from pxcore.store.home import Store
from pxcore.types.reports import Report

__all__ = ["KINDS", "report"]


def report(store: Store, kind: str, subject: str) -> Report:
    """Return the report of what is there, complete and frozen.

    Parameters
    ----------
    kind
        ``run``, ``comparison``, ``panel`` or ``plan``.
    subject
        A run's or a plan's id; of a comparison runs, or ``run:method``, separated by commas.

    Raises
    ------
    RunError, PanelError
        For an unknown kind or id, a run that is not finished or was not asked about panels.
    """
    if kind not in KINDS:
        message = f"there is no report of {kind!r}; there is {', '.join(KINDS)}"
        raise RunError(message)
    return KINDS[kind](store, subject)


def _run(store: Store, run_id: str) -> Report:
    found = result(store, run_id)
    drawn = Drawn(
        figures=dict(run_figures(found, progress(store, run_id).curves)),
        tables=tables_of(found, stories(store, run_id)),
        recreate=recreate_run(store, run_id),
        made=now(),
    )
    return run_report(found, drawn)


KINDS: Mapping[str, Callable[[Store, str], Report]] = MappingProxyType({"run": _run})
"""What makes each kind of report."""
