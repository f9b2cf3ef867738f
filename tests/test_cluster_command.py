"""``python -m pxcore cluster`` and ``name-clusters``: last lines, the file, one clear message."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tests.unlabelled_values as un
from pxcore.api import open_lab
from pxcore.commands.clusters_told import tell
from pxcore.commands.following import Following
from pxcore.commands.program import app, main
from pxcore.runs import datasets
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store
from tests.hidden_cells import hidden_dataset
from tests.tiny_lab import carry_on

OWNER = "Ann of the third floor"
SMALL = ("--epochs", "60", "--model-option", "width=2", "--model-option", "code=8")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path_factory.mktemp("command") / "home"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cells(store: Store) -> str:
    return hidden_dataset(store, store.home).id


@pytest.fixture(autouse=True)
def in_process(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PXCORE_HOME", str(store.home))
    monkeypatch.setattr(Following, "to_the_end", lambda _: carry_on(store))


def call(*words: str) -> list[str]:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout.splitlines()


def test_clusters_are_told_written_and_named(cells: str, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "clusters.json"
    lines = call("cluster", cells, "--clusters", "3", "--rank", "--json", str(file), *SMALL)
    told = json.loads(file.read_text())
    assert told["run"] == lines[-1]
    assert (told["clusters"], sum(told["sizes"]), told["bic"]) == (3, 120, [])
    assert told["balanced_accuracy"] == told["ari"] == told["f1"] == 1.0
    assert set(told["importance"]) == {"permute_cells", "permute_pixels"}
    assert told["importance"]["permute_cells"]["rank"][0] == 3
    assert told["settings"]["options"] == [["code", 8], ["width", 2]]
    assert "against known classes: balanced accuracy 1.00" in "\n".join(lines)
    named = call("name-clusters", lines[-1], "--name", "1=a", "--name", "2=b c", "--title", "Mine")
    made = datasets.one(store, named[-1])
    assert (made.title, made.classes, made.n_labelled) == ("Mine", ("a", "b c"), 80)
    assert "left out: 40 cells" in named


def test_it_is_reported_shared_and_made_anew(
    cells: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PXCORE_OWNER", OWNER)
    run = call("cluster", cells, "--clusters", "3", "--rank", *SMALL)[-1]
    call("report", run, "--to", "all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        archive.extract("recreate.json")
        whole = set(archive.namelist())
        told = json.loads(archive.read("bench/clusters.json"))
        assert not [one for one in whole if OWNER.encode() in archive.read(one)]
    assert (told["run"], told["clusters"]) == (run, 3)
    assert {"report.pdf", "tables/codes.csv", "figures/cells.svg", "figures/bic.svg"} - whole == {
        "figures/bic.svg"
    }
    token = call("share", run)[-1].partition("link=")[2]
    with closing(open_lab(Settings(home=store.home))) as lab:
        assert lab.shares.open(token).kind == "clustering"
        with zipfile.ZipFile(io.BytesIO(lab.shares.archive(token))) as archive:
            assert whole - set(archive.namelist()) == {"tables/codes.csv", "tables/codes.parquet"}
        again = call("run", "--from", "recreate.json", "--title", "again")[-1]
        progress = lab.progress(again)
        assert again != run
        assert progress.run.title == "again"
        assert all(task.reused for task in progress.tasks)
        assert lab.unlabelled.ask_of(again).owner == OWNER


def test_auto_looks_for_the_number_and_says_when_it_did_not_find_one(
    cells: str, tmp_path: Path
) -> None:
    file = tmp_path / "auto.json"
    lines = call("cluster", cells, "--most", "2", "--json", str(file), *SMALL)
    told = json.loads(file.read_text())
    assert [k for k, _ in told["bic"]] == [1, 2]
    assert "importance" not in told
    assert "BIC still falls at 2 clusters" in " ".join(lines)


def test_published_settings_of_the_training_are_given_and_told(cells: str, tmp_path: Path) -> None:
    file = tmp_path / "published.json"
    start = ("--start-epochs", "2", "--start-rate", "1e-4", "--limits", "full_scale")
    steps = ("--epochs", "3", "--batch-size", "40", "--learning-rate", "0.004")
    call("cluster", cells, "--clusters", "2", "--json", str(file), *SMALL, *start, *steps)
    settings = json.loads(file.read_text())["settings"]
    given = ("start_epochs", "start_rate", "limits", "epochs", "batch_size", "learning_rate")
    assert [settings[name] for name in given] == [2, 1e-4, "full_scale", 3, 40, 0.004]


@pytest.mark.parametrize("verdict", ["stable", "chance"])
def test_rankings_on_clusters_that_are_not_to_be_relied_on_say_so(
    verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = un.ranking()
    other = replace(one, method="permute_pixels", rank=(1, 2, 3, 4))
    trust = replace(un.STABLE, verdict=verdict)
    for rankings, differ in (((one, other), True), ((one, one), False), ((), False)):
        tell(replace(un.result(), rankings=rankings, trust=trust))
        told = " ".join(capsys.readouterr().out.split())
        caveat = "As the clusters are not to be relied on, neither is this."
        assert (caveat in told) is (verdict == "chance" and bool(rankings))
        leaders = "different leaders: PI (DNA) by permute_cells and Brightfield by permute_pixels."
        assert (leaders in told) is differ


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--clusters", "many"), "give auto or a number"),
        (("--clusters", "1"), "1 cluster was asked for, which parts nothing; expected 2 to 50"),
        (("--clusters", "500"), "500 clusters were asked for and 120 cells are given"),
        (("--channels", "CD3"), "it has BF, Left, Right"),
        (("--model", "dcae_3d"), "takes volumes only"),
        (("--variant", "birch"), "cannot say how many clusters"),
        (("--picture-weight", "0.5"), "nothing is weighed"),
        (("--json", "/nowhere/at/all.json"), "there is no folder"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    cells: str,
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["pxcore", "cluster", cells, *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("show {cells}", "'{cells}' is a data set ("),
        ("show {cells}", "`cluster {cells}` clusters its cells"),
        ("show nothere", "run 'nothere' is not known here"),
        ("cluster nothere", "import it first (`python -m pxcore import PATH` prints its id), or"),
        ("run nothere", "find it: the address of a data set's page ends with its id"),
    ],
)
def test_an_id_of_another_kind_is_told_with_what_to_do(
    cells: str,
    command: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["pxcore", *command.format(cells=cells).split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said.format(cells=cells) in " ".join(capsys.readouterr().err.split())
