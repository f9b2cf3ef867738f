"""A whole run on cells without labels, in this process: what was planted must come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.api import Lab, open_lab
from pxcore.errors import ClusteringError, MethodError, PanelError, RunError
from pxcore.runs import ledger
from pxcore.runs.saved.clusters import load_clustering, load_codes
from pxcore.runs.unlabelled.told import told
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Dataset, RunState
from pxcore.types.panel import Constraints
from pxcore.types.unlabelled_views import ClusterResult
from tests.hidden_cells import (
    BF,
    KINDS,
    LEFT,
    RIGHT,
    SIZE,
    N,
    hidden_dataset,
    hidden_kinds,
    small_ask,
)
from tests.tiny_lab import carry_on, tiny_spec


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("clusters") / "home"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lab(store: Store) -> Iterator[Lab]:
    with closing(open_lab(Settings(home=store.home))) as opened:
        yield opened


@pytest.fixture(scope="module")
def cells(store: Store) -> Dataset:
    return hidden_dataset(store, store.home)


@pytest.fixture(scope="module")
def run_id(store: Store, lab: Lab, cells: Dataset) -> str:
    made = lab.unlabelled.submit(replace(small_ask(store, cells), rank=True, maps=True))
    carry_on(store)
    assert lab.progress(made).error == ""
    return made


@pytest.fixture(scope="module")
def found(lab: Lab, run_id: str) -> ClusterResult:
    return lab.unlabelled.result(run_id)


def test_the_kinds_come_back_as_clusters(found: ClusterResult) -> None:
    assert found.sizes == (40, 40, 40)
    assert found.against is not None
    assert found.against.balanced_accuracy == 1.0
    assert found.against.ari == 1.0
    kinds = np.array(found.against.counterpart)[found.cluster]
    assert np.array_equal(kinds, hidden_kinds())
    assert found.trust.verdict == "stable"
    assert "120 cells are too few" in " ".join(found.trust.said)


def test_galleries_map_and_posteriors_are_of_their_cells(found: ClusterResult) -> None:
    for number, gallery in enumerate(found.galleries):
        assert len(gallery) == 24
        assert set(found.cluster[list(gallery)]) == {number}
    assert found.places.shape == (N, 2)
    middle = [found.places[found.cluster == k].mean(axis=0) for k in range(3)]
    away = np.linalg.norm(found.places[:, None] - np.array(middle)[None], axis=2)
    assert np.array_equal(away.argmin(axis=1), found.cluster)
    assert np.median(found.posterior) > 0.99
    left = hidden_kinds() == 0
    assert found.brightness[left, LEFT].min() > found.brightness[~left, LEFT].max()


def test_channels_that_drive_the_clusters_lead(found: ClusterResult) -> None:
    across, within = found.rankings
    assert (across.method, within.method) == ("permute_cells", "permute_pixels")
    for ranking in found.rankings:
        assert {ranking.rank[LEFT], ranking.rank[RIGHT]} == {1, 2}
        assert ranking.value[BF] < 0.1
        inside = zip(ranking.low, ranking.value, ranking.high, strict=True)
        assert all(low <= value <= high for low, value, high in inside)
        assert ranking.rank_low[BF] == 3
        assert ranking.warning == ""


def test_losses_fall_and_cells_are_drawn_again(found: ClusterResult) -> None:
    losses = [valid for _, valid in found.live.losses]
    assert len(losses) == found.live.epochs == 40
    assert losses[-1] < losses[0] / 2
    shown = found.live.redrawn
    assert shown is not None
    error = np.square(shown.after - shown.before).mean()
    assert error < np.square(shown.before - shown.before.mean()).mean()


def test_maps_are_of_the_cells_asked_for(lab: Lab, run_id: str, found: ClusterResult) -> None:
    chosen = [int(np.flatnonzero(hidden_kinds() == k)[0]) for k in range(3)]
    drawn = lab.unlabelled.maps(run_id, chosen)
    assert np.array_equal(drawn.called, drawn.cluster)
    assert np.array_equal(drawn.cluster, found.cluster[chosen])
    assert drawn.maps.shape == drawn.masks.shape == (3, SIZE, SIZE)
    assert np.array_equal(drawn.images, lab.cells(found.dataset.id, chosen).images)
    with pytest.raises(MethodError, match=r"it has encoder\.conv2"):
        lab.unlabelled.maps(run_id, chosen, "encoder.nothing")


def test_its_report_shows_the_cells_of_each_cluster(
    lab: Lab, run_id: str, found: ClusterResult
) -> None:
    report = lab.reports.report("clustering", run_id)
    assert report.verdict.startswith("3 clusters that come again")
    drawn = {one.name: one for section in report.sections for one in section.figures}
    assert {"codes", "cells", "maps", "classes", "ranking_permute_cells", "loss"} <= set(drawn)
    assert drawn["cells"].alt == "9 cells of 3 clusters, in 3 channels."
    assert "the right cluster for 3" in drawn["maps"].alt
    tables = {one.name: one for section in report.sections for one in section.tables}
    assert [row[1] for row in tables["clusters"].rows] == [40, 40, 40]
    assert "codes" not in tables


def test_held_out_cells_say_what_the_maps_are_worth(found: ClusterResult) -> None:
    calls = found.calls
    assert calls is not None
    assert (calls.n_cells, calls.guess, calls.dealing.by) == (N // 5, 1 / 3, "cell")
    assert calls.balanced_accuracy > 0.9
    assert calls.said.startswith(f"On {N // 5} cells left out the classifier behind the maps calls")
    assert "as no donors are known" in calls.said
    assert told(found)["classifier"]["recall"] == list(calls.recall)


def test_stored_clusters_say_the_same_again(
    store: Store, run_id: str, found: ClusterResult
) -> None:
    folders = {
        part: store.artifacts.folder(row.key)
        for row in ledger.task_rows(store, run_id)
        for part in row.parts
    }
    codes, again = load_codes(folders["codes"]).codes, load_clustering(folders["cluster"])
    assert np.array_equal(again.predict(codes), found.cluster)
    files = [path for folder in folders.values() for path in Path(folder).rglob("*")]
    assert {path.suffix for path in files if path.is_file()} <= {
        ".npz",
        ".json",
        ".safetensors",
        "",
    }


def test_labels_do_not_matter_and_a_new_number_needs_no_new_codes(
    store: Store, lab: Lab, cells: Dataset, run_id: str
) -> None:
    bare = hidden_dataset(store, store.home, labelled=False)
    assert bare.classes == ()
    ask = replace(small_ask(store, bare), clusters=None, max_clusters=4)
    estimate = lab.unlabelled.estimate(ask)
    assert (estimate.tasks, estimate.cached) == (3, 2)
    hidden = lab.unlabelled.submit(ask)
    carry_on(store)
    found = lab.unlabelled.result(hidden)
    assert found.against is None
    assert [k for k, _ in found.bic] == [1, 2, 3, 4]
    assert lab.unlabelled.live(hidden).losses == lab.unlabelled.live(run_id).losses
    assert {run.id for run in lab.unlabelled.runs(cells.id)} == {run_id}
    assert {run.id for run in lab.unlabelled.runs()} == {run_id, hidden}


def test_an_encoder_goes_to_a_second_data_set(store: Store, lab: Lab, run_id: str) -> None:
    second = hidden_dataset(store, store.home, 60)
    ask = replace(small_ask(store, second), encoder_of=run_id, epochs=99)
    other = lab.unlabelled.submit(ask)
    carry_on(store)
    found = lab.unlabelled.result(other)
    assert "encode" not in {task.kind for task in lab.progress(other).tasks}
    assert found.ask.epochs == 40
    assert found.against is not None
    assert found.against.balanced_accuracy == 1.0
    first = lab.unlabelled.result(run_id)
    assert first.against is not None
    for own, old in enumerate(found.counterpart):
        assert found.against.counterpart[own] == first.against.counterpart[old]
    file = told(found)
    assert file["encoder_counterpart"] == list(found.counterpart)
    assert file["precision_per_class"] == file["f1_per_class"] == [1.0, 1.0, 1.0]


def test_an_encoder_is_not_used_on_other_channels(store: Store, lab: Lab, cells: Dataset) -> None:
    first = lab.unlabelled.submit(replace(small_ask(store, cells, 1), channels=(BF, LEFT)))
    carry_on(store)
    asked = replace(small_ask(store, cells), encoder_of=first)
    with pytest.raises(RunError, match=r"channel 2 of these cells is 'Right'; .* on 'Left'"):
        lab.unlabelled.check(replace(asked, channels=(BF, RIGHT)))
    lab.unlabelled.check(replace(asked, channels=(BF, LEFT)))


def test_refinement_is_a_training_of_its_own(store: Store, lab: Lab, cells: Dataset) -> None:
    refined = lab.unlabelled.submit(replace(small_ask(store, cells), refine=True))
    carry_on(store)
    rows = lab.progress(refined).tasks
    assert [row.kind for row in rows if not row.reused] == ["refine", "codes", "cluster"]
    assert lab.unlabelled.live(refined).epochs == len(lab.unlabelled.live(refined).losses) == 60
    told = dict(lab.unlabelled.result(refined).details)
    assert told["Training"].startswith("40 epochs in batches")
    assert told["Refinement"].startswith("20 epochs in batches")


def test_masks_are_checked_beside_dealt_clusters(store: Store, lab: Lab) -> None:
    """Cells are of five donors: no donor is learned from and asked."""
    cells = hidden_dataset(store, store.home, 60, donors=5)
    checked = lab.unlabelled.submit(replace(small_ask(store, cells), maps=True, check_masks=True))
    carry_on(store)
    found = lab.unlabelled.result(checked)
    assert len(found.mask_folds) == len(found.mask_control) == 5
    assert all(0.0 <= one.balanced_accuracy <= 1.0 for one in found.mask_folds)
    assert found.mask_dealt == "Whole donors were left out (5 parts)."
    assert found.calls is not None
    assert (found.calls.dealing.by, found.calls.n_cells) == ("donor", 12)
    file = told(found)
    assert file["masks"]["dealt"] == found.mask_dealt
    assert file["classifier"]["dealing"]["by"] == "donor"


def test_the_two_kinds_of_runs_are_not_mistaken(
    store: Store, lab: Lab, cells: Dataset, run_id: str
) -> None:
    with pytest.raises(RunError, match="clusters cells without labels"):
        lab.result(run_id)
    ranking = lab.submit(tiny_spec(cells, max_epochs=1))
    with pytest.raises(RunError, match="trains a classifier"):
        lab.unlabelled.result(ranking)
    with pytest.raises(PanelError, match="clusters cells without labels"):
        lab.panels.ask(run_id, lab.panels.question(Constraints()))
    with pytest.raises(RunError, match="name its clusters"):
        lab.follow_up(run_id, "gates")
    lab.cancel(ranking, "")
    carry_on(store)
    row = next(run for run in lab.runs() if run.id == run_id)
    assert (row.preset, row.model, row.methods) == ("clusters", "dcae_2d", ())
    assert row.state is RunState.FINISHED


def test_what_a_run_was_not_asked_for_is_told(lab: Lab, store: Store, cells: Dataset) -> None:
    plain = lab.unlabelled.submit(small_ask(store, cells))
    with pytest.raises(RunError, match="not finished"):
        lab.unlabelled.result(plain)
    carry_on(store)
    with pytest.raises(RunError, match="explain_clusters"):
        lab.unlabelled.maps(plain, [0])
    with pytest.raises(ClusteringError, match="at least two different names"):
        lab.unlabelled.name(plain, {0: "a"})
    assert KINDS
