"""``delete``, ``clean``, ``backup``, ``restore``, ``check`` at a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from pxcore.commands.program import app
from pxcore.runs import ledger
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.store.tables import runs
from tests.runs.upkeep.made_store import keys_of, made_dataset, made_run
from tests.runs.upkeep.test_deletion import plan_on


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("PXCORE_HOME", str(tmp_path / "home"))
    opened = open_store(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


def call(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=answer)


def test_deleting_asks_and_a_no_keeps_everything(store: Store) -> None:
    run_id = made_run(store, made_dataset(store), title="ranked")
    asked = call("delete", run_id, answer="n\n")
    assert asked.exit_code == 1
    assert "Delete the run 'ranked' for good?" in asked.output
    assert len(ledger.records(store)) == 1
    assert call("delete", run_id, answer="y\n").exit_code == 0
    assert ledger.records(store) == ()


def test_what_is_used_is_refused_with_a_list_until_told(store: Store) -> None:
    dataset = made_dataset(store)
    run_id = made_run(store, dataset, title="ranked")
    plan = plan_on(store, dataset.id, run_id)
    refused = call("delete", dataset.id, "--yes")
    assert "run 'ranked'" in str(refused.exception)
    assert "--and-runs" in str(refused.exception)
    assert "'stages'" in str(call("delete", run_id, "--yes").exception)
    assert call("delete", plan.id, "--yes").exit_code == 0
    told = call("delete", dataset.id, "--and-runs", answer="y\n")
    assert "with 1 run for good?" in told.output
    assert "not known here" in str(call("delete", dataset.id, "--yes").exception)


def test_cleaning_shows_then_asks_then_removes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = made_run(store, made_dataset(store))
    keys = keys_of(store, run_id)
    call("delete", run_id, "--yes")
    assert "nothing to clean up" in call("clean").output  # all of it is young
    for shorter in ("0", "0.99"):  # an upload of a form that is being filled in is minutes old
        assert call("clean", "--older-than", shorter, "--yes").exit_code == 2
    later = time.time() + 1.1 * 3600
    monkeypatch.setattr("pxcore.store.artifacts.time.time", lambda: later)
    assert call("clean", "--older-than", "1", answer="n\n").exit_code == 1
    assert all(store.artifacts.has(key) for key in keys)
    done = call("clean", "--older-than", "1", "--yes")
    assert f"{len(keys)} things removed" in done.output
    assert not any(store.artifacts.has(key) for key in keys)


def test_a_backup_is_checked_restored_and_damage_ends_with_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = made_run(store, made_dataset(store))
    target = tmp_path / "copy"
    done = call("backup", str(target))
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, str(target))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PXCORE_HOME", str(tmp_path / "again"))
        assert call("restore", str(target)).exit_code == 0
        assert call("check").stdout.splitlines()[-1].startswith("sound: ")
        assert "is not empty" in str(call("restore", str(target)).exception)
    key = min(keys_of(store, run_id))
    (store.artifacts.folder(key) / "a.txt").write_text("wrong")
    checked = call("check")
    assert checked.exit_code == 1
    assert key in checked.stdout
    assert checked.stdout.splitlines()[-1].startswith("DAMAGED: ")
    fresh = call("backup", str(tmp_path / "other"))
    assert fresh.exit_code == 1
    assert f"damaged: {key}" in fresh.output
    assert "set aside" in call("check", "--repair").stdout


def test_a_run_that_cannot_be_read_can_be_deleted(store: Store) -> None:
    run_id = made_run(store, made_dataset(store))
    with store.database.writing() as connection:
        connection.execute(update(runs).values(spec='{"later": 1}'))
    assert call("delete", run_id, "--yes").exit_code == 0
    assert ledger.listed(store) == ()
