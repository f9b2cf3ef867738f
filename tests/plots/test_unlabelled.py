"""What figures and sentences of a clustering say, and that the tables hold the same."""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread

import tests.example_values as ex
import tests.unlabelled_values as un
from pxcore.plots import unlabelled_codes as codes
from pxcore.plots import unlabelled_figures as figures
from pxcore.plots import unlabelled_words as words
from pxcore.plots.sprites import grey, shade
from pxcore.plots.style import DARK, LIGHT
from pxcore.plots.svg import to_svg
from pxcore.plots.unlabelled_pictures import cluster_sheet, maps_sheet, nearest_sheet
from pxcore.types import Channel, Panel
from pxcore.types.unlabelled import Planes

RESULT = un.result()


def volumes() -> object:
    """Return a clustering of one picture and one volume of three slices."""
    names = ("BF", "DNA z1", "DNA z2", "DNA z3")
    panel = Panel(tuple(Channel(name=name) for name in names))
    return replace(un.result(panel), planes=Planes(pictures=1, volumes=1, depth=3))


def test_every_placed_cell_is_a_dot_of_its_cluster() -> None:
    figure = codes.codes_map(RESULT, codes.CLUSTER, LIGHT)
    seen = {
        point[0]: (number, x, y)
        for number, trace in enumerate(figure.data)
        for point, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }
    assert sorted(seen) == RESULT.cells[RESULT.place_rows].tolist()
    for row, place in zip(RESULT.place_rows, RESULT.places, strict=True):
        number, x, y = seen[int(RESULT.cells[row])]
        assert number == RESULT.cluster[row]
        assert (x, y) == pytest.approx(tuple(place))
    assert figure.layout.dragmode == "lasso"
    assert {note.text for note in figure.layout.annotations} == {"<b>1</b>", "<b>2</b>", "<b>3</b>"}


def test_colours_follow_what_is_known() -> None:
    by = codes.colourings(RESULT)
    assert by == (codes.CLUSTER, codes.KNOWN, codes.DONOR, *ex.PANEL.names)
    by_class = codes.codes_map(RESULT, codes.KNOWN, LIGHT)
    assert [trace.name for trace in by_class.data] == [codes.UNKNOWN, "G1", "S_phase", "G2"]
    nothing = replace(RESULT, labels=np.full(un.N, -1))
    assert codes.KNOWN not in codes.colourings(nothing)


