"""What cannot be asked of cells without labels is told before anything is trained."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.clustering.verdict import ClusterVerdict
from pxcore.data.annotation import Annotation
from pxcore.doors.unlabelled import Unlabelled
from pxcore.errors import ClusteringError, PanelError, PxError, RunError, TrainingError
from pxcore.evaluation.mask_check import MaskCase, MaskCheck, MaskScores
from pxcore.plots.unlabelled_words import number_label
from pxcore.runs import imports
from pxcore.runs.execute.unlabelled.cluster import edge_words
from pxcore.runs.failures import classify
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.job import Ended, Job
from pxcore.runs.progress import progress
from pxcore.runs.runner import Runner
from pxcore.runs.tasks import Lane
from pxcore.runs.unlabelled.asks import filled
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import Array, Channel, Dataset, Fold, ImportRequest, Panel, RunState
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import Dealing
from tests.hidden_cells import hidden_dataset, small_ask
from tests.tiny_lab import InlineEngine, carry_on, stored_dataset

RANKED = "pxcore.runs.execute.unlabelled.rank.rank_on_clusters"
FITTED = "pxcore.runs.execute.unlabelled.explain.fit"
CHECKED = "pxcore.runs.execute.unlabelled.explain.check_masks"


class Telling(InlineEngine):
    """Tells of a task's error as workers do."""

    def submit(self, job: Job, lane: Lane) -> None:
        try:
            super().submit(job, lane)
        except PxError as error:
            self._over.append(Ended(key=job.key, failure=classify(error)))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("refused") / "home"))
    yield opened
    opened.close()


def made(
    store: Store, n: int = 12, size: int = 18, *, bright: int = 500, masks: int = 1
) -> Dataset:
    """Return cells of noise; nothing varies with ``bright`` 0, masks are all ``masks``."""
    rng = np.random.default_rng(n + size)
    images = rng.integers(0, bright + 1, (n, 2, size, size)).astype(np.uint16)
    outlines = np.full((n, 1, size, size), masks, np.uint8)
    none = np.full(n, -1)
    panel = Panel((Channel(name="A"), Channel(name="B")))
    return stored_dataset(store, (images, outlines), Annotation(none, none, (), ()), panel)


@pytest.fixture(scope="module")
def ask(store: Store) -> ClusterAsk:
    return replace(small_ask(store, made(store)), epochs=1)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"clusters": 13}, ClusteringError, "13 clusters were asked for and 12 cells are given"),
        ({"clusters": 12}, ClusteringError, "12 cells are given; expected at most 10, as whether"),
        (
            {"clusters": 1},
            ClusteringError,
            r"1 cluster was asked for.*; expected 2 to 10: give such a number, or .*\(auto, by BIC",
        ),
        ({"clusters": None, "max_clusters": 1}, ClusteringError, "nothing to compare; expected at"),
        ({"clusters": 0}, ClusteringError, "n_clusters is 0; give a number"),
        ({"clusters": None, "variant": "birch"}, ClusteringError, "cannot say how many"),
        ({"variant": "magic"}, ClusteringError, "whitened"),
        ({"covariance": "round"}, ClusteringError, "expected one of tied, diag, full"),
        ({"variant": "birch", "refine": True}, ClusteringError, "have no centres"),
        ({"channels": (1, 0)}, PanelError, "in the panel's order"),
        ({"channels": (0, 7)}, PanelError, "from 0 to 1"),
        ({"model": "dcae_3d", "options": ()}, TrainingError, "takes volumes only"),
        ({"model": "vae"}, TrainingError, "dcae_2d"),
        ({"options": (("depth", 3),)}, TrainingError, "has no setting 'depth'"),
        ({"epochs": 0}, TrainingError, "epochs is 0"),
        ({"start_epochs": 1}, TrainingError, "starting epochs is 1; give a number from 0 to 0"),
        ({"start_rate": 0.0}, TrainingError, "rate of the starting epochs is 0; give"),
        ({"picture_weight": 1.5}, TrainingError, "weight of pictures is 1.5; give a number from 0"),
        ({"picture_weight": 0.5}, TrainingError, "nothing is weighed: leave the weight out"),
        ({"limits": "all"}, TrainingError, "expected percentiles or full_scale"),
        ({"variant": "umap"}, ClusteringError, "umap-learn, which is not installed here; choose"),
        ({"encoder_of": "nothing"}, RunError, "is not known here"),
        ({"seed": 2**33}, PxError, "seed"),
    ],
)
def test_settings_that_make_no_sense(
    store: Store, ask: ClusterAsk, changed: dict[str, object], error: type[PxError], said: str
) -> None:
    with pytest.raises(error, match=said):
        Unlabelled(store).check(replace(ask, **changed))


def test_nobody_asks_for_more_than_fifty(store: Store) -> None:
    ask = small_ask(store, made(store, 100), 1)
    Unlabelled(store).check(replace(ask, clusters=50))
    assert number_label(100) == "Clusters (2 to 50)"
    with pytest.raises(ClusteringError, match=r"51 clusters .* expected at most 50, as each is to"):
        Unlabelled(store).check(replace(ask, clusters=51))


def test_cells_that_are_too_few_or_too_small(store: Store) -> None:
    for dataset, error, said in (
        (made(store, 3), ClusteringError, "3 cells are too few"),
        (made(store, 4), ClusteringError, "4 cells are too few to cluster; expected at least 5"),
        (made(store, 12, 12), TrainingError, "cells of 12 x 12 pixels are too small for dcae_2d"),
    ):
        with pytest.raises(error, match=said):
            Unlabelled(store).submit(small_ask(store, dataset, 1))


