"""Links made of real results, by the door and at a terminal."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pxcore.api import Lab
from pxcore.commands.program import app
from pxcore.errors import AccessError, RunError
from pxcore.runs import ledger
from pxcore.runs.share_rows import subjects
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.people import Person, Rank
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a store with one finished run."""
    place = tmp_path_factory.mktemp("shared") / "home"
    store = open_store(Settings(home=place))
    ledger.submit(store, tiny_spec(tiny_dataset(store)))
    carry_on(store)
    store.close()
    return place


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("PXCORE_HOME", str(home))
    opened = open_store(Settings(home=home))
    yield opened
    opened.close()


@pytest.fixture
def run_id(store: Store) -> str:
    return ledger.records(store)[0].id


def call(*words: str, fails: type[Exception] | None = None) -> tuple[list[str], str]:
    """Lines of stdout, and stderr or the error, of one command in this process."""
    done = CliRunner().invoke(app, list(words))
    if fails is not None:
        assert isinstance(done.exception, fails)
        return done.stdout.splitlines(), str(done.exception)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout.splitlines(), done.stderr


def test_what_is_shared_of_a_run_stays_when_the_run_changes(store: Store, run_id: str) -> None:
    lab = Lab(store)
    row, token = lab.shares.make("run", run_id, 7)
    before = lab.shares.open(token)
    assert (before.kind, before.subject) == ("run", run_id)
    assert before.verdict
    assert before.methods
    assert row.title == before.title
    dataset = lab.datasets()[0]
    lab.edit_dataset(dataset.id, "Another title altogether", dataset.panel)
    assert Lab(store).shares.open(token) == before
    assert row.id in {one.id for one in lab.shares.mine()}


def test_the_files_of_a_link_are_of_what_was_frozen_alone(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(store)
    row, token = lab.shares.make("run", run_id)

    def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pxcore.runs.reporting.raw_tables", asked)
    monkeypatch.setattr("pxcore.runs.reporting.report", asked)
    with zipfile.ZipFile(io.BytesIO(lab.shares.archive(token))) as archive:
        names = set(archive.namelist())
    assert {"report.html", "ro-crate-metadata.json"} <= names
    assert lab.reports.pdf(lab.shares.open(token)).startswith(b"%PDF")
    lab.shares.revoke(row.id)
    with pytest.raises(AccessError, match="shows nothing"):
        lab.shares.archive(token)


def test_a_comparison_is_shared_by_what_its_address_names(store: Store, run_id: str) -> None:
    lab = Lab(store)
    (item,) = lab.comparing.items()
    row, token = lab.shares.make("comparison", str(item.item))
    assert (row.kind, row.subject) == ("comparison", str(item.item))
    assert lab.shares.open(token).verdict


def test_a_comparison_of_one_class_is_shared_as_it_is_seen(store: Store, run_id: str) -> None:
    lab = Lab(store)
    item = lab.comparing.items()[0].item
    name = lab.result(item.run_id).spec.classes[1]
    seen = lab.comparing.compare([item], class_name=name)
    row, token = lab.shares.make("comparison", seen.subject)
    assert row.subject == seen.subject != str(item)
    shown, every = lab.shares.open(token), lab.reports.report("comparison", str(item))
    assert ("Importance for", f"class {name}") in shown.facts
    assert json.loads(shown.recreate)["of_class"] == name
    assert "of_class" not in json.loads(every.recreate)
    assert shown.sections[0].tables != every.sections[0].tables
    assert shown.sections[0].paragraphs[0].startswith(f"For class {name} alone")
    assert subjects(row) == (item.run_id,)  # so it ends when the run becomes private
    with pytest.raises(RunError, match="no chosen run has a class 'nobody'"):
        lab.shares.make("comparison", f"{item};of=nobody")


def test_a_reader_is_refused_before_anything_is_drawn(store: Store, run_id: str) -> None:
    reader = Lab(store.seen_by(Person(name="ron", rank=Rank.READER, id="ron")))
    assert not reader.shares.allowed
    with pytest.raises(AccessError, match="rank of a member"):
        reader.shares.make("run", "nothere")


def test_only_what_is_there_can_be_shared(store: Store) -> None:
    before = Lab(store).shares.all()
    with pytest.raises(RunError, match="not known"):
        Lab(store).shares.make("run", "nothere")
    assert Lab(store).shares.all() == before


def test_a_link_at_a_terminal_from_its_making_to_its_end(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PXCORE_PUBLIC_URL", "https://lab.example")
    lines, told = call("share", run_id, "--days", "3")
    found = re.fullmatch(r"https://lab\.example/shared\?link=([\w-]{43})", lines[-1])
    assert found
    token, link = found[1], re.findall(r"link (\w{12}) opens until", told)[0]
    lab = Lab(store)
    assert lab.shares.open(token).subject == run_id
    listed = "\n".join(call("shares")[0])
    assert link in listed
    assert token not in listed
    assert "opens nothing any more" in call("unshare", link)[1]
    with pytest.raises(AccessError):
        lab.shares.open(token)
    assert re.search(rf"{link}.*revoked", "\n".join(call("shares")[0]))


def test_a_terminal_without_an_address_says_what_stands_in_front(run_id: str) -> None:
    lines, told = call("share", run_id)
    assert lines[-1].startswith("/shared?link=")
    assert "PXCORE_PUBLIC_URL" in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("share", "nothere"), "'nothere' is not known here"),
        (("unshare", "nothere"), "link 'nothere' is not among yours"),
    ],
)
def test_what_is_not_there_is_told(store: Store, words: tuple[str, ...], says: str) -> None:
    error = AccessError if words[0] == "unshare" else RunError
    assert re.search(says, call(*words, fails=error)[1])


def test_a_data_set_is_not_shared(store: Store) -> None:
    dataset = Lab(store).datasets()[0].id
    assert "is a data set; give the id of a run" in call("share", dataset, fails=RunError)[1]


def test_days_are_checked_before_anything_is_drawn(store: Store, run_id: str) -> None:
    assert "1 to 365" in call("share", run_id, "--days", "0", fails=AccessError)[1]
