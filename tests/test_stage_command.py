"""``python -m pxcore stage``: the whole wizard at a terminal, and one clear message otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pxcore.api import Lab
from pxcore.commands.program import app, main
from pxcore.commands.stage_words import plans_table
from pxcore.errors import PanelError
from pxcore.panel.staged.instruments import other
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from pxcore.types.staged import StagedPlan
from tests.runs.staged.made_cells import marker_dataset, queue
from tests.tiny_lab import carry_on

TABLE = "marker,clone,cost,bridge\nCD3,UCHT1,5,yes\nCD4,,2,\nCD45,,2,\nCD19,,2,\nCD20,,2,\n"
SMALL = ("--slots", "4", "--brightfield", "1")


@dataclass(frozen=True, slots=True)
class Measured:
    """A store in which the planned runs of `TABLE` were measured: (data set, run) of each."""

    store: Store
    attached: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("stage") / "home"))
    data = [
        marker_dataset(store, markers, title="-".join(markers))
        for markers in (("CD3", "CD4", "CD45"), ("CD3", "CD19", "CD20"), ("CD3", "CD19", "CD45"))
    ]
    pairs = tuple((one.id, queue(store, one)) for one in data)
    carry_on(store)
    yield Measured(store, pairs)
    store.close()


@pytest.fixture(autouse=True)
def home(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_HOME", str(measured.store.home))
    monkeypatch.setenv("PXCORE_OWNER", "ann")


def call(*words: str, piped: str = "") -> Result:
    done: Result = CliRunner().invoke(app, ["stage", *words], input=piped)
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def last(done: Result) -> str:
    return done.stdout.splitlines()[-1]


def said(done: Result) -> str:
    return " ".join(done.stdout.split())


def started(*words: str) -> str:
    return last(call("new", "Five", "-", *SMALL, *words, piped=TABLE))


def test_the_whole_way_of_a_plan(measured: Measured, tmp_path: Path) -> None:
    plan = started()
    offers = said(call("plan", plan))
    for words in ("published", "pair_cover", "2 of 6", "6 of 6", "stage plan"):
        assert words in offers
    chosen = said(call("plan", plan, "--kind", "published", "--top", "1"))
    assert "step 3 of 6 (Measure)" in chosen
    assert "those that the merge takes" in chosen
    fitting = said(call("attach", plan, "1"))
    assert "3 of 3" in fitting
    assert "CD4, CD45" in fitting
    call("attach", plan, "1", "--dataset", measured.attached[0][0])
    assert measured.attached[0][1] in said(call("attach", plan, "1"))
    for number, (dataset, run) in enumerate(measured.attached[:2], start=1):
        call("attach", plan, str(number), "--dataset", dataset, "--run", run)
    hands = ("--take", "CD45, cd19", "--leave", "CD4,CD20")
    merged = said(call("merge", plan, *hands, "--finish"))
    for words in ("A bridge marker", "yes, by hand", "no, by hand", "step 5 of 6 (Final run)"):
        assert words in merged
    call("attach", plan, "3", "--run", measured.attached[2][1])
    file, folder = tmp_path / "plan.json", tmp_path / "papers"
    shown = call("show", plan, "--json", str(file), "--to", str(folder))
    told = json.loads(file.read_text())
    assert told["outcome"]["panel"] == ["CD3", "CD45", "CD19"]
    assert told["outcome"]["left"][0]["marker"] == "CD4"
    assert (told["outcome"]["cost"], told["outcome"]["saved"]) == (9.0, 4.0)
    assert (told["step"], told["owner"], told["candidates"][0]["bridge"]) == (6, "ann", True)
    for words in ("The panel: CD3, CD45, CD19", "python -m pxcore panel", "ann Merge: CD45"):
        assert words in said(shown)
    assert {"panel.csv", "outcome.json", "final_run.csv", "run_sheets.html"} <= {
        one.name for one in folder.iterdir()
    }
    assert plan in said(call("show"))
    assert last(shown) == plan
    again = said(call("merge", plan, "--by-rule", "CD20", "--by-verdict", "--top", "2"))
    assert "keeps its data set" in again
    assert "step 4 of 6 (Merge)" in again
    assert "step 3 of 6" in said(call("attach", plan, "2", "--detach"))
    assert "step 6 of 6" in said(call("show", plan, "--version", str(told["version"])))


def test_marks_and_prices_add_to_those_of_the_file(measured: Measured) -> None:
    table = (
        "marker,cost,must_keep,always_on,bridge\nCD3,5,,,yes\nCD4,2,,,\nCD8,2,yes,,\n"
        "CD19,2,,,\nCD20,2,,,\nDAPI,0,,yes,\n"
    )
    words = ("--must-keep", "CD4", "--always-on", "CD20", "--cost", "CD4=3,5", "--cost", "cd-19=1")
    done = call("new", "Six", "-", "--slots", "9", *words, piped=table)
    plan = Lab(measured.store).staged.plan(last(done))
    assert {c.marker: (c.must_keep, c.always_on, c.bridge, c.cost) for c in plan.candidates} == {
        "CD3": (False, True, True, 5.0),
        "CD4": (True, False, False, 3.5),
        "CD8": (True, False, False, 2.0),
        "CD19": (False, False, False, 1.0),
        "CD20": (False, True, False, 2.0),
        "DAPI": (False, True, False, 0.0),
    }


def refused(*words: str, piped: str = "") -> str:
    done = CliRunner().invoke(app, ["stage", *words], input=piped)
    assert isinstance(done.exception, PanelError), done.output
    return str(done.exception)


def test_candidates_that_cannot_be_leave_no_plan_behind(measured: Measured) -> None:
    before = Lab(measured.store).staged.plans()
    words = ("new", "Three", "-", "--slots", "3", "--always-on", "CD3,CD4,CD8")
    assert "none is left" in refused(*words, piped="CD3\nCD4\nCD8\nCD19\n")
    assert Lab(measured.store).staged.plans() == before


def test_a_merge_of_several_hands_is_saved_whole_or_not_at_all(measured: Measured) -> None:
    plan = started()
    call("plan", plan, "--kind", "published", "--top", "1")
    staged = Lab(measured.store).staged
    before = staged.plan(plan)
    assert "'CD3' is always on" in refused("merge", plan, "--take", "CD45,CD3", "--by-verdict")
    assert "no finished ranking" in refused("merge", plan, "--take", "CD45", "--finish")
    assert "no finished ranking" in refused("merge", plan)
    assert staged.plan(plan) == before
    call("merge", plan, "--take", "CD45,CD19", "--by-verdict")
    after = staged.plan(plan)
    assert (after.version, len(after.overrides), after.by_verdict) == (before.version + 1, 2, True)


def test_a_margin_that_is_none_is_refused_at_any_step() -> None:
    plan = started()
    assert "the margin is 0.7; expected" in refused("show", plan, "--margin", "0.7")
    assert "the margin is 0; expected" in refused("show", plan, "--margin", "0")


def test_markers_come_from_a_file_and_from_a_data_set(measured: Measured, tmp_path: Path) -> None:
    file = tmp_path / "markers.txt"
    file.write_text("CD3\nCD4\n")
    plan = Lab(measured.store).staged.plan(last(call("new", "Two", str(file))))
    assert (len(plan.candidates), plan.instrument.id) == (2, "imagestream_12")
    plan = Lab(measured.store).staged.plan(
        last(call("new", "Two", "--dataset", measured.attached[0][0], "--instrument", "other",
                  "--slots", "9"))
    )  # fmt: skip
    assert [one.marker for one in plan.candidates] == ["CD3", "CD4", "CD45"]
    assert plan.instrument.stain_slots == 9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("new", "Five", "nowhere.txt"), "markers in nowhere.txt cannot be read: No such file"),
        (("new", "Five"), "candidate markers come from one place"),
        (("new", "Five", "-", *SMALL, "--must-keep", "CD99"), "'CD99', to be marked as must keep"),
        (("new", "Five", "-", *SMALL, "--cost", "CD3"), "--cost is 'CD3'; give a marker and"),
        (("new", "Five", "-", *SMALL, "--cost", "CD9=1"), "names 'CD9', which is no candidate"),
        (("new", "Five", "-", "--instrument", "foo"), "instrument 'foo' is not known"),
        (("new", "Five", "-", "--instrument", "other"), "has 0 channels; expected 1 to 64"),
        (("new", "Five", "-", "--slots", "4", "--brightfield", "x"), "'x' is not a channel number"),
        (("new", "Five", "-", "--slots", "2", "--brightfield", "1"), "none is left for a candid"),
        (("plan", "{plan}", "--kind", "magic"), "--kind is 'magic'; there is published, pair_c"),
        (("plan", "{plan}", "--kind", "published", "--top", "3"), "choose m from 1 to 2"),
        (("plan", "nix"), "staged plan 'nix' is not known here"),
        (("attach", "{plan}", "1", "--run", "nix"), "run 'nix' is not known here"),
        (("attach", "{plan}", "9"), "run 9 is not planned"),
        (("merge", "{plan}"), "Merging is not possible yet"),
        (("show", "{plan}", "--version", "8"), "has no version 8; it has 1 to 2"),
        (("show", "{plan}", "--json", "/nowhere/x"), "cannot be written: there is no folder"),
        (("show", "{plan}", "--to", "x"), "A run sheet is not possible yet"),
    ],
)
def test_what_cannot_be_is_one_message(
    words: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    plan = started()
    file = tmp_path / "markers.csv"
    file.write_text(TABLE)
    given = [one.replace("{plan}", plan).replace("-", str(file)) if one == "-" else
             one.replace("{plan}", plan) for one in words]  # fmt: skip
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["pxcore", "stage", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_an_owner_is_listed_only_where_one_is_known() -> None:
    plan = StagedPlan(
        id="ab", title="T", version=1, step=1, owner="", instrument=other(4), changed="2026-11-21"
    )
    heads = [column.header for column in plans_table((plan,)).columns]
    assert heads == ["plan", "title", "step", "version", "changed"]
    heads = [column.header for column in plans_table((replace(plan, owner="ann"), plan)).columns]
    assert heads == ["plan", "title", "step", "version", "owner", "changed"]
