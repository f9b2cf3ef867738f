"""Figures are made once for equal values, and never from values that are gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go
import pytest

from pages.parts import figures
from pxcore.plots import ranking
from pxcore.plots.rows import usual
from pxcore.plots.style import DARK, LIGHT, Theme
from tests import example_values as ex


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    figures.forget()
    yield
    figures.forget()


class Counter:
    """Draws, and counts how often; equal to itself alone."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def by_itself(self, theme: Theme) -> go.Figure:
        return self.drawn("itself", theme)

    def drawn(self, title: object, theme: Theme) -> go.Figure:
        self.made.append(str(title))
        return go.Figure(layout={"title": {"text": str(title)}, "font": {"color": theme.ink}})


def test_equal_values_make_one_figure_and_others_another() -> None:
    pen = Counter()
    by_closure = [closed(pen, title) for title in "aab"]
    shown = [figures._figure(build, LIGHT) for build in by_closure]
    assert pen.made == ["a", "b"]
    assert shown[0] is shown[1]
    assert figures._figure(by_closure[0], DARK) is not shown[0]
    assert pen.made == ["a", "b", "a"]


def test_values_that_a_loop_hands_over_count() -> None:
    pen = Counter()
    by_default = [lambda theme, one=title: pen.drawn(one, theme) for title in "ab"]
    by_keyword = [lambda theme, *, one=title: pen.drawn(one, theme) for title in "ab"]
    for builds in (by_default, by_keyword):
        assert [figures._figure(one, LIGHT).layout.title.text for one in builds] == ["a", "b"]
    assert figures._figure(pen.by_itself, LIGHT) is not figures._figure(pen.by_itself, LIGHT)


def closed(pen: Counter, title: object) -> figures.Build:
    return lambda theme: pen.drawn(title, theme)


@pytest.mark.parametrize("title", [["a", "list"], {"a": 1}], ids=["list", "dict"])
def test_values_that_may_change_are_drawn_each_time(title: object) -> None:
    pen = Counter()
    for _ in range(2):
        figures._figure(closed(pen, title), LIGHT)
    assert len(pen.made) == 2


def test_what_is_no_plain_function_is_drawn_each_time() -> None:
    pen = Counter()
    for title in ("a", "b"):
        assert figures._figure(partial(pen.drawn, title), LIGHT).layout.title.text == title


def test_a_result_read_again_is_another_figure() -> None:
    """Values without an equality of their own count as equal only where they are the very same."""
    one, two = ex.result(), ex.result()
    other = replace(two.methods[0].ranking, mean=(0.9,) * len(two.panel))
    method = replace(two.methods[0], ranking=other)

    def build(panel: object, of: object) -> figures.Build:
        return lambda theme: ranking.ranking_dots(panel, of, theme, usual(panel))  # type: ignore[arg-type]

    first = figures._figure(build(one.panel, one.methods[0]), LIGHT)
    second = figures._figure(build(two.panel, method), LIGHT)
    assert json.loads(first.to_json()) != json.loads(second.to_json())


@pytest.mark.usefixtures("full")
def test_the_page_follows_its_switches(visit: Callable[..., object]) -> None:
    def shown(**query: str) -> str:
        page = visit("run", run="finished", **query)
        charts = [one.proto.spec for one in page.get("plotly_chart")]  # type: ignore[attr-defined]
        assert charts
        return "".join(charts)

    views = [{}, {"order": "panel order"}, {}]
    remembered = [shown(**view) for view in views]
    for view, before in zip(views, remembered, strict=True):
        figures.forget()
        assert shown(**view) == before
    assert remembered[0] == remembered[2]
    assert len(set(remembered)) == 2


@pytest.mark.usefixtures("full")
def test_no_pixels_are_remembered(visit: Callable[..., object]) -> None:
    for _ in range(2):
        page = visit("datasets", dataset=ex.dataset().id, cell="0")
        assert page.get("plotly_chart")  # type: ignore[attr-defined]
    assert figures._made.cache_info().currsize == 0
