"""Results of clusterings that an earlier version stored."""

from __future__ import annotations

from pathlib import Path

from pxcore.evaluation.cluster_calls import dealing_words
from pxcore.runs.saved.cluster_ranks import (
    MASKS,
    StoredMaskCheck,
    load_mask_check,
    save_mask_check,
)
from pxcore.types.unlabelled_views import Dealing


def test_a_mask_check_of_before_says_that_donors_were_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / MASKS).write_text('{"folds": [], "control": []}')
    said = dealing_words(load_mask_check(tmp_path).dealing)
    assert "without regard to donors" in said
    assert "no donors are known" not in said


def test_a_mask_check_of_now_says_how_cells_were_dealt(tmp_path: Path) -> None:
    stored = StoredMaskCheck(dealing=Dealing(by="donor", n_folds=3))
    save_mask_check(tmp_path, stored)
    assert load_mask_check(tmp_path) == stored
