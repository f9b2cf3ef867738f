"""``python -m pxcore panel``: the advice, its file, what it costs, one clear message."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pxcore.api import open_lab
from pxcore.commands.following import Following
from pxcore.commands.program import app, main
from pxcore.runs import ledger
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from tests.runs.panel_cells import panel_dataset
from tests.tiny_lab import carry_on, tiny_spec

WIDE = ("--margin", "0.49", "--class-floor", "1")


@dataclass(frozen=True, slots=True)
class Finished:
    """A store with a finished ranking run, and the folder it is in."""

    store: Store
    run_id: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    home = tmp_path_factory.mktemp("panel") / "home"
    store = open_store(Settings(home=home))
    lab = open_lab(Settings(home=home))
    run_id = lab.submit(replace(tiny_spec(panel_dataset(store), max_epochs=1), n_folds=3))
    lab.close()
    carry_on(store)
    yield Finished(store, run_id)
    store.close()


@pytest.fixture(autouse=True)
def in_process(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are carried out here instead of by a runner of their own."""
    monkeypatch.setenv("PXCORE_HOME", str(finished.store.home))
    monkeypatch.setattr(Following, "to_the_end", lambda _: carry_on(finished.store))


def call(*words: str) -> Result:
    done: Result = CliRunner().invoke(app, ["panel", *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def told(done: Result) -> str:
    return " ".join(done.stdout.split())


def test_a_question_is_answered_told_and_written(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "advice.json"
    done = call(finished.run_id, "--curves", "pxpermute", *WIDE, "--json", str(file))
    written = json.loads(file.read_text())
    answer = done.stdout.splitlines()[-1]
    assert answer == written["run_id"] != finished.run_id
    fields = ("recommended", "full", "lower_bound", "margin", "f1", "alternatives", "verdicts")
    assert set(fields) <= set(written)
    assert (written["margin"], written["full"]) == (0.49, ["BF", "marker", "noise"])
    assert set(written["verdicts"]) == set(written["full"])
    assert written["trainings"]["needed"] > written["trainings"]["reused"] == 3
    for words in (
        written["sentence"],
        "PXPermute",
        "least important first",
        "over the steps",
        "all channels",
    ):
        assert words in told(done)
    assert "The question needs" in done.stderr.replace("\n", " ")
    again = call(finished.run_id, "--curves", "pxpermute", *WIDE)
    assert again.stdout.splitlines()[-1] == answer


def test_first_stains_of_rankings_are_compared(finished: Finished, tmp_path: Path) -> None:
    file = tmp_path / "advice.json"
    done = call(
        finished.run_id, "--no-search", "--compare", "pxpermute:1,2", *WIDE, "--json", str(file)
    )
    lines = json.loads(file.read_text())["comparison"]
    assert [(one["what"], one["top"]) for one in lines] == [
        ("stain-free only", None), ("leading stains", 1), ("leading stains", 2),
        ("all channels", None),
    ]  # fmt: skip
    assert all(len(one["panels"]) == 3 for one in lines[1:3])  # one a fold
    assert "first 1 by PXPermute" in told(done)


def test_another_margin_is_read_at_once(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = call(
        finished.run_id, "--must-keep", "noise", "--max-stains", "1", "--margin", "0.4"
    ).stdout.splitlines()[-1]
    before = len(ledger.records(finished.store))

    def nothing_to_follow(_: Following) -> None:
        message = "a run was followed"
        raise AssertionError(message)

    monkeypatch.setattr(Following, "to_the_end", nothing_to_follow)
    file = tmp_path / "advice.json"
    done = call(answer, "--margin", "0.05", "--json", str(file))
    assert done.stdout.splitlines()[-1] == answer
    assert len(ledger.records(finished.store)) == before
    written = json.loads(file.read_text())
    assert written["margin"] == 0.05
    assert "must be kept, as asked" in written["verdicts"]["noise"]["reason"]
    assert "The question needs" not in done.stderr


def test_what_is_given_anew_is_another_question(finished: Finished) -> None:
    first = call(finished.run_id, "--no-search", "--must-keep", "marker").stdout.splitlines()[-1]
    second = call(first, "--no-search", "--must-keep", "").stdout.splitlines()[-1]
    assert first != second
    lab = open_lab(finished.store.settings)
    questions = [lab.progress(one).spec.question for one in (first, second)]
    lab.close()
    assert [one.must_keep for one in questions if one] == [(1,), ()]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--margin", "0.5"], "the margin is 0.5"),
        (["--margin", "0"], "the margin is 0;"),
        (["--must-keep", "CD99"], "'CD99' is not in the panel; it has BF, marker, noise"),
        (["--exclude", "noise,noise"], "'noise' was named twice"),
        (["--must-keep", "noise", "--exclude", "noise"], "must be kept and is excluded at once"),
        (["--must-keep", "noise,marker", "--max-stains", "1"], "2 must be kept"),
        (["--train", "marker,marker"], "'marker' was named twice"),
        (["--curves", "magic"], "no ranking 'magic'; it has pxpermute"),
        (["--compare", "magic:1"], "no ranking 'magic'; it has pxpermute"),
        (["--compare", "pxpermute"], "'pxpermute' of --compare is not a ranking with a number"),
        (["--compare", "2"], "'2' of --compare is not a ranking with a number"),
        (["--compare", "pxpermute:1,,2"], "'' of --compare is not a ranking with a number"),
        (["--compare", "pxpermute:9"], "there are 2 stains to choose from"),
        (["--json", "/nowhere/at/all.json"], "no folder"),
    ],
)
def test_bad_input_is_one_message_and_no_run(
    finished: Finished,
    words: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = len(ledger.records(finished.store))
    monkeypatch.setattr(sys, "argv", ["pxcore", "panel", finished.run_id, *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert says in said.err.replace("\n", " ")
    assert said.out == ""
    assert len(ledger.records(finished.store)) == runs


def test_an_unfinished_run_has_no_answer(finished: Finished) -> None:
    lab = open_lab(finished.store.settings)
    waiting = lab.submit(lab.progress(finished.run_id).spec)
    lab.cancel(waiting, "ann")
    lab.close()
    done = CliRunner().invoke(app, ["panel", waiting])
    assert "is cancelled, so it has no answer about panels yet" in str(done.exception)