def test_a_channels_fifths_hold_as_many_cells_in_order_of_brightness() -> None:
    everywhere = replace(RESULT, place_rows=np.arange(un.N), places=np.zeros((un.N, 2), np.float32))
    figure = codes.codes_map(everywhere, ex.PANEL.names[1], LIGHT)
    assert [trace.name for trace in figure.data] == list(codes.FIFTHS)
    parts = [
        RESULT.brightness[[point[0] for point in trace.customdata], 1] for trace in figure.data
    ]
    assert [len(part) for part in parts] == [un.N // 5] * 5
    assert all(low.max() <= high.min() for low, high in pairwise(parts))


def test_a_volume_is_one_channel_to_colour_by() -> None:
    deep = volumes()
    assert codes.colourings(deep)[-2:] == ("BF", "DNA")
    assert codes.middle_planes(deep) == (0, 2)
    bright = deep.brightness.copy()
    bright[:, 1:] = np.linspace(0, 1, un.N)[:, None]
    bright[:, 1] = bright[:, 1][::-1]  # the first slice alone would order them the other way
    whole = replace(
        deep,
        brightness=bright,
        place_rows=np.arange(un.N),
        places=np.zeros((un.N, 2), np.float32),
    )
    brightest = codes.codes_map(whole, "DNA", LIGHT).data[-1]
    assert min(point[0] for point in brightest.customdata) == un.N * 4 // 5


def test_the_table_holds_every_cell() -> None:
    table = codes.codes_table(RESULT)
    assert len(table) == un.N
    assert table["cluster"].tolist() == (RESULT.cluster + 1).tolist()
    assert table["t-SNE 1"].notna().sum() == len(RESULT.place_rows)
    assert table[codes.KNOWN].tolist()[0] == "G1"
    assert table[codes.KNOWN].tolist()[-1] == ""


def test_confusion_shares_are_of_the_class() -> None:
    figure = figures.against_classes(RESULT.against, ("a", "b", "c"), LIGHT)
    tiles = figure.data[0]
    assert np.asarray(tiles.z).sum(axis=1) == pytest.approx(np.ones(3))
    assert tiles.text[0][0] == "83%<br>50"
    table = figures.class_table(RESULT.against, ("a", "b", "c"))
    assert table["b"].tolist() == [10, 30, 5]


def test_the_ranking_is_drawn_in_its_order_and_faded_where_nothing_is_sure() -> None:
    figure = figures.ranking_dots(RESULT, RESULT.rankings[0], LIGHT)
    assert [text.split()[0] for text in figure.layout.yaxis.ticktext] == [
        "PI", "Darkfield", "Brightfield", "Live/dead",
    ]  # fmt: skip
    faded = {trace.marker.color for trace in figure.data if "rgba" in str(trace.marker.color)}
    assert faded
    table = figures.ranking_table(RESULT.rankings[0], codes.names_of(RESULT))
    assert table["channel"].tolist()[0] == "PI (DNA)"
    assert table["1 - F1"].tolist()[0] == 0.61


def test_a_volume_ranks_as_one_channel() -> None:
    deep = replace(volumes(), rankings=())
    panel = Panel((Channel(name="BF"), Channel(name="DNA")))
    figure = figures.ranking_dots(deep, un.ranking(panel), DARK)
    assert list(figure.layout.yaxis.ticktext) == ["DNA", "BF"]


@pytest.mark.parametrize(
    ("verdict", "begins"),
    [
        ("stable", "3 clusters that come again with other seeds"),
        ("unstable", "Do not rely on these 3 clusters: other seeds"),
        ("nuisance", "Do not rely on these 3 clusters: they follow where cells lie"),
        ("chance", "Do not rely on these 3 clusters: they are no better than chance"),
    ],
)
def test_the_answer_says_first_whether_to_trust_them(verdict: str, begins: str) -> None:
    said = words.answer(replace(RESULT, trust=replace(un.STABLE, verdict=verdict)))
    assert said.startswith(begins)
    assert "150 cells are too few for firm conclusions" in said


def test_one_cluster_is_no_group() -> None:
    one = replace(RESULT, sizes=(150,), cluster=np.zeros(un.N, int), against=None)
    assert words.answer(one).startswith("No groups of cells were found")
    assert words.answer(replace(one, bic=())).startswith("Nothing but one cluster was tried")


def test_reasons_are_sentences_and_tell_nothing_twice() -> None:
    trust = replace(un.STABLE, said=("a reason", "150 cells are too few for firm conclusions; x"))
    first, known = words.reasons(replace(RESULT, trust=trust))
    assert first == "A reason."
    assert "balanced accuracy of 0.610 (guessing: 0.33" in known
    assert words.reasons(replace(RESULT, trust=trust, against=None)) == ("A reason.",)


def test_the_ranking_in_words() -> None:
    said = words.ranking_words(RESULT.rankings[0], doubtful=True)
    assert said.startswith("The clusters rest on PI (DNA) (0.610) and Darkfield (SSC) (0.100);")
    assert "Brightfield" not in said
    assert said.endswith("neither is this.")
    nothing = replace(RESULT.rankings[0], low=(-0.1,) * 4)
    assert "No channel by itself" in words.ranking_words(nothing, doubtful=False)


def test_a_lasso_in_words() -> None:
    said = words.gathered_words(RESULT, [0, 1, 76, 149])
    assert said == (
        "4 cells chosen: cluster 1: 2, cluster 2: 1, cluster 3: 1; known classes: G1 2, S_phase 1."
    )


def test_masks_are_held_against_dealt_clusters() -> None:
    said = words.mask_words(un.folds(0.4), un.folds(0.35))
    assert "networks that never saw the cell, were not shown to tell the clusters apart" in said
    said = words.mask_words(un.folds(0.9), un.folds(0.35))
    assert "networks that never saw the cell, tell the clusters apart" in said
    table = figures.mask_table(un.folds(0.9), un.folds(0.35))
    assert table["clusters"].tolist() == ["as found"] * 3 + ["dealt at random"] * 3


def test_where_the_map_is_zero_the_cell_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = []
    monkeypatch.setattr(
        "pxcore.plots.unlabelled_pictures.framed_sheet",
        lambda tiles, frame, theme: sheets.append((tiles, frame)),
    )
    maps = un.maps(np.arange(3))
    values = maps.maps.copy()
    values[:, :6] = 0
    limits = (0.0, 4000.0)
    maps_sheet(replace(maps, maps=values), 1, limits, LIGHT)
    (tiles, frame), *_ = sheets
    plain = grey(shade(maps.images[:, 1], limits))
    assert np.array_equal(tiles[0], plain)
    assert np.abs(tiles[1][:, :6].astype(int) - plain[:, :6]).max() <= 1
    assert np.abs(tiles[1][:, 6:].astype(int) - plain[:, 6:]).max() > 20
    assert frame.heads == ("called 1", "called 2", "called 3")
    assert "right cluster for 1" in frame.alt


def test_the_nearest_cells_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = []
    monkeypatch.setattr(
        "pxcore.plots.unlabelled_pictures.framed_sheet",
        lambda tiles, frame, theme: sheets.append((tiles, frame)),
    )
    two = replace(RESULT, sizes=(100, 49, 1))
    cells = ex.cells(7)
    limits = [(0.0, 4000.0)] * 4
    nearest_sheet(two, cells, limits, LIGHT, across=3)
    ((tiles, frame),) = sheets
    assert tiles.shape[:2] == (3, 12)
    assert frame.rows == ("cluster 1", "cluster 2", "cluster 3")
    for n, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]):
        for c in range(4):
            drawn = grey(shade(cells.images[n, c], limits[c]))
            assert np.array_equal(tiles[row, 4 * column + c], drawn)
    assert not tiles[2, 4:].any(), "its only cell"


