"""Figures about panels: what is drawn of which numbers, names as text, and their SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import plotly.graph_objects as go
import pytest

import tests.example_values as ex
from pxcore.panel.constraints import stains_of
from pxcore.plots.panel_marks import n_stains, named, price
from pxcore.plots.panel_steps import change_words, gain_words
from pxcore.plots.style import DARK, LIGHT, Theme, alt
from pxcore.plots.svg import to_svg
from pxcore.plots.text import plain, readable
from pxcore.types import Channel, Panel
from tests.fake_panels import findings
from tests.panel.made_trials import panel as made_panel
from tests.plots.panel_drawn import (
    FOUND,
    MARGIN,
    PANEL,
    advice,
    compared,
    front,
    removal,
    steps,
)

FIGURES = (steps, removal, front, compared)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_margin_is_always_a_band_below_the_full_panel(
    figure: Callable[..., go.Figure], theme: Theme
) -> None:
    drawn = figure(theme=theme)
    (band,) = drawn.layout.shapes
    top = FOUND.evidence.full.f1_macro.mean
    across = figure is compared  # its F1 goes from left to right
    ends = (band.x0, band.x1) if across else (band.y0, band.y1)
    assert ends == pytest.approx((top - MARGIN, top))
    words = [note.text for note in drawn.layout.annotations]
    assert any("margin of 0.020" in text for text in (*words, drawn.layout.xaxis.title.text))
    assert drawn.layout.meta["theme"] == theme.id


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_become_svg(figure: Callable[..., go.Figure]) -> None:
    assert to_svg(figure()).startswith(b"<?xml")


def markers(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if "markers" in trace.mode]


def test_steps_are_the_best_panels_of_each_size_and_set_the_advised_one_apart() -> None:
    figure, told = steps(), advice()
    assert told.recommended is not None
    assert told.recommended.members == (0, 1, 2, 4)
    advised = next(trace for trace in figure.data if trace.name == "advised")
    assert list(advised.x) == [3]
    assert advised.marker.symbol == "diamond"
    dots = sorted(
        (x, y) for trace in markers(figure) for x, y in zip(trace.x, trace.y, strict=True)
    )
    assert [x for x, _ in dots] == [0, 1, 2, 3, 4]
    assert [y for _, y in dots] == pytest.approx([0.45, 0.75, 0.85, 0.9, 0.9])
    assert list(figure.layout.xaxis.ticktext) == [
        "0",
        "1<br>+ S0",
        "2<br>+ S1",
        "3<br>+ S3",
        "4<br>+ S2",
    ]
    for trace in markers(figure):
        for number, y, up in zip(trace.x, trace.y, trace.error_y.array, strict=True):
            assert y + up == pytest.approx(told.additions[number].f1.high)


def test_stairs_go_level_to_the_next_size_and_then_up() -> None:
    line = next(trace for trace in steps().data if trace.mode == "lines")
    points = list(zip(line.x, line.y, strict=True))
    for (x0, y0), (x1, y1) in pairwise(points):
        assert x0 == x1 or y0 == y1
    assert [x for x, _ in points] == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_step_says_what_came_in_and_what_it_bought() -> None:
    first, second = advice().additions[:2]
    assert gain_words(first) == ""
    assert gain_words(second).startswith("+0.300 (")
    assert change_words(PANEL, second) == "+ S0"
    swapped = replace(second, added=(3, 4), dropped=(2,))
    assert change_words(PANEL, swapped) == "+ S2, + S3, − S1"


def test_the_front_lies_where_nothing_is_cheaper_and_better() -> None:
    figure, told = front(), advice()
    line = next(trace for trace in figure.data if trace.mode == "lines")
    assert list(line.x) == [0, 10, 20, 30]
    assert list(line.y) == pytest.approx([0.45, 0.75, 0.85, 0.9])
    drawn = sum(len(trace.x) for trace in markers(figure))
    assert drawn == len(FOUND.evidence.trials) == 16
    advised = next(trace for trace in figure.data if trace.name == "advised")
    assert told.recommended is not None
    assert list(advised.x) == [price(PANEL, told.recommended.members)] == [30]


def test_without_costs_stains_are_counted() -> None:
    bare = Panel(tuple(replace(c, cost=0.0) for c in PANEL.channels))
    figure = front(findings(bare))
    assert "stains" in figure.layout.xaxis.title.text
    assert price(bare, (0, 1, 2)) == n_stains(bare, (0, 1, 2)) == 2


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_stay_text(figure: Callable[..., go.Figure], shift: int) -> None:
    names = ex.HOSTILE[shift : shift + 4]
    panel = Panel(
        tuple(Channel(name=n, role=c.role) for n, c in zip(names, ex.PANEL.channels, strict=True))
    )
    found = findings(panel, ex.HOSTILE[:3])
    curves = tuple(replace(one, label=f"{one.label} {names[0]}") for one in found.curves)
    drawn = figure(replace(found, curves=curves))
    for text in texts(drawn):
        for name in names:
            if plain(name, 200) != name:
                assert " ".join(name.split()) not in text
    assert to_svg(drawn).startswith(b"<?xml")


def texts(figure: go.Figure) -> list[str]:
    """Return every text that plotly would read as its markup."""
    found = [note.text for note in figure.layout.annotations]
    found += list(figure.layout.xaxis.ticktext or ())
    for trace in figure.data:
        found += [trace.name or "", trace.hovertemplate or "", *(trace.text or ())]
    return found


def test_names_of_many_channels_are_cut() -> None:
    panel = made_panel(20)
    told = named(panel, tuple(range(21)))
    assert told.endswith("9 more")
    assert len(told.split(", ")) == 13


def test_the_alternative_text_says_what_is_seen() -> None:
    assert "3 stains 0.900" in alt(steps())
    assert "PXPermute, least important first 0.770" in alt(removal())
    assert "16 retrained panels" in alt(front())
    assert stains_of(PANEL, (0, 1)) == (1,)
    assert readable(steps().layout.xaxis.ticktext[1]) == "1\n+ S0"
