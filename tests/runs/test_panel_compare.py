"""The paper's comparison of panels: truly trained, nested, and each fold's own ranking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.errors import PanelError
from pxcore.models.build import build_network
from pxcore.runs import drafts, ledger
from pxcore.runs.galleries import annotation_of
from pxcore.runs.panels import growing
from pxcore.runs.panels import questions as panel_questions
from pxcore.runs.panels import tasks as panel_tasks
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.result import PanelFindings, findings
from pxcore.runs.panels.tables import comparison
from pxcore.runs.panels.words import advice_json, told
from pxcore.runs.parts import Parts
from pxcore.runs.saved.model import load_model, load_tested
from pxcore.runs.saved.scores import ARRAYS, load_scores
from pxcore.runs.saved.values import load_values
from pxcore.runs.tasks import VERSIONS, key
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.keys import key_of
from pxcore.training import metrics
from pxcore.types import MethodSpec, RunSpec
from pxcore.types.panel import Beside, Constraints, Members
from tests.runs.panel_cells import BF, MARKER, NOISE, panel_dataset
from tests.tiny_lab import carry_on, tiny_spec

METHODS = ("permute_cells", "leave_one_out")
WIDE = Constraints(margin=0.05)


@dataclass(frozen=True, slots=True)
class Asked:
    store: Store
    first: str
    answer: str
    found: PanelFindings

    @property
    def parts(self) -> Parts:
        return Parts(self.store, ledger.record(self.store, self.answer))

    @property
    def spec(self) -> RunSpec:
        return self.found.spec


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("compare")))
    spec = tiny_spec(panel_dataset(store), max_epochs=8)
    spec = replace(
        spec,
        channels=(),
        n_folds=3,
        decoys=("decoy_empty",),
        training=replace(spec.training, batch_size=16),
        methods=tuple(MethodSpec(id=name) for name in METHODS),
    )
    first = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    compare = tuple((name, m) for name in METHODS for m in (1, 2))
    ask = PanelAsk(search=False, compare=compare, ticked=((NOISE,),))
    answer = panel_questions.submit(store, first, ask)
    carry_on(store)
    yield Asked(store, first, answer, findings(store, answer))
    store.close()


def test_the_lines_stand_in_order_and_the_marker_makes_the_difference(asked: Asked) -> None:
    lines = [(one.what, one.method, one.top, one.trial.members) for one in asked.found.compared]
    assert lines == [
        (Beside.STAIN_FREE, "", 0, (BF,)),
        (Beside.LEADING, "Permutation across cells", 1, (BF, MARKER)),
        (Beside.LEADING, "Permutation across cells", 2, (BF, MARKER, NOISE)),
        (Beside.LEADING, "Leave one out", 1, (BF, MARKER)),
        (Beside.LEADING, "Leave one out", 2, (BF, MARKER, NOISE)),
        (Beside.TICKED, "", 0, (BF, NOISE)),
        (Beside.ALL, "", 0, (BF, MARKER, NOISE)),
    ]
    f1 = [one.trial.f1_macro.mean for one in asked.found.compared]
    assert max(f1[0], f1[5]) < 0.8
    assert min(f1[1], f1[3], f1[6]) > 0.9
    assert asked.found.compared[2].trial.f1_macro == asked.found.compared[6].trial.f1_macro


@pytest.mark.parametrize("name", METHODS)
def test_rankings_that_choose_are_made_on_validation_cells_alone(asked: Asked, name: str) -> None:
    dataset = ledger.record(asked.store, asked.answer).dataset
    labels = annotation_of(asked.store, dataset).labels
    folders = asked.parts.folders(f"panel/rank/{name}")
    usual = asked.parts.folders(f"explain/{name}")
    assert len(folders) == len(usual) == 3
    for folder, task, own in zip(
        folders, panel_tasks.rankings(asked.spec, name), usual, strict=True
    ):
        _, fold, _ = load_model(asked.store.artifacts.folder(key(task.train)))
        assert not {*fold.valid} & {*fold.test}
        scores, n_train = load_scores(folder)
        assert scores.labels.tolist() == labels[fold.valid].tolist()
        assert n_train == len(fold.train)
        assert load_scores(own)[0].labels.tolist() == labels[fold.test].tolist()


def test_leave_one_out_asks_its_models_about_validation_cells(asked: Asked) -> None:
    """By hand: the network trained without the marker, before the cells of one fold."""
    import torch  # noqa: PLC0415

    from pxcore.data.normalise import Normaliser  # noqa: PLC0415
    from pxcore.models import BuildRequest  # noqa: PLC0415
    from pxcore.runs.execute.cells import seen  # noqa: PLC0415
    from pxcore.training.device_cells import DeviceCells  # noqa: PLC0415

    (task, *_), (folder, *_) = (
        panel_tasks.rankings(asked.spec, "leave_one_out"),
        asked.parts.folders("panel/rank/leave_one_out"),
    )
    train = task.retrained[MARKER]
    trained, fold, _ = load_model(asked.store.artifacts.folder(key(train)))
    dataset = ledger.record(asked.store, asked.answer).dataset
    request = BuildRequest(
        n_channels=train.n_channels, n_classes=2, image_size=dataset.image_shape[1:],
        options=train.model.options,
    )  # fmt: skip
    network = build_network(train.model.id, request)
    network.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in trained.weights.items()})
    network.eval()
    with seen(asked.store.artifacts, dataset, train, fold) as cells, torch.no_grad():
        held = DeviceCells(
            cells.source, fold.valid, Normaliser(trained.low, trained.high),
            torch.device("cpu"), cells.channels,
        )  # fmt: skip
        predicted = network(held.batch(torch.arange(len(held)))).argmax(1).numpy()
    scores, _ = load_scores(folder)
    assert scores.predictions is not None
    assert (scores.predictions[MARKER, 0] == predicted).mean() > 0.98
    assert scores.predictions.shape == (4, 1, len(fold.valid))  # the decoy is left out too


def test_each_fold_is_judged_with_the_panel_of_its_own_ranking(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rankings that disagree: fold 1 puts noise first, the others the marker."""
    folders = asked.parts.folders("panel/rank/permute_cells")

    def values(folder: Path, _: object) -> np.ndarray:
        return np.array([0.5, 0.1, 0.9, 2.0] if folder == folders[1] else [0.5, 0.9, 0.1, 2.0])

    monkeypatch.setattr(growing, "load_values", values)
    ask = PanelAsk(search=False, compare=(("permute_cells", 1),), ticked=((MARKER,),))
    again = panel_questions.asked(asked.store, asked.first, ask)
    run_id = ledger.submit(asked.store, drafts.frozen_spec(asked.store, again))
    carry_on(asked.store)
    found = findings(asked.store, run_id)
    one = found.compared[1].trial
    own: list[Members] = [(BF, MARKER), (BF, NOISE), (BF, MARKER)]
    assert (one.chosen, one.members, one.nested) == (tuple(own), (BF, MARKER), True)
    for fold, members in enumerate(own):
        train = panel_tasks.trains(found.spec, members)[fold]
        tested = load_tested(asked.store.artifacts.folder(key(train)))
        counts = metrics.confusion(tested.labels, tested.probability.argmax(1), 2)
        assert one.f1_macro.folds[fold] == pytest.approx(float(metrics.f1_macro(counts)))
    row = comparison(found, found.advice(WIDE)).iloc[1]
    assert row["channels"] == "BF, marker in 2; BF, noise in 1"
    assert row["F1-macro of training 2"] == one.f1_macro.folds[1]


