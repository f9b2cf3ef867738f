"""How folds were split is said where the scores are."""

from __future__ import annotations

from dataclasses import replace

from pxcore.runs import ledger
from pxcore.runs.result import result
from pxcore.runs.splits import in_words
from pxcore.store.home import Store
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


def test_a_result_says_that_its_donors_were_mixed(store: Store) -> None:
    spec = tiny_spec(tiny_dataset(store), max_epochs=1, repeats=1)
    by_cell, by_donor = (ledger.submit(store, one) for one in (replace(spec, split="cell"), spec))
    carry_on(store)
    told = [dict(result(store, run_id).details)["Folds"] for run_id in (by_cell, by_donor)]
    assert "both sides and scores are too good" in told[0]
    assert told[1] == "2, by donor or sample"
    assert in_words("cell", has_donors=False) == "stratified by class"