@pytest.mark.parametrize(
    ("bright", "masks", "said"),
    [(0, 1, "all 2 planes are constant"), (500, 0, "every mask is empty")],
)
def test_what_only_pixels_show_ends_the_run_with_one_sentence(
    store: Store, bright: int, masks: int, said: str
) -> None:
    dataset = made(store, 12, bright=bright, masks=masks)
    run_id = Unlabelled(store).submit(small_ask(store, dataset, 1))
    runner = Runner(store=store, engine=Telling(store), desk=ImportDesk(store))
    runner.carry_on(threading.Event(), until_idle=True)
    told = progress(store, run_id)
    assert told.run.state is RunState.FAILED
    assert said in told.error
    assert "bad input" in told.error


def test_a_shallow_volume_is_refused_with_what_can_be_done(store: Store, tmp_path: Path) -> None:
    slices = np.random.default_rng(1).integers(0, 500, (6, 1, 8, 18, 18)).astype(np.uint16)
    np.savez(tmp_path / "flat.npz", volumes=slices)
    flat = imports.bring_in(
        store, ImportRequest(path=str(tmp_path / "flat.npz")), lambda _step, _share: None
    )
    door = Unlabelled(store)
    with pytest.raises(TrainingError, match=r"8 slices .* too shallow for dcae_3d.* as pictures"):
        door.check(door.draft(flat.id))


@pytest.mark.parametrize(("kind", "work"), [("rank", RANKED), ("explain", FITTED)])
def test_what_does_not_fit_into_memory_is_tried_with_smaller_batches(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str, work: str
) -> None:
    asked: list[int] = []
    really = importlib.import_module(work.rpartition(".")[0]).__dict__[work.rpartition(".")[2]]

    def short(*given: object) -> object:
        request = given[0] if kind == "rank" else given[1]
        asked.append(request.batch_size)  # type: ignore[attr-defined]
        if len(asked) == 1:
            raise MemoryError
        return really(*given)

    monkeypatch.setattr(work, short)
    ask = replace(small_ask(store, made(store, 24), 1), clusters=2, seed=len(kind))
    run_id = Unlabelled(store).submit(replace(ask, rank=kind == "rank", maps=kind != "rank"))
    carry_on(store)
    assert progress(store, run_id).run.state is RunState.FINISHED
    assert asked[1] == asked[0] // 2
    if kind == "explain":
        details = Unlabelled(store).result(run_id).details
        assert ("Note on maps", "batches of 32: memory ran out at 64") in details


def test_the_part_of_most_clusters_is_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_three(_labels: Array, dealt: tuple[Fold, ...]) -> Fold:
        return replace(dealt[0], test=dealt[0].test[:3])

    monkeypatch.setattr("pxcore.runs.execute.unlabelled.explain.fullest", first_three)
    ask = replace(small_ask(store, made(store, 24), 1), clusters=2, maps=True, seed=3)
    run_id = Unlabelled(store).submit(ask)
    carry_on(store)
    calls = Unlabelled(store).result(run_id).calls
    assert calls is not None
    assert calls.n_cells == 3


def test_a_mask_check_in_smaller_batches_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[int]] = []
    scores = MaskScores(balanced_accuracy=0.5, precision=0.5, recall=0.5, f1=0.5, auc=0.5)

    def short(case: MaskCase, _clusters: Array) -> MaskCheck:
        params = case.params
        asked.append({params.batch_size, params.maps.batch_size, params.masks.batch_size})
        if len(asked) == 1:
            raise MemoryError
        return MaskCheck(folds=(scores,), control=(scores,), dealing=Dealing())

    monkeypatch.setattr(CHECKED, short)
    ask = replace(small_ask(store, made(store, 24), 1), clusters=2, maps=True, check_masks=True)
    run_id = Unlabelled(store).submit(ask)
    carry_on(store)
    assert asked == [{64}, {32}]
    details = Unlabelled(store).result(run_id).details
    assert ("Note on the mask check", "batches of 32: memory ran out at 64") in details


def test_an_encoder_keeps_its_centring(store: Store, tmp_path: Path) -> None:
    door, outlined = Unlabelled(store), made(store, 9)
    run_ids = {}
    for centre in (True, False):
        run_ids[centre] = door.submit(replace(small_ask(store, outlined, 1), centre=centre))
    carry_on(store)
    for centre, run_id in run_ids.items():
        again = replace(small_ask(store, outlined), centre=not centre, encoder_of=run_id)
        assert filled(store, again).centre is centre
    bare = hidden_dataset(store, tmp_path, 12)
    ask = replace(small_ask(store, bare), channels=(1, 2), encoder_of=run_ids[True])
    with pytest.raises(RunError, match="these cells have none"):
        door.check(ask)


def test_few_cells_go_through_and_are_called_too_few(store: Store) -> None:
    door = Unlabelled(store)
    ask = replace(small_ask(store, made(store, 8), 1), clusters=None, maps=True, check_masks=True)
    run_id = door.submit(ask)
    carry_on(store)
    found = door.result(run_id)
    assert not found.has_maps
    assert not found.mask_folds
    told = dict(found.details)
    assert "explaining them needs at least two" in told["No maps"]
    assert "checking masks in 5 folds" in told["No mask check"]
    with pytest.raises(ClusteringError, match="explaining them needs at least two"):
        door.maps(run_id, [0])
    assert any("8 cells are too few for firm conclusions" in one for one in found.trust.said)
    assert found.trust.verdict in set(ClusterVerdict)


def test_a_number_at_the_edge_is_told() -> None:
    falling = ((1, 9.0), (2, 5.0), (3, 4.0))
    assert "the most that were tried" in edge_words(falling)[0]
    assert edge_words(falling[:1]) == ()
    assert edge_words((*falling, (4, 6.0))) == ()
