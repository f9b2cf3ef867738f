"""What the terminal says: refusals first, places and times in full, nothing said thrice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from rich.table import Table
from typer.testing import CliRunner

import tests.evidence_values as ev
import tests.example_values as ex
from pxcore.api import open_lab
from pxcore.commands import looking
from pxcore.commands.program import app
from pxcore.commands.serving import demo_parts
from pxcore.commands.terminal import result_parts, truth_parts, when
from pxcore.errors import DatasetError, RunError
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types import Dataset, RunResult
from pxcore.types.people import Rank
from pxcore.types.truth import ChannelTruth
from tests.tiny_lab import tiny_dataset, tiny_spec


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("PXCORE_HOME", str(tmp_path / "home"))
    store = open_store(Settings(home=tmp_path / "home"))
    try:
        return tiny_dataset(store)
    finally:
        store.close()


def sentences(result: RunResult) -> list[str]:
    return [part for part in result_parts(result) if isinstance(part, str)]


@pytest.mark.parametrize("words", [("--folds", "1"), ("--repeats", "0")])
def test_a_refusal_comes_before_all_notes(dataset: Dataset, words: tuple[str, str]) -> None:
    done = CliRunner().invoke(app, ["run", dataset.id, *words])
    assert isinstance(done.exception, RunError)
    assert "note:" not in done.output


def test_silent_models_are_told_of_once() -> None:
    known = ev.result()
    assert len(known.methods) > 1
    assert not [one for one in sentences(known) if one.startswith("Nothing can be said")]
    silent = sentences(replace(known, performance=ex.performance(0.35, 0.3)))
    about = [one for one in silent if "Nothing can be said" in one]
    assert len(about) == 1
    assert about[0].startswith("Nothing can be said about the channels yet: ")
    assert not any(one.startswith("PXPermute:") for one in silent)


def test_models_of_one_method_that_are_silent_are_named() -> None:
    known = ev.result()
    first, *others = known.methods
    weak = replace(first, label="Mine", performance=ex.performance(0.35, 0.3))
    told = sentences(replace(known, methods=(weak, *others)))
    assert sum(one.startswith("Nothing can be said about the channels by Mine yet") for one in told)
    assert "Mine:" not in told
    assert f"{others[0].label}:" in told


def test_a_missing_file_is_named_as_it_was_typed(dataset: Dataset) -> None:
    for typed in ("no/such/cells.h5", "/nowhere/cells.h5"):
        done = CliRunner().invoke(app, ["import", typed])
        assert isinstance(done.exception, DatasetError)
        assert str(done.exception).startswith(f"{typed}: cannot be opened")


def test_runs_are_listed_by_this_machines_clock(dataset: Dataset) -> None:
    lab = open_lab()
    stamp = lab.progress(lab.submit(tiny_spec(dataset))).run.created
    lab.close()
    listed = CliRunner().invoke(app, ["runs"]).stdout
    assert "+00:00" not in listed
    here = datetime.fromisoformat(stamp).astimezone()
    assert re.search(rf"{here:%Y-%m-%d}\s+{here:%H:%M}", listed)
    assert when("no stamp") == "no stamp"
    assert stamp in CliRunner().invoke(app, ["--utc", "runs"]).stdout.replace("\n", "")


def test_the_demo_tells_its_ranking_beside_what_was_planted() -> None:
    known = ev.result()
    truth = tuple(f"truth of {name}" for name in known.dataset.panel.names)
    table, answer = demo_parts(known, truth)
    assert isinstance(table, Table)
    shown = {name: list(column.cells) for name, column in zip(
        ("rank", "channel", "mean", "interval", "verdict", "planted"), table.columns, strict=True
    )}  # fmt: skip
    assert shown["rank"] == sorted(shown["rank"])
    planted = dict(zip(shown["channel"], shown["planted"], strict=True))
    assert planted["PI (DNA)"] == "truth of PI (DNA)"
    assert {planted[name] for name in planted if name.startswith("decoy")} == {
        "nothing: a made channel"
    }
    assert str(answer).startswith("Keep PI (DNA)")


def test_a_private_run_from_a_shell_without_the_settings_says_what_is_missing(
    dataset: Dataset,
) -> None:
    asked = ["run", dataset.id, "--private"]
    assert "everybody sees everything; set it" in str(CliRunner().invoke(app, asked).exception)
    lab = open_lab()
    lab.people.add("Ada", Rank.ADMIN, "four words in a row")
    lab.close()
    told = str(CliRunner().invoke(app, asked).exception)
    assert "this store has 1 account, but PXCORE_AUTH is not set" in told
    assert "PXCORE_AUTH=password" in told


def test_an_export_says_where_it_wrote(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Written:
        @property
        def exports(self) -> Self:
            return self

        def files(self, _: str, folder: Path) -> tuple[Path, ...]:
            return (folder / "ranking.csv", folder / "run.json")

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(looking, "open_lab", Written)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["export", "r1"])
    assert done.stdout.splitlines() == ["export-r1/ranking.csv", "export-r1/run.json"]
    assert f"2 files written to {tmp_path / 'export-r1'}" in done.stderr


def test_the_truth_is_told_once_with_a_table(dataset: Dataset) -> None:
    result = replace(ev.result(), truth=ChannelTruth(kind="planted", informative=(0, 1)))
    *said, table, read = truth_parts(result)
    assert isinstance(table, Table)
    assert len(said) == len(result.methods) == table.row_count
    assert not any("share their places" in str(one) for one in said)
    assert "Recall@K, in percent" in str(read)
    assert [str(column.header) for column in table.columns][:2] == ["ranking", "Recall@2"]
    assert [str(cell) for cell in table.columns[1].cells] == ["100"] * 3
    assert truth_parts(ex.result()) == []
