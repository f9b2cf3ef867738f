"""What helps to read a finished run: words, times, and every table to take away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

import tests.evidence_values as ev
import tests.example_values as ex
from pages.parts import run_form
from pages.parts.glossary import WORDS
from pages.parts.run_details import _clock
from pages.run import FURTHER, TABLES
from pxcore.plots import verdicts
from pxcore.runs import checks
from tests.fake_lab import FakeLab
from tests.pages.conftest import words

Open = Callable[..., AppTest]


def test_words_are_explained_folded(full: FakeLab, visit: Open) -> None:
    app = visit("run", run="finished")
    fold = next(one for one in app.expander if one.label == "What the words mean")
    assert not fold.proto.expanded
    text = words(app)
    assert all(f"**{word}**" in text for word in WORDS)
    assert {"F1", "fold", "training", "decoy", "95 % interval", "verdict"} <= set(WORDS)
    assert all(word in WORDS["verdict"].lower() for word in verdicts.WORDS.values())


@pytest.mark.parametrize("everything", [True, False])
def test_every_table_of_the_run_can_be_taken_away(
    full: FakeLab, visit: Open, *, everything: bool
) -> None:
    full.finished = ev.result() if everything else ex.result()
    app = visit("run", run="finished")
    labels = {one.label for one in app.download_button}
    found = full.finished
    for name, title in (TABLES | FURTHER).items():
        there = name in TABLES or bool(getattr(found, name))
        assert (f"{title}, CSV" in labels) is there, name
    assert everything is ("Where or how much, CSV" in labels)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ((("train", 40.0), ("total", 70.0)), "the run took 70 s on the clock, 30 s of it waiting"),
        ((("train", 60.0), ("rank", 20.0), ("total", 45.0)), "80 s, side by side in 45 s"),
        ((("train", 40.0), ("total", 40.2)), "the run took 40 s on the clock."),
    ],
)
def test_waiting_is_told_apart_from_working(
    seconds: tuple[tuple[str, float], ...], told: str
) -> None:
    assert told in _clock(replace(ex.result(), seconds=seconds))


def test_page_and_terminal_allow_the_same_folds() -> None:
    assert run_form.MOST_FOLDS == checks.MOST_FOLDS


def test_f1_says_over_which_classes(full: FakeLab, visit: Open) -> None:
    full.finished = ev.result()
    text = words(visit("run", run="finished"))
    assert "over all 3 classes, including G2 (20 cells), and" in text
