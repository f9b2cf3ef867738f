"""Figures of comparisons: drawable, honest about names, and showing the numbers they stand for."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.image import imread

import tests.example_values as ex
from pxcore.plots import style, svg
from pxcore.plots.agreement import agreement_matrix, number
from pxcore.plots.attribution import MapView, attribution_sheet, painted, scales_of
from pxcore.plots.bump import bump
from pxcore.plots.side_by_side import side_by_side
from pxcore.plots.strips import Strips
from pxcore.plots.text import readable
from pxcore.types import Channel, Panel
from pxcore.types.comparison import Comparison, Measured
from tests.compared_values import PANEL, beside, ranked, run
from tests.fake_comparing import made_maps

Draw = Callable[[Comparison, style.Theme], go.Figure]
ALL = (0, 1, 2, 3)


def _maps(comparison: Comparison, theme: style.Theme) -> go.Figure:
    column = comparison.columns[0]
    maps = made_maps(2, 4, ["lrp", "deeplift"])
    view = MapView(
        channels=column.panel.channels,
        limits=((0.0, 4000.0),) * 4,
        labels={"lrp": column.label},
        scales=scales_of(maps),
        captions=tuple(f"{column.classes[0]}, called {name}" for name in column.classes[:2]),
    )
    return attribution_sheet(maps, (0, 1), view, theme)


FIGURES: dict[str, Draw] = {
    "strips": lambda c, t: side_by_side(c, Strips(channels=ALL), t),
    "strips_measured": lambda c, t: side_by_side(c, Strips(channels=ALL, scaled=False), t),
    "strips_by_start": lambda c, t: side_by_side(c, Strips(channels=ALL, starts=True), t),
    "bump": lambda c, t: bump(c, ALL, (), t),
    "bump_one_lit": lambda c, t: bump(c, ALL, (1,), t),
    "spearman": lambda c, t: agreement_matrix(c, "spearman", t),
    "overlap": lambda c, t: agreement_matrix(c, "overlap", t),
    "maps": _maps,
}


def comparison(names: tuple[str, ...] = (), columns: int = 2) -> Comparison:
    """Return two runs of two panels beside one another, with these names everywhere."""
    given = names or tuple(one.name for one in PANEL.channels)
    panel = Panel(
        tuple(replace(one, name=n) for one, n in zip(PANEL.channels, given, strict=False))
    )
    means = [(0.1, 0.6, 0.3, 0.0), (0.4, 0.6, 0.3, 0.0)] * columns
    methods = [ranked(f"m{n}", mean) for n, mean in enumerate(means[:columns])]
    methods = [replace(one, label=given[n % len(given)]) for n, one in enumerate(methods)]
    first = run("r1", methods, panel, seeds=3)
    second = run("r2", methods[:1], panel)
    results = [replace(one, run=replace(one.run, title=given[-1])) for one in (first, second)]
    return beside(*[replace(one, spec=replace(one.spec, classes=given[:3])) for one in results])


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_every_figure_says_what_it_shows_and_has_an_svg(name: str, theme: style.Theme) -> None:
    figure = FIGURES[name](comparison(), theme)
    assert len(style.alt(figure)) > 15
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    root = ET.fromstring(svg.to_svg(figure))
    assert {e.tag.rpartition("}")[2] for e in root.iter()} >= {"svg", "text"}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_stay_text(name: str, shift: int) -> None:
    names = tuple(ex.HOSTILE[(i + shift) % len(ex.HOSTILE)] for i in range(4))
    figure = FIGURES[name](comparison(names), style.LIGHT)
    if not shift:  # the SVG writer has no font for the last names, and says so
        tags = {e.tag.rpartition("}")[2] for e in ET.fromstring(svg.to_svg(figure)).iter()}
        assert not tags & {"script", "img", "foreignObject", "b", "a", "i"}
    figure.layout.meta = None
    for text in strings(json.loads(figure.to_json())):
        if text.startswith("data:image/png;base64,"):
            continue
        for tag in re.findall(r"<[^<>]*>", text):
            assert tag in {"<b>", "</b>", "<br>", "<extra>", "</extra>"}, text
        assert "$" not in text
        assert "\n" not in text
        assert "\u202e" not in text
        if "{" in text:
            assert re.fullmatch(r"[\w .,:=%{}\[\]<>/()-]*", text), text


def strings(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    if isinstance(node, dict):
        return [text for one in node.values() for text in strings(one)]
    return [text for one in node for text in strings(one)] if isinstance(node, list) else []


@pytest.mark.parametrize("scaled", [True, False])
def test_strips_show_every_value_interval_and_training(scaled: bool) -> None:
    made = comparison()
    figure = side_by_side(made, Strips(channels=(2, 0, 1, 3), scaled=scaled), style.LIGHT)
    rows = made.scaled if scaled else made.values
    for n in range(len(made.columns)):
        axis = f"x{n + 1}" if n else "x"
        traces = [t for t in figure.data if (t.xaxis or "x") == axis]
        small = sorted(traces[0].x)
        assert small == pytest.approx(sorted(v for one in rows[n] for v in one.known))
        means = {
            d[0]: (x, x - lo, x + hi, y)
            for t in traces[1:]
            for d, x, y, lo, hi in zip(
                t.customdata, t.x, t.y, t.error_x.arrayminus, t.error_x.array, strict=True
            )
        }
        for row, c in enumerate((2, 0, 1, 3)):
            value = rows[n][c]
            assert means[c] == pytest.approx((value.mean, value.low, value.high, row))


def test_strips_say_what_is_missing() -> None:
    short = Panel((*PANEL.channels[:3], Channel(name="Other")))
    mean = (0.1, 0.6, 0.3, 0.0)
    first = run("a", [ranked("pxpermute", mean)])
    second = run("b", [ranked("pxpermute", mean)], short)
    second = replace(second, spec=replace(second.spec, classes=("x", "y", "z")))
    made = beside(first, second)
    figure = side_by_side(made, Strips(channels=tuple(range(5))), style.LIGHT)
    notes = [note for note in figure.layout.annotations if note.text == "not in panel"]
    assert sorted((note.yref, note.y) for note in notes) == [("y", 4), ("y2", 3)]
    of_class = beside(first, second, class_name="G1")
    figure = side_by_side(of_class, Strips(channels=(0, 1, 2)), style.LIGHT)
    assert sum(note.text == "no such class" for note in figure.layout.annotations) == 3
    assert of_class.values[0][1] == first.methods[0].ranking.per_class[1][0]
    assert of_class.ranks == made.ranks


def test_zero_lies_where_the_values_have_it() -> None:
    made = beside(run("a", [ranked("pxpermute", (0.1, 0.6, 0.3, -0.2))]))
    figure = side_by_side(made, Strips(channels=ALL), style.LIGHT)
    (line,) = figure.layout.shapes
    low, high = made.scales[0]
    assert low + line.x0 * (high - low) == pytest.approx(0)


def test_seven_strips_stand_in_two_lines_that_do_not_overlap() -> None:
    figure = side_by_side(comparison(columns=6), Strips(channels=ALL), style.LIGHT)
    first, last = figure.layout.yaxis.domain, figure.layout.yaxis7.domain
    assert first[0] > last[1]
    assert figure.layout.xaxis7.domain[0] == 0
    assert readable(figure.layout.yaxis7.ticktext[0]) == "Brightfield"
    assert not any(figure.layout.yaxis2.ticktext)


def test_bump_shows_ranks_with_their_ranges() -> None:
    made = beside(
        run("r", [ranked("a", (0.1, 0.6, 0.3, 0.0), 0.15), ranked("b", (0.4, 0.6, 0.3, 0.0))])
    )
    figure = bump(made, ALL, (), style.LIGHT)
    assert len(figure.data) == 4
    for trace in figure.data:
        c = trace.customdata[0][0]
        for n in range(2):
            span = made.ranks[n][c]
            assert trace.y[n] == span.rank
            assert trace.y[n] + trace.error_y.array[n] == span.high
            assert trace.y[n] - trace.error_y.arrayminus[n] == span.low
            assert abs(trace.x[n] - n) < 0.25
    labels = {readable(note.text)[2:]: note.y for note in figure.layout.annotations}
    assert labels == {c.name: made.ranks[1][i].rank for i, c in enumerate(made.channels)}
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "rank 1 on top"


def test_a_channel_keeps_its_colour_when_others_are_hidden_or_lit() -> None:
    made = comparison()
    whole, part = bump(made, ALL, (), style.LIGHT), bump(made, (2,), (), style.LIGHT)
    assert whole.data[2].line.color == part.data[0].line.color
    lit = bump(made, ALL, (2,), style.LIGHT)
    assert lit.data[2].line.color == whole.data[2].line.color
    assert {lit.data[c].line.color for c in (0, 1, 3)}.isdisjoint(
        {whole.data[c].line.color for c in ALL}
    )


def test_matrix_is_symmetric_with_ranges_and_numbers_of_channels() -> None:
    made = comparison()
    figure = agreement_matrix(made, "kendall", style.LIGHT)
    z = np.array(figure.data[0].z, dtype=float)
    np.testing.assert_array_equal(z, z.T)
    assert np.isnan(np.diag(z)).all()
    for one in made.agreements:
        assert z[one.first, one.second] == one.kendall.value
        words = figure.data[0].text[one.first][one.second]
        assert number(one.kendall.low) in words
        assert f"{one.n_channels} ch." in words
    assert figure.data[0].zmin == -1


def test_a_value_outside_its_own_range_is_explained() -> None:
    """Means over trainings can agree less, or more, than any two trainings do."""
    made = comparison()
    first, *others = made.agreements
    for value, explained in ((-0.31, True), (0.1, False), (0.5, True)):
        odd = replace(first, kendall=Measured(value=value, low=-0.29, high=0.41))
        figure = agreement_matrix(replace(made, agreements=(odd, *others)), "kendall", style.LIGHT)
        told = [str(cell) for trace in figure.data for cell in (trace.customdata or ())]
        assert any("of the means over trainings" in one for one in told)
        told = [one for one in told if number(value) in one and "to 0.41" in one]
        assert any("averaging quiets noise" in one for one in told) is explained


def test_maps_have_one_scale_with_zero_in_the_pages_tone() -> None:
    values = np.array([[0.0, 2.0], [-2.0, 1.0]])
    for theme in (style.LIGHT, style.DARK):
        tiles = painted(values, 2.0, theme)
        assert tuple(tiles[0, 0]) == rgb(theme.middle)
        assert tuple(tiles[0, 1]) == rgb(style.VERMILION)
        assert tuple(tiles[1, 0]) == rgb(style.BLUE)
        middle = (np.array(rgb(theme.middle)) + np.array(rgb(style.VERMILION))) / 2
        assert np.abs(tiles[1, 1] - middle).max() <= 1
    np.testing.assert_array_equal(painted(values * 7, 14.0, style.LIGHT),
                                  painted(values, 2.0, style.LIGHT))  # fmt: skip


def test_each_method_is_scaled_by_its_own_percentile() -> None:
    maps = made_maps(3, 2, ["a", "b"])
    for name, scale in scales_of(maps).items():
        assert (np.abs(maps.maps[name]) > scale).mean() == pytest.approx(0.005, abs=0.002)
    empty = replace(maps, maps={"a": np.zeros((3, 2, 12, 12), np.float32)})
    assert scales_of(empty) == {"a": 1.0}


def test_the_sheet_holds_cells_over_maps() -> None:
    made = comparison()
    figure = _maps(made, style.LIGHT)
    page = imread(BytesIO(base64.b64decode(figure.data[0].source.partition(",")[2])), format="png")
    maps = made_maps(2, 4, ["lrp", "deeplift"])
    tile = (page[14:26, 14:26, :3] * 255).round()  # second row, second channel of the first cell
    wanted = painted(maps.maps["lrp"][0, 1], scales_of(maps)["lrp"], style.LIGHT)
    np.testing.assert_array_equal(tile, wanted)
    right = (page[28:40, 66:78, :3] * 255).round()  # third row, first channel of the second cell
    np.testing.assert_array_equal(
        right, painted(maps.maps["deeplift"][1, 0], scales_of(maps)["deeplift"], style.LIGHT)
    )
    assert readable(figure.layout.yaxis.ticktext[0]) == "cell"


def rgb(tone: str) -> tuple[int, ...]:
    return tuple(int(tone[i : i + 2], 16) for i in (1, 3, 5))
