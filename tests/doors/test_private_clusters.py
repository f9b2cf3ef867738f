"""Somebody's private clustering is as unknown to others as none at all, through every door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import AccessError
from pxcore.settings import Settings
from pxcore.store.home import open_store
from tests.doors.test_private import ANN, BOB, NOBODYS, Call, refusal
from tests.hidden_cells import hidden_dataset, small_ask
from tests.tiny_lab import carry_on

CALLS: dict[str, Call] = {
    "kind": lambda lab, run: lab.unlabelled.is_one(run),
    "ask": lambda lab, run: lab.unlabelled.ask_of(run),
    "live": lambda lab, run: lab.unlabelled.live(run),
    "result": lambda lab, run: lab.unlabelled.result(run),
    "json": lambda lab, run: lab.unlabelled.result_json(run),
    "progress": lambda lab, run: lab.progress(run),
    "encoder": lambda lab, run: lab.unlabelled.check(
        replace(lab.unlabelled.draft(lab.datasets()[0].id), encoder_of=run)
    ),
    "report": lambda lab, run: lab.reports.report("clustering", run),
    "link": lambda lab, run: lab.shares.make("clustering", run),
}
CHANGES: dict[str, Call] = {
    "maps": lambda lab, run: lab.unlabelled.maps(run, [0]),
    "naming": lambda lab, run: lab.unlabelled.name(run, {0: "mine"}),
}


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    """Return the lab and a finished clustering of Ann's."""
    folder: Path = tmp_path_factory.mktemp("private-clusters")
    store = open_store(Settings(home=folder / "home", auth="password"))
    dataset = hidden_dataset(store, folder, 60)
    ask = replace(small_ask(store, dataset, epochs=1), rank=False, maps=False)
    run = Lab(store.seen_by(ANN)).unlabelled.submit(ask, private=True)
    carry_on(store)
    yield Lab(store), run
    store.close()


@pytest.mark.parametrize("name", CALLS)
def test_others_are_told_what_is_told_of_no_run_at_all(
    clustered: tuple[Lab, str], name: str
) -> None:
    lab, run = clustered
    ann, bob = lab.seen_by(ANN), lab.seen_by(BOB)
    CALLS[name](ann, run)  # it works, and is remembered
    assert refusal(CALLS[name], bob, run) == refusal(CALLS[name], bob, NOBODYS)


@pytest.mark.parametrize("name", CHANGES)
def test_others_neither_draw_nor_name_its_clusters(clustered: tuple[Lab, str], name: str) -> None:
    lab, run = clustered
    bob = lab.seen_by(BOB)
    told = refusal(CHANGES[name], bob, run)
    assert told == refusal(CHANGES[name], bob, NOBODYS)
    assert "is not known here" in told


def test_no_list_has_it(clustered: tuple[Lab, str]) -> None:
    lab, run = clustered
    assert [row.id for row in lab.seen_by(ANN).unlabelled.runs()] == [run]
    assert lab.seen_by(BOB).unlabelled.runs() == ()


def test_no_archive_is_made_of_what_its_owner_has_drawn(clustered: tuple[Lab, str]) -> None:
    """The report is Ann's; the archive reads the run once more."""
    lab, run = clustered
    report = lab.seen_by(ANN).reports.report("clustering", run)
    assert lab.seen_by(ANN).reports.archive(report)
    told = refusal(lambda door, _: door.reports.archive(report), lab.seen_by(BOB), run)
    assert "is not known here" in told


def test_hidden_again_it_ends_the_links_of_others(clustered: tuple[Lab, str]) -> None:
    lab, run = clustered
    ann, bob = lab.seen_by(ANN), lab.seen_by(BOB)
    own = ann.shares.make("clustering", run)[1]
    ann.people.set_private(run, private=False)
    try:
        theirs = bob.shares.make("clustering", run)[1]
        assert bob.shares.open(theirs).kind == "clustering"
    finally:
        ann.people.set_private(run, private=True)
    for use in (bob.shares.open, bob.shares.archive):
        with pytest.raises(AccessError, match="shows nothing"):
            use(theirs)
    assert ann.shares.open(own).subject == run
