"""A figure kept in light tones is, toned dark, what it would have been drawn dark."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

import tests.example_values as ex
from pxcore.plots import matrix, ranking
from pxcore.plots.style import DARK, LIGHT, Theme, dressed
from pxcore.plots.toned import toned

DRAWN = {
    "ranking": lambda theme: ranking.ranking_dots(ex.result().panel, ex.result().methods[0], theme),
    "heat map": lambda theme: matrix.heat_map(
        ex.result().panel, ex.CLASSES, ex.result().methods[0], theme
    ),
}


def shown(figure: go.Figure) -> object:
    """Return what plotly draws; no template and one that sets nothing are the same."""
    found = json.loads(figure.to_json())
    assert "layout" not in found["layout"].pop("template", {})
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_light_page_shows_it_as_it_was(name: str) -> None:
    drawn = DRAWN[name](LIGHT)
    assert shown(toned(drawn.to_json(), LIGHT)) == shown(drawn)


@pytest.mark.parametrize("name", DRAWN)
def test_a_dark_page_shows_it_as_drawn_for_it(name: str) -> None:
    kept = DRAWN[name](LIGHT).to_json()
    assert shown(toned(kept, DARK)) == shown(DRAWN[name](DARK))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.id)
def test_a_channel_named_like_a_colour_keeps_its_name(theme: Theme) -> None:
    figure = dressed(go.Figure(go.Bar(x=[1], y=[LIGHT.ink])), theme, alt="", height=100)
    figure.update_xaxes(title_text=LIGHT.paper)
    again = toned(figure.to_json(), theme)
    assert again.data[0].y == (LIGHT.ink,)
    assert again.layout.xaxis.title.text == LIGHT.paper
