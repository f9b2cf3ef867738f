"""Figures kept as JSON in the tones of a light page, drawn again on a page of any tone."""

from __future__ import annotations

import json
import re

import plotly.graph_objects as go

from pxcore.plots.style import BLACK, LIGHT, Theme

_RGBA = re.compile(r"rgba\((\d+),\s*(\d+),\s*(\d+),")
_PLACES = ("color", "colorscale")
"""Keys of plotly's JSON below which texts are colours; ``bgcolor`` and the like end so."""


def toned(plotly_json: str, theme: Theme) -> go.Figure:
    """Return a figure kept in the tones of a light page as one for ``theme``.

    Only colours are exchanged: a channel that is called like one keeps its name.
    """
    found = json.loads(plotly_json)
    if theme.id != LIGHT.id:
        pairs = {
            getattr(LIGHT, name).upper(): getattr(theme, name)
            for name in ("ink", "muted", "faint", "paper", "stain_free", "middle")
        }
        pairs[BLACK] = theme.series[-1]
        found = _exchanged(found, pairs, inside=False)
    return go.Figure(found)


def _exchanged(value: object, pairs: dict[str, str], *, inside: bool) -> object:
    """Return plotly's JSON with the tones below colour keys exchanged."""
    if isinstance(value, dict):
        return {
            key: _exchanged(one, pairs, inside=inside or key.endswith(_PLACES))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_exchanged(one, pairs, inside=inside) for one in value]
    return _tone(value, pairs) if inside and isinstance(value, str) else value


def _tone(colour: str, pairs: dict[str, str]) -> str:
    """Return one colour, ``#rrggbb`` or ``rgba(...)``, exchanged where it is a tone of a page."""
    see_through = _RGBA.match(colour)
    if see_through is None:
        return pairs.get(colour.upper(), colour)
    parts = (int(part) for part in see_through.groups())
    other = pairs.get("#" + "".join(f"{part:02X}" for part in parts))
    if other is None:
        return colour
    red, green, blue = (int(other[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{colour[see_through.end() :].strip()}"
