"""A whole plan rehearsed for real on one data set, beside the answer of all markers at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import PanelError
from pxcore.runs import drafts, ledger
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import Dataset, RunSpec, RunState
from pxcore.types.staged import PlanKind, StagedPlan
from tests.runs.staged.made_cells import marker_dataset, short
from tests.tiny_lab import carry_on

MARKERS = ("CD3", "CD4", "CD8", "CD19", "CD45", "CD56")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A lab with a plan rehearsed to its end."""

    lab: Lab
    dataset: Dataset
    planned: StagedPlan
    queued: StagedPlan
    ended: StagedPlan
    seconds: float


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("rehearsal")))
    lab, dataset = Lab(store), marker_dataset(store, MARKERS)
    drafted, started = drafts.draft, time.monotonic()
    with pytest.MonkeyPatch.context() as patch:

        def tiny(*words: object) -> RunSpec:
            return short(drafted(*words))  # type: ignore[arg-type]

        patch.setattr(drafts, "draft", tiny)
        staged = lab.staged
        instrument = staged.other_instrument(4, brightfield=(1,))
        plan = staged.new("Six on three", instrument, "ann")
        plan = staged.set_candidates(plan, staged.from_dataset(dataset.id), instrument, who="ann")
        planned = staged.choose(plan, PlanKind.PUBLISHED, 1, who="ann")
        queued = plan = staged.rehearse(planned, dataset.id, who="ann")
        for _ in range(4):
            carry_on(store)
            plan = staged.advance_rehearsal(plan, who="bob")
        yield Rehearsed(lab, dataset, planned, queued, plan, time.monotonic() - started)
    store.close()


def test_x(rehearsed: Rehearsed) -> None:
    for line in rehearsed.ended.trail:
        print(line.step, line.who, line.what)
    for one in rehearsed.lab.staged.rehearsal(rehearsed.ended):
        print(one)
    found = rehearsed.lab.staged.outcome(rehearsed.ended)
    print(found.said, found.left, found.all_markers)
    print(rehearsed.seconds)
