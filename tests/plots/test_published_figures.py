"""Figures of the published results: what is drawn of every set."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.evaluation.published import published_sets
from pxcore.plots.published import methods_map, published_dots
from pxcore.plots.style import DARK, LIGHT, alt
from pxcore.plots.svg import to_svg
from pxcore.types.published import PublishedSet

SETS = {one.id: one for one in published_sets()}


@pytest.fixture(params=list(SETS))
def shown(request: pytest.FixtureRequest) -> PublishedSet:
    return SETS[request.param]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_figures(shown: PublishedSet, theme: object) -> None:
    figure = published_dots(shown, shown.methods[0], theme)  # type: ignore[arg-type]
    texts = [note.text for note in figure.layout.annotations]
    assert ("what zero looks like" in texts) is bool(shown.empty)
    assert sum(len(t.x) for t in figure.data[1:]) == len(shown.panel)
    assert len(figure.data[0].x) == 5 * len(shown.panel)
    grid = methods_map(shown, theme)  # type: ignore[arg-type]
    assert np.shape(grid.data[0].z) == (len(shown.panel), 6)
    assert "PXPermute puts" in alt(grid)
    with pytest.raises(ValueError, match="no folds of Occlusion"):
        published_dots(shown, shown.methods[1], theme)  # type: ignore[arg-type]


def test_figures_become_svg(shown: PublishedSet) -> None:
    for figure in (published_dots(shown, shown.methods[0], LIGHT), methods_map(shown, LIGHT)):
        assert to_svg(figure).startswith(b"<?xml")