def test_a_volume_is_named_without_its_slice() -> None:
    deep = volumes()
    panel = Panel(tuple(Channel(name=name) for name in deep.panel.names))
    deep = replace(deep, dataset=ex.dataset(panel))
    figure = cluster_sheet(deep, ex.cells(2, panel), [(0.0, 4000.0)] * 4, LIGHT)
    heads = [text.partition("<br>")[0] for text in figure.layout.xaxis.ticktext]
    assert [head.split()[-1] for head in heads] == ["BF", "DNA"]


def test_between_cells_the_page_shows_through() -> None:
    figure = cluster_sheet(RESULT, ex.cells(2), [(0.0, 4000.0)] * 4, LIGHT)
    page = imread(io.BytesIO(base64.b64decode(figure.data[0].source.partition(",")[2])))
    assert page.shape[2] == 4
    assert (page[:12, :10, 3] == 1).all()
    assert not page[12:14, :, 3].any()


def test_many_clusters_are_named_above_the_map_in_a_file() -> None:
    k = 12
    many = replace(
        RESULT, sizes=(10,) * k, cluster=np.arange(un.N) % k, place_rows=np.arange(un.N),
        places=np.random.default_rng(0).normal(size=(un.N, 2)).astype(np.float32),
    )  # fmt: skip
    root = ET.fromstring(to_svg(codes.codes_map(many, codes.CLUSTER, LIGHT)))
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    tops = {"".join(one.itertext()): float(one.attrib["y"]) for one in texts}
    assert all(tops[f"cluster {n + 1} (10)"] > 0 for n in range(k))
    assert set(tops) - {f"cluster {n + 1} (10)" for n in range(k)} == {
        "t-SNE 1", "t-SNE 2", *(str(n + 1) for n in range(k)),
    }, "axes that mean nothing have no numbers"  # fmt: skip
