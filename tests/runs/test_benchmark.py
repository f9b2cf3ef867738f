"""The benchmark from drawn images to its table: ordinary imports, ordinary runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from pages.parts.benchmark_form import OTHERS
from pxcore.doors.benchmark import Benchmarks
from pxcore.errors import DatasetError, MethodError, PxError, RunError
from pxcore.evaluation.published.multiplex import published_scores, published_tissue
from pxcore.evaluation.recall import recall_at_k
from pxcore.models import MODELS
from pxcore.models.model import BuildRequest
from pxcore.plots import benchmark as plots
from pxcore.runs.benchmark import asked
from pxcore.runs.benchmark.collected import seed_of
from pxcore.runs.benchmark.entries import ENTRIES, entry_of, model_of
from pxcore.runs.checks import check_methods
from pxcore.runs.choices import canonical_model
from pxcore.runs.method_names import method_name
from pxcore.runs.result import result
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ModelSpec, RunResult
from pxcore.types.benchmark import BenchmarkAsk, Spread
from tests.fake_benchmark import KIND, row
from tests.tiny_lab import carry_on

EACH_ALONE = {"embedding", "embedding_independent", "bsn"}
"""Entries that look at every channel alone."""
ASK = BenchmarkAsk(
    seeds=2, n_images=60, size=16, channels=8, width=4, folds=2, epochs=1,
    methods=("permute_cells",),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("benchmark")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def door(store: Store) -> Benchmarks:
    """Return the door behind which everything of ASK was drawn and run."""
    made = Benchmarks(store, lambda run_id: result(store, run_id))
    assert made.state(ASK).missing == (0, 1)
    assert len(made.draw(ASK)) == 2
    assert len(made.state(ASK).drawing) == 2
    assert made.draw(ASK) == (), "nothing is drawn twice"
    carry_on(store)
    ready = made.state(ASK)
    assert ready.drawn
    assert ready.to_run == 2
    assert made.seconds(ASK) > 0
    assert len(made.train(ASK)) == 2
    assert len(made.state(ASK).running) == 2
    assert made.train(ASK) == (), "no run is started twice"
    carry_on(store)
    return made


def test_all_of_it_is_finished(door: Benchmarks) -> None:
    state = door.state(ASK)
    assert len(state.finished) == 2
    assert (state.missing, state.drawing, state.running, state.to_run) == ((), (), (), 0)
    assert door.state(replace(ASK, width=8)).to_run == 2, "another network is another run"
    assert door.state(replace(ASK, size=24)).missing == (0, 1), "other images"
    assert door.state(replace(ASK, seeds=3)).missing == (2,)


def test_data_sets_that_differ_in_their_seed_are_one_kind(door: Benchmarks) -> None:
    (kind,) = door.kinds()
    assert kind.seeds == ("0", "1")
    assert (kind.n_channels, kind.n_informative) == (8, 6)
    assert kind.known["size"] == "16"
    assert "seed" not in kind.known


def test_a_row_holds_recall_of_each_trainings_own_ranking(door: Benchmarks, store: Store) -> None:
    (kind,) = door.kinds()
    rows = {one.method: one for one in door.rows(kind)}
    assert list(rows) == ["channel_embedding", "permute_cells"], "the model's own method first"
    found = rows["permute_cells"]
    assert (found.entry, found.seeds) == ("embedding", ("0", "1"))
    assert [k for k, _ in found.recall] == [6, 7, 8]
    for n, run_id in enumerate(found.runs):
        told = result(store, run_id)
        assert told.dataset.id == kind.datasets[n]
        (method,) = [one for one in told.methods if one.method == "permute_cells"]
        each = [
            recall_at_k(fold, told.dataset.informative, 6)
            for fold in np.array(method.ranking.folds, dtype=float)
        ]
        six = found.at(6)
        assert six is not None
        assert six.values[n] == pytest.approx(100 * np.mean(each))
        assert found.accuracy.values[n] == pytest.approx(100 * told.performance.accuracy.mean)
    assert found.at(8) == Spread(values=(100.0, 100.0)), "all channels hold all that tell"


def test_trainings_that_disagree_are_averaged_after_recall(door: Benchmarks, store: Store) -> None:
    def opened(run_id: str) -> RunResult:
        told = result(store, run_id)
        known = [float(c in told.dataset.informative) for c in range(8)]
        folds = (tuple(known), tuple(-2 * value for value in known))  # all six first, then last
        one = told.methods[0]
        return replace(told, methods=(replace(one, ranking=replace(one.ranking, folds=folds)),))

    (kind,) = door.kinds()
    (found,) = Benchmarks(store, opened).rows(kind)
    six = found.at(6)
    assert six is not None
    assert six.values == pytest.approx([100 * (1 + 4 / 6) / 2] * 2)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"n_folds": 3}, {"folds 2", "folds 3"}),
        ({"max_epochs": 9}, {"epochs 1", "epochs 9"}),
        ({"max_epochs": 9, "crop": 4}, {"epochs 1, crop 0", "epochs 9, crop 4"}),
    ],
)
def test_another_training_of_a_model_is_another_row(
    door: Benchmarks, store: Store, other: dict[str, int], words: set[str]
) -> None:
    (kind,) = door.kinds()
    own = {one.model for one in door.rows(kind)}
    assert len(own) == 1, "nothing to tell apart"

    def opened(run_id: str) -> RunResult:
        told = result(store, run_id)
        if told.dataset.id == kind.datasets[0]:
            return told
        folds = {name: value for name, value in other.items() if name == "n_folds"}
        rest = {name: value for name, value in other.items() if name != "n_folds"}
        training = replace(told.spec.training, **rest)
        return replace(told, spec=replace(told.spec, training=training, **folds))

    found = Benchmarks(store, opened).rows(kind)
    assert len(found) == 2 * len(door.rows(kind))
    assert {one.model for one in found} == {f"{label}, {word}" for label in own for word in words}
    assert all(len(one.seeds) == 1 for one in found)


def test_weights_are_counted_as_torch_counts_them(door: Benchmarks) -> None:
    (kind,) = door.kinds()
    model = model_of(ENTRIES["embedding"], ASK.width)
    built = BuildRequest(n_channels=8, n_classes=3, image_size=(16, 16), options=model.options)
    network: nn.Module = MODELS[model.id].build(built)
    assert door.rows(kind)[0].parameters == sum(one.numel() for one in network.parameters())


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda one: one.id)
@pytest.mark.parametrize("width", [8, 64])
def test_a_model_of_any_width_is_known_again(entry: object, width: int) -> None:
    spec = canonical_model(model_of(entry, width))  # type: ignore[arg-type]
    assert entry_of(spec) is entry


def test_another_model_is_no_entry() -> None:
    assert entry_of(ModelSpec(id="small_cnn")) is None
    assert entry_of(ModelSpec(id="bsn", options=(("channel_dropout", True),))) is None


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"models": ()}, RunError, "0 models"),
        ({"seeds": 21}, RunError, "21 data sets"),
        ({"models": ("resnet999",)}, RunError, "resnet999"),
        ({"methods": ("nothing",)}, MethodError, "nothing"),
        ({"methods": ("channel_embedding:scaling=blue",)}, MethodError, "blue"),
        ({"channels": 5}, DatasetError, "channels is 5"),
        ({"background": "blue"}, DatasetError, "blue"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    wrong: dict[str, object], error: type[PxError], said: str
) -> None:
    with pytest.raises(error, match=said):
        asked.check(replace(ASK, **wrong))  # type: ignore[arg-type]


def test_methods_that_do_not_fit_a_model_are_left_out(door: Benchmarks, store: Store) -> None:
    names = ("channel_embedding:scaling=none", "permute_cells", "channel_embedding")
    both = replace(ASK, seeds=1, models=("embedding", "resnet50"), methods=names)
    first, second = asked.specs(store, both)
    assert [method_name(one) for one in first.methods] == [
        "channel_embedding", "channel_embedding:scaling=none", "permute_cells",
    ]  # fmt: skip
    assert [one.id for one in second.methods] == ["input_gradient", "permute_cells"]
    assert door.state(both).to_run == 2, "another ranking of the same model is another run"


@pytest.mark.parametrize("entry", ENTRIES)
def test_whatever_the_form_offers_can_be_run_or_is_left_out(
    door: Benchmarks, store: Store, entry: str
) -> None:
    ask = replace(ASK, seeds=1, models=(entry,), methods=OTHERS)
    (spec,) = asked.specs(store, ask)
    check_methods(spec)
    names = {one.id for one in spec.methods}
    assert {"pxpermute_mask", "shapley", "leave_one_out"} <= names
    assert ("gradcam_channel" in names) is (entry in EACH_ALONE)


def test_every_published_row_is_of_a_model_that_is_here() -> None:
    scores = {one.entry: one for one in published_scores()}
    assert set(scores) == set(ENTRIES)
    assert {one.entry for one in published_tissue()} <= set(ENTRIES)
    assert (scores["embedding"].accuracy, scores["embedding"].at(6)) == (99.7, 83.3)
    assert scores["resnet50"].at(13) == 83.3
    assert scores["bsn"].at(10) == 0
    assert scores["embedding_r3d"].at(7) is None


def test_a_further_part_of_a_seed_is_a_data_set_of_its_own() -> None:
    assert seed_of((("seed", "4"), ("part", "0"))) == "4"
    assert seed_of((("seed", "4"), ("part", "2"))) == "4 part 2"


def test_a_difference_within_the_spread_of_data_sets_is_not_explained() -> None:
    images = row("permute_cells", (100.0, 50.0))
    assert plots.why_differ(KIND, (row("pxpermute", (50.0, 50.0)), images)) == ""
    assert plots.why_differ(KIND, (row("pxpermute", (16.7, 16.7)), images))


def test_nothing_is_explained_of_one_data_set_or_of_models_that_learnt_nothing() -> None:
    found = {"pxpermute": (16.7, 16.7), "permute_cells": (100.0, 100.0)}
    both = [row(method, six) for method, six in found.items()]
    assert plots.why_differ(KIND, both)
    assert plots.why_differ(KIND, [row(method, six[:1]) for method, six in found.items()]) == ""
    guessed = [row(method, six, accuracy=36.0) for method, six in found.items()]
    assert plots.why_differ(KIND, guessed) == ""
    assert "No model here has learnt" in plots.answer(KIND, guessed)
