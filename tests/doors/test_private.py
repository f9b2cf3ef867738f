"""A private run through every door, after its owner has filled what the doors remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import PxError
from pxcore.runs import ledger
from pxcore.settings import Settings
from pxcore.store.home import open_store
from pxcore.types.comparison import Item
from pxcore.types.panel import Constraints
from pxcore.types.people import Person, Rank
from tests.tiny_lab import carry_on, tiny_dataset, tiny_spec

ANN = Person(name="ann", rank=Rank.MEMBER, id="1")
BOB = Person(name="bob", rank=Rank.MEMBER, id="2")
TITLE = "What nobody else may read"
Call = Callable[[Lab, str], object]
CALLS: dict[str, Call] = {
    "progress": lambda lab, run: lab.progress(run),
    "result": lambda lab, run: lab.result(run),
    "tables": lambda lab, run: lab.tables(run),
    "json": lambda lab, run: lab.run_json(run),
    "predictions": lambda lab, run: lab.test_predictions(run),
    "follow-up": lambda lab, run: lab.follow_up_estimate(run, "gates"),
    "findings": lambda lab, run: lab.panels.findings(run),
    "advice": lambda lab, run: lab.panels.advice_json(run, Constraints()),
    "what if": lambda lab, run: lab.panels.what_if(run, (0, 1)),
    "question": lambda lab, run: lab.panels.asks_anew(run, lab.panels.question(Constraints())),
    "report": lambda lab, run: lab.reports.report("run", run),
    "panel report": lambda lab, run: lab.reports.report("panel", run),
    "share": lambda lab, run: lab.shares.make("run", run),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    """Return the whole lab and the private run of Ann, asked about panels."""
    home = tmp_path_factory.mktemp("private")
    store = open_store(Settings(home=home, auth="password"))
    spec = replace(tiny_spec(tiny_dataset(store)), title=TITLE)
    first = ledger.submit(store.seen_by(ANN), spec, private=True)
    carry_on(store)
    lab = Lab(store)
    ann = lab.seen_by(ANN)
    asked = ann.panels.ask(first, ann.panels.question(Constraints(), search=True))
    carry_on(store)
    yield lab, asked
    store.close()


@pytest.mark.parametrize("name", list(CALLS))
def test_it_is_unknown_through_every_door(whole: tuple[Lab, str], name: str) -> None:
    lab, run_id = whole
    CALLS[name](lab.seen_by(ANN), run_id)  # it works, and is remembered
    with pytest.raises(PxError) as told:
        CALLS[name](lab.seen_by(BOB), run_id)
    assert "is not known here" in str(told.value)
    assert TITLE not in str(told.value)


def test_it_is_in_no_list_and_no_comparison(whole: tuple[Lab, str], tmp_path: Path) -> None:
    lab, run_id = whole
    ann, bob = lab.seen_by(ANN), lab.seen_by(BOB)
    item = next(one.item for one in ann.comparing.items() if one.item.run_id == run_id)
    assert ann.comparing.compare([item]).columns
    found = bob.comparing.compare([item])
    assert not found.columns
    assert TITLE not in str(found)
    assert bob.comparing.items() == ()
    assert bob.runs() == ()
    assert bob.panels.answers() == ()
    report = ann.reports.report("comparison", str(item))
    assert TITLE in str(report)
    for take in (
        lambda: bob.reports.report("comparison", str(item)),
        lambda: bob.export(run_id, tmp_path / "out"),
        lambda: bob.comparing.maps(run_id, 0, [0], [item.method]),
        lambda: bob.shares.make("comparison", str(item)),
    ):
        with pytest.raises(PxError) as told:
            take()
        assert TITLE not in str(told.value)
    assert not (tmp_path / "out").exists()
    assert isinstance(item, Item)


def test_what_the_lab_remembers_of_a_run_follows_its_row(whole: tuple[Lab, str]) -> None:
    lab, run_id = whole
    ann = lab.seen_by(ANN)
    assert ann.result(run_id) is ann.result(run_id)
    ann.people.set_private(run_id, private=False)
    try:
        assert not lab.seen_by(BOB).result(run_id).run.private
    finally:
        ann.people.set_private(run_id, private=True)
    assert ann.result(run_id).run.private
    with pytest.raises(PxError):
        lab.seen_by(BOB).result(run_id)