def test_words_tables_and_json_say_the_same(asked: Asked) -> None:
    advice = asked.found.advice(WIDE)
    table = comparison(asked.found, advice)
    assert list(table["panel"]) == [
        "stain-free only",
        "first 1 by Permutation across cells", "first 2 by Permutation across cells",
        "first 1 by Leave one out", "first 2 by Leave one out", "BF, noise", "all channels",
    ]  # fmt: skip
    assert list(table["F1-micro"]) == list(table["accuracy"])
    assert {"F1 of low", "F1 of high low", "F1-macro of training 3"} <= set(table.columns)
    assert table["good enough"][1] == "passes the test by itself"  # nobody named it
    assert table["good enough"][6] == "all channels"
    content = json.loads(json.dumps(advice_json(asked.found, advice), allow_nan=False))
    lines = content["comparison"]
    assert [one["what"] for one in lines][:2] == ["stain-free only", "leading stains"]
    assert lines[1]["panels"] == [["BF", "marker"]] * 3
    assert lines[1]["f1_macro"]["mean"] == pytest.approx(table["F1-macro"][1])
    assert lines[6]["difference"] is None
    assert set(lines[0]["f1_per_class"]) == {"low", "high"}
    (rows,) = [one for one in told(asked.found, advice) if "compared" in one[0]]
    assert rows[2][0] == "first 1 by Permutation across cells"


