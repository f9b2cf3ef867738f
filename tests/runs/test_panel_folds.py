"""Panels of runs with a store of their own: each fold's choice, and channels that took no part."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.errors import PanelError
from pxcore.panel.curves import BEST
from pxcore.runs import drafts, ledger
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.panels import questions as panel_questions
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.result import findings
from pxcore.runs.runner import Runner
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import RunState
from pxcore.types.panel import Constraints, Members, PanelQuestion
from tests.runs.panel_cells import BF, MARKER, NOISE, MadeScreens, learning_spec
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

FULL = (BF, MARKER, NOISE)


def test_each_fold_is_judged_with_its_own_choice(tmp_path: Path) -> None:
    """Screens that disagree between folds: fold 0 likes one channel, fold 1 the other."""

    def quality(fold: int, members: Members) -> float:
        return 0.6 + 0.2 * ((MARKER, NOISE)[fold] in members)

    store = open_store(Settings(home=tmp_path))
    question = PanelQuestion(always=(BF,), finalists=2)
    spec = replace(learning_spec(store, n_folds=2), question=question)
    run_id = ledger.submit(store, drafts.frozen_spec(store, spec))
    engine = MadeScreens(store, quality)
    Runner(store=store, engine=engine, desk=ImportDesk(store)).carry_on(
        threading.Event(), until_idle=True
    )
    evidence = findings(store, run_id).evidence
    trials = {trial.members: trial for trial in evidence.trials}
    nested = {len(trial.chosen[0]) - 1: trial for trial in evidence.nested}
    assert nested[1].nested
    assert nested[1].chosen == ((BF, MARKER), (BF, NOISE))
    own = [trials[members].f1_macro.folds[fold] for fold, members in enumerate(nested[1].chosen)]
    assert list(nested[1].f1_macro.folds) == own
    assert own[0] != trials[BF, NOISE].f1_macro.folds[0]
    assert nested[2].f1_macro == trials[FULL].f1_macro
    store.close()


def test_a_run_of_some_channels_answers_in_positions_of_its_data_set(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    dataset = tiny_dataset(store, n_cells=96)
    stains = [n for n, c in enumerate(dataset.panel.channels) if not c.role.stain_free]
    free = [n for n, c in enumerate(dataset.panel.channels) if c.role.stain_free]
    channels = tuple(sorted((free[0], *stains[1:4])))
    spec = replace(
        tiny_spec(dataset, max_epochs=1), channels=channels, decoys=("decoy_empty",), seeds=2
    )
    first = ledger.submit(store, drafts.frozen_spec(store, spec))
    with pytest.raises(PanelError, match="is queued, so it has no answer"):
        panel_questions.asked(store, first, PanelAsk())
    carry_on(store)
    absent = next(n for n in range(len(dataset.panel)) if n not in channels)
    name = dataset.panel.names[absent]
    with pytest.raises(PanelError, match=f"{name} must be kept but took no part"):
        panel_questions.asked(store, first, PanelAsk(constraints=Constraints(must_keep=(absent,))))
    with pytest.raises(PanelError, match=f"a panel has channel {name!r}"):
        panel_questions.asked(store, first, PanelAsk(ticked=((absent, stains[1]),)))
    wanted = Constraints(exclude=(stains[1],), must_keep=(stains[2],), margin=0.4)
    answer = panel_questions.submit(
        store, first, PanelAsk(constraints=wanted, curves=("pxpermute",))
    )
    carry_on(store)
    assert ledger.record(store, answer).state is RunState.FINISHED
    found = findings(store, answer)
    advice = found.advice(wanted)
    assert advice.full.members == channels
    assert [one.channel for one in advice.channels] == list(channels)
    assert found.screen is not None
    kept = {free[0], stains[2]}
    sets = {tuple(np.flatnonzero(row)) for row in found.screen.sets}
    assert sets == {tuple(sorted(kept)), tuple(sorted({*kept, stains[3]}))}
    assert found.curves[-1].direction == BEST
    for curve in found.curves[:-1]:
        assert {*curve.order} == {*stains[1:4]}
    lacking = {trial.members for trial in found.evidence.trials}
    assert tuple(c for c in channels if c != stains[1]) in lacking
    assert sets < lacking  # the finalists of both sizes
    assert all({*members} <= {*channels} for members in lacking)
    store.close()
