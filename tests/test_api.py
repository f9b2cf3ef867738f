"""The one door: what pages and commands get through it, and what it does not drag in."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pxcore.api import Lab, csv_text, open_lab
from pxcore.errors import DatasetError, RunError, StoreError
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import ImportRequest, MethodSpec, RunState
from tests.databases import surroundings
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

METHODS = (MethodSpec(id="pxpermute"), MethodSpec(id="occlusion", options=(("fill", "mean"),)))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    """A lab with one finished run of two methods on three of the channels."""
    settings = Settings(home=tmp_path_factory.mktemp("lab"))
    store = open_store(settings)
    dataset = tiny_dataset(store)
    lab = open_lab(settings)
    run_id = lab.submit(replace(tiny_spec(dataset), methods=METHODS, channels=(0, 2, 4)))
    carry_on(store)
    yield lab, run_id
    lab.close()
    store.close()


def test_opening_the_door_loads_nothing_heavy() -> None:
    code = (
        "import sys, pxcore.api\n"
        "heavy = ['torch', 'torchvision', 'distributed', 'dask', 'captum', 'matplotlib', "
        "'sklearn', 'streamlit', 'plotly', 'pandas', 'scipy.stats']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_web_process_does_all_day_loads_no_torch(finished: tuple[Lab, str]) -> None:
    lab, run_id = finished
    dataset_id = lab.result(run_id).run.dataset_id
    code = f"""
import sys
from pxcore.api import open_lab
lab = open_lab()
lab.datasets(); lab.runs(); lab.imports.all(); lab.runner_status(); lab.presets()
lab.cells({dataset_id!r}, [0, 1]); lab.pick_cells({dataset_id!r}, None, page=0, per_page=4, seed=0)
spec = lab.draft({dataset_id!r}, "fast"); lab.check(spec); lab.estimate(spec); lab.submit(spec)
for kind in ("model", "method", "format"): lab.choices(kind)
lab.progress({run_id!r}); lab.result({run_id!r}); lab.exports.tables({run_id!r})
lab.test_predictions({run_id!r}); lab.exports.json({run_id!r})
print([name for name in ("torch", "distributed", "streamlit") if name in sys.modules])
lab.cancel(lab.runs()[0].id, "test")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**surroundings(lab._store), "PATH": ""},
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_finished_run_opens_at_once(finished: tuple[Lab, str]) -> None:
    lab, run_id = finished
    lab.result(run_id)
    began = time.process_time()
    lab.result(run_id)
    assert time.process_time() - began < 0.5


def test_the_result_is_in_panel_order_of_the_channels_that_took_part(
    finished: tuple[Lab, str],
) -> None:
    lab, run_id = finished
    result = lab.result(run_id)
    whole = result.dataset.panel.names
    assert result.panel.names == (whole[0], whole[2], whole[4])
    assert [method.method for method in result.methods] == ["pxpermute", "occlusion:fill=mean"]
    assert [method.label for method in result.methods] == ["PXPermute", "Occlusion (fill mean)"]
    assert result.methods[0].stability is not None
    assert result.methods[1].stability is None
    assert (result.computed, result.reused) == (8, 0)
    assert [name for name, _ in result.seconds] == ["train", "explain", "rank", "total"]
    details = dict(result.details)
    assert details["Folds"] == "2, by donor or sample"
    assert details["Model"] == "small_cnn"
    assert "Version of torch" in details
    assert re.fullmatch(r"cpu, \d+ threads?", details["Trained on"])
    assert details["Explained on"] == details["Trained on"]


def test_the_json_is_the_one_of_the_specification(finished: tuple[Lab, str]) -> None:
    lab, run_id = finished
    told = lab.exports.json(run_id)
    assert set(told) == {
        "run_id", "dataset_id", "channels", "classes", "performance", "importance", "cache",
        "timing", "decoys", "where", "redundancy", "gates", "leakage", "left_out", "truth",
    }  # fmt: skip
    text = json.dumps(told, allow_nan=False)
    result = lab.result(run_id)
    back = json.loads(text)
    assert back["channels"] == list(result.panel.names)
    assert set(back["importance"]) == {"pxpermute", "occlusion:fill=mean"}
    for method in result.methods:
        found = back["importance"][method.method]
        assert set(found) == {
            "mean", "low", "high", "rank", "rank_low", "rank_high", "repeats", "unit", "verdict",
            "decoy_bound", "probability_drop", "small_classes", "sentence", "model", "performance",
        }  # fmt: skip
        assert found["performance"] == back["performance"]  # both look at the run's own models
        assert found["mean"] == list(method.ranking.mean)
        assert found["rank"] == list(method.ranking.rank)
        assert all(len(found[name]) == 3 for name in ("mean", "low", "high", "verdict"))
    assert back["performance"]["f1_macro"]["folds"] == list(result.performance.f1_macro.folds)
    assert back["cache"] == {"computed": 8, "reused": 0}


