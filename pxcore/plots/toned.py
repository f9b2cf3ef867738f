"""Figures kept as JSON in the tones of a light page, drawn again on a page of any tone."""

from __future__ import annotations

import json
import re
from typing import Any

import plotly.graph_objects as go

from pxcore.plots.style import BLACK, LIGHT, Theme

_RGBA = re.compile(r"rgba\((\d+),\s*(\d+),\s*(\d+),")
COLOUR, SCALE = "color", "colorscale"
"""How keys of plotly's JSON end below which texts are colours, such as ``bgcolor``."""
_TONES = ("ink", "muted", "faint", "paper", "stain_free", "middle")


def toned(plotly_json: str, theme: Theme) -> go.Figure:
    """Return a figure kept in the tones of a light page as one for ``theme``.

    Only colours are exchanged: a channel that is called like one keeps its name. The accent is
    also an end of the scales, where it stays.
    """
    found = json.loads(plotly_json)
    if theme.id != LIGHT.id:
        tones = {getattr(LIGHT, name).upper(): getattr(theme, name) for name in _TONES}
        marks = tones | {LIGHT.accent.upper(): theme.accent, BLACK: theme.series[-1]}
        found = _exchanged(found, {COLOUR: marks, SCALE: tones}, {})
        found["layout"].setdefault("meta", {})["theme"] = theme.id
    return go.Figure(found)


def _exchanged(value: Any, by_place: dict[str, dict[str, str]], here: dict[str, str]) -> Any:
    """Return plotly's JSON with the tones below colour keys exchanged."""
    if isinstance(value, dict):
        return {
            key: _exchanged(one, by_place, _tones_of(key, by_place) or here)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_exchanged(one, by_place, here) for one in value]
    return _tone(value, here) if here and isinstance(value, str) else value


def _tones_of(key: str, by_place: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return what is exchanged below a key; nothing below one that holds no colours."""
    return next((found for end, found in by_place.items() if key.endswith(end)), {})


def _tone(colour: str, pairs: dict[str, str]) -> str:
    """Return one colour, ``#rrggbb`` or ``rgba(...)``, exchanged where it is a tone of a page."""
    see_through = _RGBA.match(colour)
    if see_through is None or colour.endswith(",0)"):  # what is not seen has no tone
        return pairs.get(colour.upper(), colour)
    parts = (int(part) for part in see_through.groups())
    other = pairs.get("#" + "".join(f"{part:02X}" for part in parts))
    if other is None:
        return colour
    red, green, blue = (int(other[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{colour[see_through.end() :].strip()}"