def test_trainings_of_equal_panels_are_made_once(asked: Asked) -> None:
    """Twelve panels in three folds are asked for; only four are different, one ranked before."""
    trainings = [row for row in asked.parts.tasks if panel_tasks.is_training(row.parts)]
    assert len(trainings) == asked.found.trained == 4 * 3
    assert asked.found.reused == 3  # leave one out trained without the decoy


def test_what_was_compared_stays_compared(asked: Asked) -> None:
    ask = PanelAsk(search=False, compare=(("permute_cells", 1), ("leave_one_out", 2)))
    question = panel_questions.asked(asked.store, asked.answer, ask).question
    assert question is not None
    assert question.compare == tuple((name, m) for name in METHODS for m in (1, 2))
    kept = replace(ask, compare=(), constraints=Constraints(must_keep=(MARKER, NOISE)))
    question = panel_questions.asked(asked.store, asked.answer, kept).question
    assert question is not None
    assert question.compare == (("permute_cells", 2), ("leave_one_out", 2))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (PanelAsk(compare=(("magic", 1),)), "no ranking 'magic'; it has"),
        (PanelAsk(compare=(("permute_cells", 3),)), "there are 2 stains to choose from"),
        (PanelAsk(compare=(("permute_cells", 0),)), "the first 0 stains"),
        (
            PanelAsk(compare=(("permute_cells", 2),), constraints=Constraints(exclude=(MARKER,))),
            "there is 1 stain to choose from",
        ),
    ],
)
def test_comparisons_that_cannot_be_are_refused(asked: Asked, ask: PanelAsk, says: str) -> None:
    with pytest.raises(PanelError, match=says):
        panel_questions.submit(asked.store, asked.first, ask)


def test_scores_of_test_cells_keep_their_keys(asked: Asked) -> None:
    """What was ranked before there was a choice of cells is found again."""
    task = replace(panel_tasks.rankings(asked.spec, "permute_cells")[0], part="test")
    parts = (task.method, task.roles, task.repeats, task.max_repeats, task.seed, [])
    assert key(task) == key_of("explain", VERSIONS["explain"], key(task.train), *parts)
    assert key(replace(task, part="valid")) != key(task)


def test_values_are_means_over_repeats_and_classes_or_cells(tmp_path: Path) -> None:
    scores = np.array([[[0.2, 0.4], [0.1, np.nan]], [[0.4, 0.4], [0.3, np.nan]]])  # (R, C, K)
    for unit, expected in (("drop in F1", [0.35, 0.2]), ("attribution", [0.325, 0.2])):
        np.savez(tmp_path / ARRAYS, scores=scores, labels=[0, 0, 0, 1], unit=unit)
        assert load_values(tmp_path, "published") == pytest.approx(expected)
        assert load_values(tmp_path, "classes") == pytest.approx([0.35, 0.2])
