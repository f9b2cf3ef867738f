"""``python -m pxcore``: last lines, exit codes, one clear message."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pxcore.api import open_lab
from pxcore.commands.following import Following
from pxcore.commands.program import app, main
from pxcore.commands.run_options import Asked, drafted
from pxcore.commands.spec_options import groups_of, options_of, with_evidence, with_model
from pxcore.errors import Cancelled, PanelError, RunError, StoreError
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import ModelSpec, RunState
from tests.databases import surroundings_of
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name, value in surroundings_of(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PXCORE_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    opened = open_store(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "cells.npz"
    labels = np.array(["a", "b"] * 20)
    images = rng.integers(0, 100, (40, 2, 16, 16)).astype(np.uint16)
    images[labels == "a", 1] += 200
    np.savez(path, images=images, labels=labels, channel_names=np.array(["BF", "CD3"]))
    return path


def call(*words: str, code: int = 0) -> list[str]:
    """Lines of stdout of one command in this process."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout.splitlines()


def process(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pxcore", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **more},
        timeout=280,
    )


def test_every_command_of_the_specification_is_there() -> None:
    listed = call("--help")
    for name in ("import", "run", "show", "runs", "cancel", "export", "serve", "runner", "demo"):
        assert any(re.match(rf"\W*{name}\b", line) for line in listed), name
    options = {
        "import": ["--name", "--format", "--panel-sheet", "--labels", "--size"],
        "run": ["--preset", "--model", "--methods", "--folds", "--repeats", "--seed", "--json",
                "--weights", "--decoys", "--gates", "--redundancy", "--leakage", "--leave-out",
                "--model-option"],
        "export": ["--to"],
        "serve": ["--host", "--port", "--open-to-network"],
        "runner": ["--until-idle"],
        "demo": ["--no-serve"],
    }  # fmt: skip
    for name, wanted in options.items():
        text = " ".join(call(name, "--help"))
        assert [option for option in wanted if option not in text] == []


