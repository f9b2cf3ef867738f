"""Which panel is enough: ask a finished run, read the answer, try a panel without training."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING

from pxcore.store.home import Store
from pxcore.types import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from pxcore.runs.panels.answers import PanelAnswer
    from pxcore.runs.panels.questions import PanelAsk
    from pxcore.runs.panels.result import PanelFindings
    from pxcore.types.panel import Constraints, Members, PanelAdvice

KEPT = 8
"""Findings remembered between two clicks: a finished run does not change."""


class Panels:
    """The calls of the panel page."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found = lru_cache(KEPT)(self._findings)  # of the whole store: looked up below

    def seen_by(self, store: Store) -> Panels:
        """Return the same calls as the person of ``store`` may make them; findings are shared."""
        seen = copy(self)
        seen._store = store  # noqa: SLF001 - our own copy
        return seen

    def question(
        self,
        constraints: Constraints,
        *,
        search: bool = True,
        curves: tuple[str, ...] = (),
        ticked: tuple[Members, ...] = (),
        finalists: int = 2,
        compare: tuple[tuple[str, int], ...] = (),
    ) -> PanelAsk:
        """Return what :meth:`ask` and :meth:`estimate` take, put together on a page."""
        from pxcore.runs.panels.questions import PanelAsk  # noqa: PLC0415 - with scipy

        return PanelAsk(
            constraints=constraints,
            search=search,
            finalists=finalists,
            curves=curves,
            ticked=ticked,
            compare=compare,
        )

    def ask(self, run_id: str, ask: PanelAsk, owner: str = "") -> str:
        """Return the id of a run that answers a question about panels, queued.

        Raises PanelError for constraints that no panel can meet.
        """
        from pxcore.runs.panels import questions  # noqa: PLC0415 - with scipy, where it is needed

        return questions.submit(self._store, run_id, ask, owner)

    def asks_anew(self, run_id: str, ask: PanelAsk) -> bool:
        """Return whether a question asks for more than the run has answered."""
        from pxcore.runs.panels import questions  # noqa: PLC0415 - with scipy, where it is needed

        return questions.is_new(self._store, run_id, ask)

    def estimate(self, run_id: str, ask: PanelAsk) -> Estimate:
        """Return what a question would cost; what a screen decides later is not in it."""
        from pxcore.runs.panels import questions  # noqa: PLC0415 - with scipy, where it is needed

        return questions.estimate(self._store, run_id, ask)

    def answers(self) -> tuple[PanelAnswer, ...]:
        """Return the runs that were asked about panels, finished or under way, the newest first."""
        from pxcore.runs.panels import answers  # noqa: PLC0415 - loads nothing before it is asked

        return answers.answers(self._store)

    def findings(self, run_id: str) -> PanelFindings:
        """Return what a finished run found out about panels. Raises RunError for any other."""
        from pxcore.runs import ledger  # noqa: PLC0415 - with scipy

        ledger.record(self._store, run_id)  # RunError for what is hidden, however remembered
        return self._found(run_id)

    def advice_json(self, run_id: str, constraints: Constraints) -> Mapping[str, object]:
        """Return the advice as ``python -m pxcore panel --json`` writes it; never NaN."""
        from pxcore.runs.panels import words  # noqa: PLC0415 - with scipy

        found = self.findings(run_id)
        return words.advice_json(found, found.advice(constraints))

    def table(self, name: str, found: PanelFindings, advice: PanelAdvice) -> pd.DataFrame:
        """Return one table of an answer, such as ``panel_trials``: names of :meth:`tables`."""
        from pxcore.runs.panels import tables  # noqa: PLC0415 - with pandas

        return tables.TABLES[name][1](found, advice)

    def parquet(self, table: pd.DataFrame) -> bytes:
        """Return a table as a parquet file."""
        from pxcore.runs.panels import files  # noqa: PLC0415 - with pandas

        return files.parquet_bytes(table)

    def tables(self, found: PanelFindings) -> Mapping[str, str]:
        """Return what an answer's tables are called, by name; without those that are empty."""
        from pxcore.runs.panels import tables  # noqa: PLC0415 - with pandas

        return tables.titles(found)

    def what_if(self, run_id: str, members: Members) -> tuple[float, float] | None:
        """Return the screened F1-macro of a panel, mean over trainings, and its smallest.

        Without training, on validation cells: a panel picked by it is judged on others. None where
        the panel was not screened. Raises PanelError for channels that took no part in the run.
        """
        from pxcore.panel.search import row_of  # noqa: PLC0415 - with scipy
        from pxcore.runs.panels.wishes import checked_panel  # noqa: PLC0415 - with scipy

        found = self.findings(run_id)
        members, screen = checked_panel(found.spec, members), found.screen
        if screen is None:
            return None
        row = row_of(screen, members)
        if row is None:
            return None
        scores = screen.valid_f1[:, row]
        return float(scores.mean()), float(scores.min())

    def _findings(self, run_id: str) -> PanelFindings:
        from pxcore.runs.panels.result import findings  # noqa: PLC0415 - with scipy

        return findings(self._store, run_id)
