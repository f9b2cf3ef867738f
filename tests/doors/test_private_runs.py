"""Through every door: somebody's private run is as unknown to others as none at all.

The owner has asked before, so that whatever the doors remember between two clicks holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

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

SECRET = "A title that tells"
ANN, BOB = (Person(name=name, rank=Rank.MEMBER, id=name) for name in ("ann", "bob"))
METHOD = "pxpermute"
CALLS: dict[str, Callable[[Lab, str], object]] = {
    "progress": lambda lab, run: lab.progress(run),
    "result": lambda lab, run: lab.result(run),
    "tables": lambda lab, run: lab.tables(run),
    "json": lambda lab, run: lab.run_json(run),
    "predictions": lambda lab, run: lab.test_predictions(run),
    "cost of a follow-up": lambda lab, run: lab.follow_up_estimate(run, "gates"),
    "report": lambda lab, run: lab.reports.report("run", run),
    "report of a comparison": lambda lab, run: lab.reports.report("comparison", run),
    "link": lambda lab, run: lab.shares.make("run", run),
    "link to a comparison": lambda lab, run: lab.shares.make("comparison", f"{run}:{METHOD}"),
    "cost of a question": lambda lab, run: lab.panels.estimate(
        run, lab.panels.question(Constraints())
    ),
}
REFUSED_TO_ALL = {
    "panel": lambda lab, run: lab.panels.findings(run),
    "report of a panel": lambda lab, run: lab.reports.report("panel", run),
    "maps": lambda lab, run: lab.comparing.maps(run, 0, [0], [METHOD]),
}
"""What even the owner cannot ask of this run: it has no panel and no method with maps."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a lab with one finished run, private to ann."""
    home = tmp_path_factory.mktemp("private") / "home"
    store = open_store(Settings(home=home, auth="password"))
    spec = replace(tiny_spec(tiny_dataset(store)), title=SECRET, owner="ann")
    ledger.submit(store.seen_by(ANN), spec, private=True)
    carry_on(store)
    yield Lab(store)
    store.close()


@pytest.fixture
def run(whole: Lab) -> str:
    return whole.runs()[0].id


def refusal(call: Callable[[Lab, str], object], lab: Lab, run: str) -> str:
    """Return how a call is refused, without the id it was made for."""
    with pytest.raises(PxError) as told:
        call(lab, run)
    return str(told.value).replace(run, "ID")


@pytest.mark.parametrize("name", CALLS)
def test_others_are_told_what_is_told_of_no_run_at_all(whole: Lab, run: str, name: str) -> None:
    ann, bob = whole.seen_by(ANN), whole.seen_by(BOB)
    CALLS[name](ann, run)
    assert refusal(CALLS[name], bob, run) == refusal(CALLS[name], bob, "0" * 12)


@pytest.mark.parametrize("name", REFUSED_TO_ALL)
def test_others_are_not_told_what_a_run_does_not_have(whole: Lab, run: str, name: str) -> None:
    call, bob = REFUSED_TO_ALL[name], whole.seen_by(BOB)
    assert "not known" not in refusal(call, whole.seen_by(ANN), run)
    assert refusal(call, bob, run) == refusal(call, bob, "0" * 12)


def test_no_list_has_it(whole: Lab, run: str) -> None:
    ann, bob = whole.seen_by(ANN), whole.seen_by(BOB)
    item = Item(run, METHOD)
    assert [row.id for row in ann.runs()] == [run]
    assert item in [row.item for row in ann.comparing.items()]
    assert not ann.comparing.compare([item]).missing
    assert (bob.runs(), bob.comparing.items()) == ((), ())
    ((_, why),) = bob.comparing.compare([item]).missing
    assert "not known here" in why


def test_its_links_are_its_owners(whole: Lab, run: str) -> None:
    row, token = whole.seen_by(ANN).shares.make("run", run)
    bob = whole.seen_by(BOB)
    assert row.id not in {one.id for one in bob.shares.mine()}
    with pytest.raises(PxError, match="not among yours"):
        bob.shares.extend(row.id)
    assert SECRET in whole.seen_by(ANN).shares.open(token).title
