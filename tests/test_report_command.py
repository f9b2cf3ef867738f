"""``report`` and ``run --from``: files by their ending, one clear message for what cannot be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from pxcore.api import Lab
from pxcore.commands import run as run_command
from pxcore.commands.program import app
from pxcore.errors import PxError, RunError, StoreError
from pxcore.runs import drafts, ledger
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types import RunSpec
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=home))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def run_id(store: Store) -> str:
    spec = tiny_spec(tiny_dataset(store), max_epochs=1)
    made = ledger.submit(store, drafts.frozen_spec(store, spec))
    carry_on(store)
    return made


@pytest.fixture(autouse=True)
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_HOME", str(home))
    monkeypatch.chdir(tmp_path)


def call(*words: str) -> list[str]:
    """Return the lines of stdout of a command that succeeds."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout.splitlines()


def refused(*words: str) -> PxError:
    """Return the error of a command that is refused."""
    done = CliRunner().invoke(app, list(words))
    assert isinstance(done.exception, PxError), (done.output, done.exception)
    return done.exception


def test_the_ending_decides_what_is_written(run_id: str, tmp_path: Path) -> None:
    assert call("report", run_id)[-1] == f"report-{run_id}.html"
    assert "<svg" in Path(f"report-{run_id}.html").read_text(encoding="utf-8")
    assert call("report", run_id, "--to", "verdict.PDF")[-1] == "verdict.PDF"
    assert len(PdfReader(io.BytesIO(Path("verdict.PDF").read_bytes())).pages) == 1
    call("report", f"{run_id}:pxpermute", "--to", "all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        archive.extract("recreate.json", tmp_path)
        assert "tables/importance.parquet" in archive.namelist()


def test_what_cannot_be_written_is_told(run_id: str, tmp_path: Path) -> None:
    assert "give .html, .pdf, .zip" in str(refused("report", run_id, "--to", "x.docx"))
    error = refused("report", run_id, "--to", str(tmp_path / "no" / "x.pdf"))
    assert isinstance(error, StoreError)
    assert "cannot be written" in str(error)
    assert "is not known here" in str(refused("report", "../x"))
    assert "was not asked" in str(refused("report", run_id, "--panel"))


def test_a_run_is_made_anew_from_its_archive(
    run_id: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RunSpec] = []

    def keep(_: Lab, spec: RunSpec, __: str, *, private: bool) -> None:
        asked.append(spec)

    monkeypatch.setattr(run_command, "_carry_out", keep)
    call("report", run_id, "--to", "all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        archive.extract("recreate.json")
    call("run", "--from", "recreate.json", "--title", "again")
    other = tiny_dataset(store, n_cells=120, seed=1)
    call("run", other.id, "--from", "recreate.json")
    first = ledger.record(store, run_id).spec
    assert [spec.dataset_id for spec in asked] == [first.dataset_id, other.id]
    assert [spec.title for spec in asked] == ["again", first.title]
    assert asked[0].training == first.training
    error = refused("run", "--from", "recreate.json", "--folds", "3", "--gates")
    assert str(error).startswith("--folds, --gates beside --from")
    assert len(asked) == 2


def test_run_needs_a_data_set_or_a_file() -> None:
    assert isinstance(refused("run"), RunError)
    assert "cannot be read" in str(refused("run", "--from", "nowhere.json"))
    Path("large.json").write_bytes(b" " * 4_000_001)
    assert "more than 4,000,000 bytes" in str(refused("run", "--from", "large.json"))
    Path("odd.json").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in str(refused("run", "--from", "odd.json"))