def test_import_ends_with_the_id(store: Store, stack: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "panel.csv"
    sheet.write_text("name,role\nBF,brightfield\nCD3,stain\n")
    done = process("import", str(stack), "--name", "[red]mine", "--panel-sheet", str(sheet))
    assert done.returncode == 0, done.stderr
    dataset_id = done.stdout.splitlines()[-1]
    lab = open_lab()
    dataset = lab.dataset(dataset_id)
    lab.close()
    assert (dataset.title, dataset.panel.names) == ("[red]mine", ("BF", "CD3"))
    assert "[red]mine: 40 cells" in done.stderr
    assert dataset_id not in done.stderr
    assert call("import", str(stack))[-1] == dataset_id


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["import", "/nowhere/cells.h5"], "cells.h5: cannot be opened"),
        (["run", "nothere"], "data set 'nothere' is not known here"),
        (["show", "nothere"], "run 'nothere' is not known here"),
        (["cancel", "nothere"], "run 'nothere' is not known here"),
        (["export", "nothere"], "run 'nothere' is not known here"),
        (["serve", "--host", "0.0.0.0"], "--open-to-network"),
    ],
)
def test_an_error_is_one_message_and_code_2(
    store: Store,
    words: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["pxcore", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.err.startswith("pxcore: ")
    assert says in told.err.replace("\n", " ")
    assert told.out == ""


def test_a_process_ends_with_code_2_and_no_traceback(store: Store, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"nothing of use")
    done = process("import", str(tmp_path / "bad.npz"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "bad.npz" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_of_a_run_are_checked_before_it_starts(store: Store) -> None:
    dataset = tiny_dataset(store)
    for words, says in (
        (["--folds", "9"], "donors"),
        (["--methods", "magic"], "'magic' is not known; there is pxpermute"),
        (["--repeats", "many"], "--repeats is 'many'"),
        (["--preset", "slow"], "'slow' is not known; there is fast"),
        (["--model", "vgg"], "'vgg' is not known"),
    ):
        done = CliRunner().invoke(app, ["run", dataset.id, *words])
        assert done.exit_code == 1
        assert isinstance(done.exception, Exception)
        assert says in str(done.exception)
    lab = open_lab()
    assert lab.runs() == ()
    lab.close()


def test_where_the_json_goes_is_checked_before_the_run(store: Store, tmp_path: Path) -> None:
    dataset = tiny_dataset(store)
    for file, says in ((tmp_path / "none" / "x.json", "no folder"), (tmp_path, "is a folder")):
        done = CliRunner().invoke(app, ["run", dataset.id, "--json", str(file)])
        assert isinstance(done.exception, StoreError)
        assert says in str(done.exception)
    lab = open_lab()
    assert lab.runs() == ()
    lab.close()


def test_ranking_and_id_are_told_before_the_json_is_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        message = "the disk is full"
        raise StoreError(message)

    dataset = tiny_dataset(store)
    lab = open_lab()
    run_id = lab.submit(tiny_spec(dataset))
    lab.close()
    carry_on(store)
    monkeypatch.setattr("pxcore.commands.run.follow", lambda *_, **__: run_id)
    monkeypatch.setattr("pxcore.commands.run.result_parts", lambda _: ["the ranking"])
    monkeypatch.setattr("pxcore.api.Lab.result", lambda *_: None)
    monkeypatch.setattr("pxcore.commands.run.write_json", full)
    done = CliRunner().invoke(app, ["run", dataset.id, "--json", str(tmp_path / "x.json")])
    assert "the disk is full" in str(done.exception)
    assert done.stdout.splitlines() == ["the ranking", run_id]


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_run_from_end_to_end_with_a_runner_of_its_own(
    store: Store, stack: Path, tmp_path: Path
) -> None:
    """The planted channel comes first; the second time nothing is computed; no runner stays."""
    dataset_id = call("import", str(stack))[-1]
    file = tmp_path / "run.json"
    words = ("run", dataset_id, "--methods", "permute_cells,occlusion:fill=mean", "--folds", "2",
             "--repeats", "3", "--json", str(file))  # fmt: skip
    done = process(*words)
    assert done.returncode == 0, done.stderr
    told = json.loads(file.read_text())
    assert done.stdout.splitlines()[-1] == told["run_id"]
    assert told["channels"] == ["BF", "CD3", *told["decoys"]]
    assert len(told["decoys"]) == 2
    assert told["importance"]["permute_cells"]["rank"][1] == 1
    assert told["importance"]["permute_cells"]["repeats"] == [3, 3]
    steps = {"train": 2, "explain": 4, "rank": 2, "joint": 2, "redundancy": 1}
    assert told["cache"] == {"computed": sum(steps.values()), "reused": 0}
    again = process(*words)
    assert again.returncode == 0, again.stderr
    second = json.loads(file.read_text())
    assert second["cache"] == {"computed": 0, "reused": sum(steps.values())}
    assert second["importance"] == told["importance"]
    lab = open_lab()
    kinds = [task.kind for task in lab.progress(told["run_id"]).tasks]
    assert {kind: kinds.count(kind) for kind in kinds} == steps
    deadline = time.monotonic() + 60
    while lab.runner_status().alive:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    lab.close()
    shown = "\n".join(call("show", told["run_id"]))
    assert "CD3" in shown
    assert f"{told['importance']['permute_cells']['mean'][1]:+.3f}" in shown
    assert sum(told["run_id"] in line for line in call("runs")) == 1
    out = tmp_path / "out"
    assert str(out / "run.json") in call("export", told["run_id"], "--to", str(out))


def test_a_waiting_run_is_shown_and_cancelled(store: Store) -> None:
    lab = open_lab()
    run_id = lab.submit(tiny_spec(tiny_dataset(store)))
    shown = "\n".join(call("show", run_id))
    assert "queued" in shown
    assert "no runner is alive" in shown
    call("cancel", run_id)
    assert lab.progress(run_id).run.state is RunState.CANCELLED
    assert "cancelled" in "\n".join(call("runs"))
    carry_on(store)
    call("cancel", run_id)
    with pytest.raises(Cancelled, match="was cancelled"):
        Following(lab, run_id).to_the_end()
    lab.close()


def test_a_failed_run_is_told_with_its_log(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pxcore.runs import runner  # noqa: PLC0415

    lab = open_lab()
    dataset = tiny_dataset(store)
    run_id = lab.submit(tiny_spec(dataset))
    monkeypatch.setattr(runner.Runner, "_add", _failing)
    carry_on(store)
    with pytest.raises(RunError, match=f"run {run_id} failed. the disk is gone"):
        Following(lab, run_id).to_the_end()
    lab.close()


def test_a_runner_that_cannot_live_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = open_lab()
    run_id = lab.submit(tiny_spec(tiny_dataset(store)))
    monkeypatch.setattr("pxcore.commands.following.sys.executable", "/bin/false")
    monkeypatch.setattr("pxcore.commands.following.LOOK_SECONDS", 0.05)
    with pytest.raises(RunError, match="the runner ended 5 times; its log is"):
        Following(lab, run_id).to_the_end()
    lab.close()


def test_another_model_brings_its_own_defaults(store: Store) -> None:
    spec = tiny_spec(tiny_dataset(store))
    assert with_model(spec, "resnet18", "").model == ModelSpec(id="resnet18", weights="random")
    assert with_model(spec, "resnet18", "imagenet").model.weights == "imagenet"
    assert with_model(spec, "", "").model == spec.model


def test_another_model_begins_as_this_host_can_carry_it(store: Store) -> None:
    spec, narrow = tiny_spec(tiny_dataset(store)), (("width", 8),)
    begun = with_model(spec, "bsn", "", (), narrow).model
    assert begun.options == narrow
    assert with_model(spec, "bsn", "", (("width", 16),), narrow).model.options == (("width", 16),)
    assert with_model(spec, "bsn", "imagenet", (), narrow).model.options == ()
    kept = replace(spec, model=begun)
    more = with_model(kept, "", "", (("encoders", "shared"),), narrow).model
    assert dict(more.options) == {"width": 8, "encoders": "shared"}


def test_epochs_and_width_are_asked_for_by_option(store: Store) -> None:
    dataset = tiny_dataset(store)
    with closing(open_lab()) as lab:
        asked = Asked(preset="fast", model="channel_embedding", epochs=3, folds=2)
        spec = drafted(lab, dataset.id, asked)
        assert spec.training.max_epochs == 3
        assert dict(spec.model.options) == {"width": 8}
        plain = drafted(lab, dataset.id, Asked(preset="fast"))
        assert plain == lab.draft(dataset.id, "fast")


def test_what_to_leave_out_is_named_by_channel(store: Store) -> None:
    spec = tiny_spec(tiny_dataset(store))
    names = spec.panel.names
    assert groups_of(spec.panel, [f"{names[2]}, {names[0]}", names[1]]) == ((2, 0), (1,))
    with pytest.raises(PanelError, match="'CD99' is not in the panel; it has"):
        groups_of(spec.panel, ["CD99"])
    both = with_evidence(spec, decoys=True, redundancy=True)
    assert (both.decoys, both.redundancy) == (("decoy_empty", "decoy_foreign"), True)
    assert with_evidence(both, decoys=None, redundancy=None) == both
    assert with_evidence(both, decoys=False, redundancy=False) == spec
    for bad in ("width", "=3", "width="):
        with pytest.raises(RunError, match="such as width=16"):
            options_of([bad])


def _failing(self, record) -> None:  # type: ignore[no-untyped-def]
    from pxcore.runs import ledger  # noqa: PLC0415
    from pxcore.runs.board import RunChange  # noqa: PLC0415

    change = RunChange(run_id=record.id, state=RunState.FAILED, error="the disk is gone")
    ledger.apply(self.store, [change])


def test_the_benchmark_prints_what_was_published(store: Store) -> None:
    printed = "\n".join(call("benchmark", "--show"))
    assert "not run here" in printed
    assert "No run on such images has finished here" in printed
