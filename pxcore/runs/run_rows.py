"""Rows of runs as values, and the query that hides what is private from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, select

from pxcore.errors import PxError
from pxcore.people.rights import visible_runs
from pxcore.runs.method_names import method_name
from pxcore.store.home import Store
from pxcore.store.keys import decode
from pxcore.store.tables import datasets, runs
from pxcore.types import Dataset, RunRow, RunSpec, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run's row, read."""

    id: str
    spec: RunSpec
    dataset: Dataset
    state: RunState
    share: float
    error: str
    cancel_requested: bool
    seconds: float
    created: str
    finished: str
    ordinal: int
    private: bool = False

    @property
    def row(self) -> RunRow:
        """As the list of runs shows it: a queued run that was cancelled is cancelled."""
        dropped = self.cancel_requested and self.state is RunState.QUEUED
        return RunRow(
            id=self.id,
            title=self.spec.title,
            dataset_id=self.spec.dataset_id,
            dataset_title=self.dataset.title,
            preset=self.spec.preset,
            model=self.spec.model.id,
            methods=tuple(method_name(method) for method in self.spec.methods),
            owner=self.spec.owner,
            state=RunState.CANCELLED if dropped else self.state,
            share=self.share,
            created=self.created,
            finished=self.finished,
            private=self.private,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One run's row whose spec or data set this version cannot read."""

    row: RunRow
    """As the list of runs shows it."""
    why: str


def joined(store: Store) -> Select[Any]:
    """Return the query of every run that the person who asks may see, with its data set."""
    every = select(runs, datasets.c.value.label("dataset"))
    every = every.join(datasets, runs.c.dataset_id == datasets.c.id)
    return every.where(visible_runs(store.person))


def read(row: RowMapping) -> RunRecord | Unreadable:
    """Return a run, or what can be told of one that cannot be read."""
    try:
        return record_of(row)
    except PxError as error:
        shown = RunRow(
            id=row["id"],
            title=f"run {row['id']} (cannot be read)",
            dataset_id=row["dataset_id"],
            dataset_title="",
            preset="",
            model="",
            methods=(),
            owner=row["owner"],
            state=RunState(row["state"]),
            share=row["share"],
            created=row["created"],
            finished=row["finished"],
            private=row["private"],
        )
        return Unreadable(row=shown, why=f"{error}; start it anew from its data set")


def record_of(row: RowMapping) -> RunRecord:
    """Return a run's row, read. Raises StoreError where this version cannot."""
    return RunRecord(
        id=row["id"],
        spec=decode(RunSpec, row["spec"]),
        dataset=decode(Dataset, row["dataset"]),
        state=RunState(row["state"]),
        share=row["share"],
        error=row["error"],
        cancel_requested=row["cancel_requested"],
        seconds=row["seconds"],
        created=row["created"],
        finished=row["finished"],
        ordinal=row["ordinal"],
        private=row["private"],
    )
