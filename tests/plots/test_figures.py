"""Every figure: drawable, honest about hostile names, light and dark, with an SVG."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import tests.example_values as ex
from pxcore.plots import counts, curves, gallery, matrix, ranking, style, svg
from pxcore.plots.rows import Rows
from pxcore.plots.text import plain, readable
from pxcore.plots.verdicts import WORDS
from pxcore.types import Channel, MethodResult, Panel, PermutedExample, Role
from tests.plots.unlabelled_drawn import DRAWN

Draw = Callable[[Panel, tuple[str, ...], MethodResult, style.Theme], go.Figure]


def _gallery(
    panel: Panel, classes: tuple[str, ...], _: MethodResult, theme: style.Theme
) -> go.Figure:
    cells = ex.cells(3, panel)
    limits = [(0.0, 4000.0)] * len(panel)
    view = gallery.GalleryView(channels=(0, 1, 2), composite=(1, 3), outline=True)
    return gallery.gallery(panel, cells, classes, limits, view, theme)


def _one_cell(
    panel: Panel, classes: tuple[str, ...], _: MethodResult, theme: style.Theme
) -> go.Figure:
    limits = [(0.0, 4000.0)] * len(panel)
    return gallery.one_cell(panel, ex.cells(1, panel), limits, theme, outline=True, zoom=4)


def _before_after(
    panel: Panel, classes: tuple[str, ...], _: MethodResult, theme: style.Theme
) -> go.Figure:
    plane = ex.cells(1, panel).images[0, 0]
    example = PermutedExample(before=plane, after=plane[::-1], mask=None)
    return gallery.before_after([example] * 3, classes, (0.0, 4000.0), theme)


LIMITS = [(0.0, 4000.0)] * 4


def _histograms(series: int) -> list[counts.Histogram]:
    edges, bins = np.linspace(0, 4096, 9), np.arange(8 * series).reshape(series, 8)
    return [counts.Histogram(edges=edges, counts=bins) for _ in range(4)]


FIGURES: dict[str, Draw] = {
    "ranking": lambda p, _k, r, t: ranking.ranking_dots(p, r, t),
    "ranking_panel_order": lambda p, _k, r, t: ranking.ranking_dots(p, r, t, Rows(order="panel")),
    "channel_classes": lambda p, k, r, t: ranking.channel_classes(p, k, r, 1, t),
    "class_scores": lambda _p, k, _r, t: ranking.class_scores(ex.performance(), k, t),
    "heat_map": matrix.heat_map,
    "confusion": lambda _p, k, _r, t: matrix.confusion(ex.performance(), k, t),
    "learning": lambda _p, k, _r, t: curves.learning([(n, ((1.0, 1.1, 0.4),) * 3) for n in k], t),
    "stability": lambda p, _k, r, t: curves.stability(p, r, t),
    "order_agreement": lambda _p, _k, r, t: curves.order_agreement(r, t),
    "class_counts": lambda _p, k, _r, t: counts.class_counts(
        k, np.eye(3, 2, dtype=int) * 9, k[:2], t
    ),
    "intensities": lambda p, _k, _r, t: counts.intensities(
        p, _histograms(1), ("pixels",), LIMITS, t
    ),
    "intensities_by_class": lambda p, k, _r, t: counts.intensities(p, _histograms(3), k, LIMITS, t),
    "gallery": _gallery,
    "one_cell": _one_cell,
    "before_after": _before_after,
    **DRAWN,
}


def hostile(shift: int = 0) -> tuple[Panel, tuple[str, ...]]:
    names = [ex.HOSTILE[(i + shift) % len(ex.HOSTILE)] for i in range(4)]
    channels = zip(names, ex.PANEL.channels, strict=True)
    panel = Panel(tuple(Channel(name=n, role=c.role) for n, c in channels))
    return panel, tuple(ex.HOSTILE[(i + 4 + shift) % len(ex.HOSTILE)] for i in range(3))


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> style.Theme:
    return {"light": style.LIGHT, "dark": style.DARK}[request.param]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_what_it_shows_and_is_transparent(name: str, theme: style.Theme) -> None:
    figure = FIGURES[name](ex.PANEL, ex.CLASSES, ex.method(), theme)
    assert len(style.alt(figure)) > 15
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.height >= 20
    assert figure.layout.font.color == theme.ink


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("shift", [0, 4])
def test_hostile_names_stay_text_in_plotly(name: str, shift: int) -> None:
    panel, classes = hostile(shift)
    figure = FIGURES[name](panel, classes, ex.method(), style.LIGHT)
    figure.layout.meta = None  # alternative texts are attributes, escaped by the page
    for text in _strings(json.loads(figure.to_json())):
        for tag in re.findall(r"<[^<>]*>", text):
            assert tag in {"<b>", "</b>", "<br>", "<extra>", "</extra>"}, text
        assert "$" not in text
        assert "\n" not in text
        assert "\u202e" not in text
        if "{" in text:  # templates are ours and hold no name
            assert re.fullmatch(r"[\w .,:=%{}\[\]<>/()-]*", text), text


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_an_svg_without_foreign_markup(name: str) -> None:
    panel, classes = hostile()
    document = svg.to_svg(FIGURES[name](panel, classes, ex.method(), style.LIGHT))
    root = ET.fromstring(document)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert root.tag.endswith("svg")
    assert not tags & {"script", "img", "foreignObject", "b", "a", "i"}
    if name not in {"learning", "order_agreement", "one_cell"}:
        return
    assert "text" in tags


def test_names_are_readable_in_the_svg() -> None:
    panel = Panel((Channel(name="<b>CD3</b> & $x$"), *ex.PANEL.channels[1:]))
    document = svg.to_svg(ranking.ranking_dots(panel, ex.method(), style.LIGHT))
    texts = [
        "".join(e.itertext()).strip() for e in ET.fromstring(document).iter() if "text" in e.tag
    ]
    assert "<b>CD3</b> & $x$" in texts


def test_svg_is_the_same_each_time() -> None:
    figures = [ranking.ranking_dots(ex.PANEL, ex.method(), style.LIGHT) for _ in range(2)]
    assert svg.to_svg(figures[0]) == svg.to_svg(figures[1])


@pytest.mark.parametrize(
    "figure",
    [
        go.Figure(go.Pie(values=[1, 2])),
        go.Figure().add_annotation(text="x", x=1, y=1, showarrow=True),
        go.Figure().add_shape(type="circle", x0=0, x1=1, y0=0, y1=1),
    ],
)
def test_svg_refuses_what_it_cannot_draw(figure: go.Figure) -> None:
    with pytest.raises(ValueError, match="have no SVG"):
        svg.to_svg(figure)


def test_svg_points_lie_where_the_values_are() -> None:
    figure = go.Figure(go.Scatter(x=[0, 10], y=[0, 1], mode="markers", marker_symbol="circle"))
    style.dressed(figure, style.LIGHT, alt="two points", height=300)
    figure.update_xaxes(range=[0, 20])
    figure.update_yaxes(range=[0, 2])
    root = ET.fromstring(svg.to_svg(figure, width=600))
    uses = [e for e in root.iter() if e.tag.endswith("use") and float(e.get("y", 0)) < 240]
    places = sorted((float(e.get("x", 0)), float(e.get("y", 0))) for e in uses if e.get("x"))
    left, right = places[0][0], places[-1][0]
    assert right - left == pytest.approx((600 - 60 - 20) / 2, rel=0.03)


def test_ranking_goes_by_rank_or_by_panel() -> None:
    by_rank = ranking.ranking_dots(ex.PANEL, ex.method(), style.LIGHT)
    by_panel = ranking.ranking_dots(ex.PANEL, ex.method(), style.LIGHT, Rows(order="panel"))
    assert [readable(t) for t in by_rank.layout.yaxis.ticktext] == [
        "PI (DNA)", "Brightfield", "Live/dead", "Darkfield (SSC)",
    ]  # fmt: skip
    assert [readable(t) for t in by_panel.layout.yaxis.ticktext] == list(ex.PANEL.names)


def test_ranking_shows_every_fold_interval_and_verdict() -> None:
    result = ex.method()
    figure = ranking.ranking_dots(ex.PANEL, result, style.LIGHT)
    folds = figure.data[0]
    assert sorted(folds.x) == sorted(v for fold in result.ranking.folds for v in fold)
    means = {d[0]: (x, x - lo, x + hi) for t in figure.data[1:] for d, x, lo, hi in _points(t)}
    for c in range(4):
        want = (result.ranking.mean[c], result.ranking.low[c], result.ranking.high[c])
        assert means[c] == pytest.approx(want)
    notes = " ".join(note.text for note in figure.layout.annotations)
    assert "0.660 (0.620 to 0.700)" in notes
    assert all(word in notes for word in WORDS.values())


def test_ranking_tells_roles_apart_by_shape_and_tone() -> None:
    figure = ranking.ranking_dots(ex.PANEL, ex.method(), style.LIGHT)
    look = {}
    for trace in figure.data[1:]:
        for point in trace.customdata:
            look[ex.PANEL.channels[point[0]].role] = trace.marker.symbol
    assert look[Role.BRIGHTFIELD] == look[Role.DARKFIELD] != look[Role.STAIN]
    assert len({look[Role.STAIN], look[Role.VIABILITY], look[Role.BRIGHTFIELD]}) == 3
    assert len({style.tone(role, style.LIGHT) for role in Role}) == 4


def test_decoys_are_shaded_as_what_zero_looks_like() -> None:
    channels = (*ex.PANEL.channels[:3], Channel(name="decoy", role=Role.DECOY))
    figure = ranking.ranking_dots(Panel(channels), ex.method(), style.LIGHT)
    band = next(s for s in figure.layout.shapes if s.type == "rect")
    assert (band.x0, band.x1) == pytest.approx((-0.04, 0.08))
    assert "what zero looks like" in [note.text for note in figure.layout.annotations]


def test_heat_map_is_centred_at_zero_and_leaves_room_for_numbers() -> None:
    figure = matrix.heat_map(ex.PANEL, ex.CLASSES, ex.method(), style.LIGHT)
    tiles = figure.data[0]
    assert tiles.zmin == -tiles.zmax
    assert tiles.colorscale[1][1] == style.LIGHT.middle
    assert list(figure.data[0].text[0])[:2] == ["0.660", "0.825"]
    many = tuple(f"class {k}" for k in range(20))
    wide = replace(ex.ranking(), per_class=tuple((ex.interval(0.1, 0.1),) * 20 for _ in range(4)))
    crowded = matrix.heat_map(ex.PANEL, many, replace(ex.method(), ranking=wide), style.LIGHT)
    assert {word for row in crowded.data[0].text for word in row} == {""}


def test_confusion_gives_row_shares_and_counts_over_all_folds() -> None:
    figure = matrix.confusion(ex.performance(), ex.CLASSES, style.LIGHT)
    np.testing.assert_allclose(np.array(figure.data[0].z).sum(axis=1), 1.0)
    assert figure.data[0].text[0][0] == "91%<br>90"
    where = [point[:2] for point in figure.data[1].customdata]
    assert where[1] == [0, 1]


def test_axis_titles_have_room_beside_long_names() -> None:
    """Titles move away from the names of classes; margins grow instead of cutting them."""
    tiles = matrix.confusion(ex.performance(), ex.CLASSES, style.LIGHT)
    assert min(tiles.layout.xaxis.title.standoff, tiles.layout.yaxis.title.standoff) >= 10
    method = ex.result().methods[0]
    drawn = (
        curves.learning((("fold 1", ((1.0, 1.0, 0.5),)),), style.LIGHT),
        curves.stability(ex.PANEL, method, style.LIGHT),
        curves.order_agreement(method, style.LIGHT),
    )
    assert all(figure.layout.yaxis.automargin for figure in drawn)
    scores = ranking.class_scores(ex.performance(), ex.CLASSES, style.LIGHT)
    assert scores.layout.xaxis.range == (-0.03, 1.03)


def test_class_with_few_cells_is_flagged() -> None:
    figure = ranking.class_scores(ex.performance(), ex.CLASSES, style.LIGHT)
    flagged = [n.text for n in figure.layout.annotations if "few cells" in n.text]
    assert len(flagged) == 1
    assert "n = 20" in flagged[0]


def test_plain_and_readable_are_inverse() -> None:
    for name in ex.HOSTILE:
        assert readable(plain(name)) == " ".join(name.replace("\u202e", "").split())


def _points(trace: go.Scatter) -> list[tuple[list[int], float, float, float]]:
    ends = (trace.error_x.arrayminus, trace.error_x.array)
    return list(zip(trace.customdata, trace.x, *ends, strict=True))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [] if value.startswith("data:image") else [value]
    if isinstance(value, dict):
        return [s for v in value.values() for s in _strings(v)]
    return [s for v in value for s in _strings(v)] if isinstance(value, list) else []