def test_tables_agree_with_the_result(finished: tuple[Lab, str]) -> None:
    lab, run_id = finished
    tables, result = lab.exports.tables(run_id), lab.result(run_id)
    assert list(tables) == [
        "importance", "ranking", "per_class", "performance", "confusion", "training", "truth",
    ]  # fmt: skip
    ranking = tables["ranking"]
    assert ranking["channel"].tolist() == list(result.panel.names) * 2
    assert ranking["mean"].tolist() == [m for one in result.methods for m in one.ranking.mean]
    raw = tables["importance"]
    first = raw[(raw["method"] == "pxpermute") & (raw["channel"] == result.panel.names[1])]
    by_class = first.groupby(["training", "class"])["score"].mean().groupby("training").mean()
    assert by_class.mean() == pytest.approx(result.methods[0].ranking.mean[1])
    assert tables["confusion"]["cells"].sum() == result.dataset.n_cells
    assert len(tables["training"]) == 4
    assert tables["training"].groupby("training")["kept"].sum().tolist() == [1, 1]
    assert set(tables["performance"]["measure"]) == {
        "f1_macro", "f1_weighted", "accuracy", "f1", "precision", "recall",
    }  # fmt: skip


def test_predictions_are_of_every_cell_once_and_give_the_confusion(
    finished: tuple[Lab, str],
) -> None:
    lab, run_id = finished
    folds, result = lab.test_predictions(run_id), lab.result(run_id)
    positions = np.concatenate([fold.positions for fold in folds])
    assert sorted(positions.tolist()) == list(range(result.dataset.n_cells))
    for j, fold in enumerate(folds):
        assert (fold.fold, fold.seed_index) == (j, 0)
        counts = np.zeros_like(result.performance.confusion[j])
        np.add.at(counts, (fold.true, fold.predicted), 1)
        np.testing.assert_array_equal(counts, result.performance.confusion[j])
        assert ((fold.probability >= 1 / 3) & (fold.probability <= 1)).all()


def test_progress_of_a_finished_and_of_a_waiting_run(finished: tuple[Lab, str]) -> None:
    lab, run_id = finished
    done = lab.progress(run_id)
    assert (done.run.state, done.share, done.seconds_left) == (RunState.FINISHED, 1.0, None)
    assert all(len(points) == 2 for _, points in done.curves)
    assert "done in" in done.log_tail
    assert "epoch 2" in lab.log(run_id, done.tasks[0].key)
    with pytest.raises(RunError, match="has no task"):
        lab.log(run_id, "0" * 64)
    waiting = lab.submit(replace(done.spec, seed=4))
    shown = lab.progress(waiting)
    assert (shown.share, shown.runner_alive) == (0.0, False)
    assert shown.seconds_left is None
    assert lab.runs()[0].id == waiting
    assert lab.runner_status().queued >= 1
    with pytest.raises(RunError, match="is queued, not finished"):
        lab.result(waiting)
    lab.cancel(waiting, "ann")
    assert lab.progress(waiting).run.state is RunState.CANCELLED


def test_what_is_not_there_is_said(finished: tuple[Lab, str]) -> None:
    lab, _ = finished
    for ask in (lab.progress, lab.result, lab.exports.json, lambda name: lab.cancel(name, "")):
        with pytest.raises(RunError, match="'nothere' is not known here"):
            ask("nothere")
    with pytest.raises(DatasetError, match="'nothere' is not known here"):
        lab.draft("nothere", "fast")
    with pytest.raises(RunError, match="'slow' is not known; there is fast"):
        lab.draft(lab.datasets()[0].id, "slow")
    with pytest.raises(RunError, match="there is model, method, decoy, format"):
        lab.choices("page")


def test_a_result_whose_files_have_gone_says_what_to_do(
    finished: tuple[Lab, str], tmp_path: Path
) -> None:
    lab, run_id = finished
    key = lab.progress(run_id).tasks[0].key
    place = lab._store.artifacts.folder(key)
    place.rename(tmp_path / "gone")
    with pytest.raises(RunError, match=r"has left the store.*start the run again"):
        lab.result(run_id)
    (tmp_path / "gone").rename(place)
    lab.result(run_id)


def test_an_export_holds_tables_json_and_figures(finished: tuple[Lab, str], tmp_path: Path) -> None:
    lab, run_id = finished
    files = lab.exports.files(run_id, tmp_path / "out")
    assert sorted(path.name for path in files) == sorted(
        p.name for p in (tmp_path / "out").iterdir()
    )
    names = {path.name for path in files}
    assert {"ranking.csv", "run.json", "confusion.svg", "ranking_pxpermute.svg"} <= names
    assert json.loads((tmp_path / "out" / "run.json").read_text()) == lab.exports.json(run_id)
    read = pd.read_csv(tmp_path / "out" / "ranking.csv")
    ranking = lab.exports.tables(run_id)["ranking"]
    assert read["mean"].tolist() == pytest.approx(ranking["mean"].tolist())
    assert all(path.read_text().count("<svg") == 1 for path in files if path.suffix == ".svg")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be exported"):
        lab.exports.files(run_id, tmp_path / "file")


def test_csv_runs_no_formula() -> None:
    frame = pd.DataFrame({"=channel": ["=1+1", "@x", "CD3"], "mean": [-1.0, 2.0, math.nan]})
    assert csv_text(frame) == "'=channel,mean\n'=1+1,-1.0\n'@x,2.0\nCD3,\n"


def test_the_demo_cells_come_in_through_the_door(finished: tuple[Lab, str]) -> None:
    lab, _ = finished
    request = ImportRequest(path="demo", options=(("n_cells", "60"), ("size", "16")))
    import_id = lab.imports.start(request)
    assert lab.imports.progress(import_id).share == 0.0
    dataset = lab.imports.bring_in(request, lambda _step, _share: None)
    assert dataset.n_cells == 60
    assert len(dataset.truth) == len(dataset.panel)
    assert lab.dataset(dataset.id) == dataset
    carry_on(lab._store)
    assert lab.imports.progress(import_id).dataset_id == dataset.id
