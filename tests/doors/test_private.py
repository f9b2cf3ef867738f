"""Through every door: somebody's private run is as unknown to others as none at all.

The owner has asked before, so that whatever the doors remember between two clicks holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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

ANN, BOB = (Person(name=name, rank=Rank.MEMBER, id=name) for name in ("ann", "bob"))
TITLE, METHOD, NOBODYS = "What nobody else may read", "pxpermute", "0" * 12
Call = Callable[[Lab, str], object]
CALLS: dict[str, Call] = {
    "progress": lambda lab, run: lab.progress(run),
    "result": lambda lab, run: lab.result(run),
    "tables": lambda lab, run: lab.exports.tables(run),
    "json": lambda lab, run: lab.exports.json(run),
    "predictions": lambda lab, run: lab.test_predictions(run),
    "cost of a follow-up": lambda lab, run: lab.follow_up_estimate(run, "gates"),
    "findings": lambda lab, run: lab.panels.findings(run),
    "advice": lambda lab, run: lab.panels.advice_json(run, Constraints()),
    "what if": lambda lab, run: lab.panels.what_if(run, (0, 1)),
    "question": lambda lab, run: lab.panels.asks_anew(run, lab.panels.question(Constraints())),
    "cost of a question": lambda lab, run: lab.panels.estimate(
        run, lab.panels.question(Constraints())
    ),
    "report": lambda lab, run: lab.reports.report("run", run),
    "report of a panel": lambda lab, run: lab.reports.report("panel", run),
    "report of a comparison": lambda lab, run: lab.reports.report("comparison", f"{run}:{METHOD}"),
    "link": lambda lab, run: lab.shares.make("run", run),
    "link to a comparison": lambda lab, run: lab.shares.make("comparison", f"{run}:{METHOD}"),
}
REFUSED_TO_ALL: dict[str, Call] = {
    "findings": CALLS["findings"],
    "report of a panel": CALLS["report of a panel"],
    "maps": lambda lab, run: lab.comparing.maps(run, 0, [0], [METHOD]),
    "report of a clustering": lambda lab, run: lab.reports.report("clustering", run),
    "link to a clustering": lambda lab, run: lab.shares.make("clustering", run),
}
"""What even the owner cannot ask of a run without a panel and without a method that has maps."""


@dataclass(frozen=True)
class Whole:
    """The whole lab with two private runs of Ann."""

    lab: Lab
    first: str
    asked: str
    """It answers which channels are enough."""

    @property
    def ann(self) -> Lab:
        return self.lab.seen_by(ANN)

    @property
    def bob(self) -> Lab:
        return self.lab.seen_by(BOB)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    store = open_store(Settings(home=tmp_path_factory.mktemp("private"), auth="password"))
    spec = replace(tiny_spec(tiny_dataset(store)), title=TITLE)
    first = ledger.submit(store.seen_by(ANN), spec, private=True)
    carry_on(store)
    lab = Lab(store)
    ann = lab.seen_by(ANN)
    asked = ann.panels.ask(first, ann.panels.question(Constraints(), search=True))
    carry_on(store)
    yield Whole(lab, first, asked)
    store.close()


def refusal(call: Call, lab: Lab, run: str) -> str:
    """Return how a call is refused, without the id it was made for."""
    with pytest.raises(PxError) as told:
        call(lab, run)
    return str(told.value).replace(run, "ID")


@pytest.mark.parametrize("name", CALLS)
def test_others_are_told_what_is_told_of_no_run_at_all(whole: Whole, name: str) -> None:
    CALLS[name](whole.ann, whole.asked)  # it works, and is remembered
    told = refusal(CALLS[name], whole.bob, whole.asked)
    assert told == refusal(CALLS[name], whole.bob, NOBODYS)
    assert "is not known here" in told


@pytest.mark.parametrize("name", REFUSED_TO_ALL)
def test_others_are_not_told_what_a_run_does_not_have(whole: Whole, name: str) -> None:
    call = REFUSED_TO_ALL[name]
    assert "not known" not in refusal(call, whole.ann, whole.first)
    assert refusal(call, whole.bob, whole.first) == refusal(call, whole.bob, NOBODYS)


def test_no_list_has_it(whole: Whole) -> None:
    assert {row.id for row in whole.ann.runs()} == {whole.first, whole.asked}
    assert Item(whole.asked, METHOD) in [row.item for row in whole.ann.comparing.items()]
    bob = whole.bob
    assert (bob.runs(), bob.comparing.items(), bob.panels.answers()) == ((), (), ())


def test_no_comparison_and_no_file_has_it(whole: Whole, tmp_path: Path) -> None:
    item = Item(whole.asked, METHOD)
    assert whole.ann.comparing.compare([item]).columns
    found = whole.bob.comparing.compare([item])
    assert not found.columns
    ((_, why),) = found.missing
    assert "not known here" in why
    assert TITLE not in str(found)
    assert TITLE in str(whole.ann.reports.report("comparison", str(item)))
    assert TITLE not in refusal(
        lambda lab, run: lab.exports.files(run, tmp_path / "out"), whole.bob, whole.asked
    )
    assert not (tmp_path / "out").exists()


def test_its_links_are_its_owners(whole: Whole) -> None:
    row, token = whole.ann.shares.make("run", whole.asked)
    assert row.id not in {one.id for one in whole.bob.shares.mine()}
    with pytest.raises(PxError, match="not among yours"):
        whole.bob.shares.extend(row.id)
    assert TITLE in whole.ann.shares.open(token).title


def test_what_the_lab_remembers_of_a_run_follows_its_row(whole: Whole) -> None:
    ann, run_id = whole.ann, whole.asked
    assert ann.result(run_id) is ann.result(run_id)
    ann.people.set_private(run_id, private=False)
    try:
        assert not whole.bob.result(run_id).run.private
    finally:
        ann.people.set_private(run_id, private=True)
    assert ann.result(run_id).run.private
    with pytest.raises(PxError):
        whole.bob.result(run_id)
