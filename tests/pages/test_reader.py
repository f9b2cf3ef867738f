"""Whoever may only look is offered nothing that starts a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import tests.example_values as ex
from pxcore.types.people import Person, Rank
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]
DATASET = ex.dataset(truth=True).id
STARTS = {
    "Start the first run", "Start a run", "New run", "Start", "Rank these channels",
    "Run the sanity checks", "Look for channels that say the same", "Start it again",
    "Rank your own cells",
}  # fmt: skip
"""What a member is offered, on one page or the other."""


def labels(app: AppTest) -> set[str]:
    """Return the buttons of a page; its title and the menu are none."""
    return {one.label for one in app.button}


def come_as(lab: FakeLab, rank: Rank) -> None:
    lab.people.auth = "password"
    lab.people.who = lambda _token: Person(id="p1", name="Rea", rank=rank)


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("new", {}),
        ("datasets", {"dataset": DATASET}),
        ("run", {"run": "finished"}),
        ("run", {"run": "failed"}),
        ("", {}),
        ("published", {}),
    ],
)
def test_readers_are_offered_no_start(
    full: FakeLab, visit: Open, page: str, query: dict[str, str]
) -> None:
    come_as(full, Rank.MEMBER)
    assert labels(visit(page, **query)) & STARTS
    come_as(full, Rank.READER)
    app = visit(page, **query)
    assert not labels(app) & STARTS
    if page == "new":
        assert "Whoever may start runs finds a form here" in words(app)
    if query == {"run": "finished"}:
        assert "Whoever may start runs can ask for it here" in words(app)


@pytest.mark.parametrize("page", ["runs", "compare", "panel"])
def test_readers_of_an_empty_lab_are_offered_no_start(lab: FakeLab, visit: Open, page: str) -> None:
    come_as(lab, Rank.MEMBER)
    assert labels(visit(page)) & STARTS
    come_as(lab, Rank.READER)
    assert not labels(visit(page)) & STARTS
