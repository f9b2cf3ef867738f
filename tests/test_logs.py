"""Log lines: one form, the run's id, no secrets, files that stay small."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxcore import logs

LOG = logging.getLogger("pxcore.test")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(folder: Path, process: str = "web") -> list[dict[str, str]]:
    text = (folder / f"{process}.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_a_json_line_tells_time_level_process_run_and_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin("web", "json", tmp_path)
    LOG.info("begun")
    with logs.about("r-1"):
        LOG.warning("two\nlines, %s", "ärger")
    LOG.info("over")
    found = lines(tmp_path)
    assert [(one["level"], one["run"], one["event"]) for one in found] == [
        ("INFO", "", "begun"),
        ("WARNING", "r-1", "two\nlines, ärger"),
        ("INFO", "", "over"),
    ]
    assert {one["process"] for one in found} == {"web"}
    assert all(one["time"].endswith("+00:00") for one in found)
    assert [json.loads(line) for line in capsys.readouterr().err.splitlines()] == found


def test_a_text_line_names_the_run_too(tmp_path: Path) -> None:
    logs.begin("runner", "text", tmp_path)
    with logs.about("r-1"):
        LOG.info("begun")
    assert "runner pxcore.test INFO [r-1] begun" in (tmp_path / "runner.log").read_text()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_written(tmp_path: Path, form: str) -> None:
    secret = "s3cr3t-VALUE_x"
    logs.begin("web", form, tmp_path)
    LOG.warning("GET /shared?link=%s&page=1", secret)
    LOG.warning("callback?code=%s&state=%s", secret, secret)
    LOG.warning("%s", {"password": secret, "id_token": secret})
    LOG.warning("Cookie: session=%s; theme=dark", secret)
    LOG.warning("pxcore_session=%s PXCORE_OIDC_CLIENT_SECRET=%s", secret, secret)
    LOG.warning("next=%%2Fshared%%3Flink%%3D%s", secret)
    LOG.warning("listening at http://127.0.0.1:8501/")
    LOG.warning("postgresql://lab:%s@db/lab, Authorization: Bearer %s", secret, secret)
    try:
        message = f"token={secret}"
        raise ValueError(message)
    except ValueError:
        LOG.exception("failed")
    text = (tmp_path / "web.log").read_text()
    assert secret not in text
    assert "page=1" in text
    assert "127.0.0.1:8501" in text
    assert "ValueError" in text


def test_a_file_is_turned_over_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2_000)
    logs.begin("web", "text", tmp_path)
    for number in range(300):
        LOG.info("line %d", number)
    files = list(tmp_path.iterdir())
    assert len(files) == 1 + logs.FILES_KEPT
    assert all(one.stat().st_size <= 2_000 for one in files)
    assert "line 299" in (tmp_path / "web.log").read_text()


def test_without_a_writable_folder_stderr_still_has_every_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    logs.begin("web", "json", tmp_path / "logs")
    LOG.info("all the same")
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert events[0].startswith("no log file in")
    assert events[1] == "all the same"


def test_a_full_disk_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin("web", "text", tmp_path)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logs.LastingFile, "shouldRollover", full)
    LOG.info("to stderr")
    told = capsys.readouterr().err
    assert "to stderr" in told
    assert "Traceback" not in told


def test_loggers_with_handlers_of_their_own_are_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = logging.getLogger("guest.inner")
    theirs.propagate = False
    theirs.addHandler(logging.StreamHandler())
    logs.begin("web", "json", tmp_path)
    silenced = logging.getLogger("guest.access")
    silenced.propagate = False
    silenced.setLevel(logging.INFO)
    logs.adopt("guest")
    theirs.warning("from a guest")
    silenced.info("GET /shared?link=token")
    assert [one["event"] for one in lines(tmp_path)] == ["from a guest"]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missed_sign_of_life_is_a_line_that_says_what_happens_next(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = logging.getLogger("distributed.worker")
    for one in (worker, logging.getLogger("distributed")):  # as Dask leaves them, or does not
        monkeypatch.setattr(one, "handlers", [])
        monkeypatch.setattr(one, "propagate", True)
    logs.begin("worker")
    logs.begin("worker")
    assert sum(isinstance(one, logs.Reconnecting) for one in worker.filters) == 1
    try:
        raise OSError("Stream is closed")
    except OSError:
        worker.exception("Failed to communicate with scheduler during heartbeat.")
        worker.exception("Something else")
    told = capsys.readouterr().err
    first, _, rest = told.partition("Something else")
    assert "WARNING the scheduler did not answer" in first
    assert "nothing needs to be done" in first
    assert "Traceback" not in first
    assert "Traceback" in rest
