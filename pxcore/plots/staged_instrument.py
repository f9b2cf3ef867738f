"""An instrument drawn with its slots, and the stains of a run or a panel as chips in them."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from pxcore.panel.staged.sheets import run_sheet
from pxcore.plots.numbers import listed
from pxcore.plots.style import PURPLE, Theme, dressed, tinted
from pxcore.plots.text import one_line, plain
from pxcore.types.staged import Candidate, Instrument, StagedRun
from pxcore.types.staged_views import SheetSlot

A_LINE = 6
"""Slots beside one another, as a camera has them."""
ROW = 86
"""Height of a line of slots in pixels."""
NAME = 11
"""Characters of a marker on its chip."""


def slots_of(
    instrument: Instrument, markers: Sequence[str], candidates: Sequence[Candidate]
) -> tuple[SheetSlot, ...]:
    """Return the channels of an instrument with these markers in the order they are proposed.

    Raises PanelError for more markers than slots or one that is no candidate.
    """
    run = StagedRun(number=1, markers=tuple(markers))
    return run_sheet(run, candidates, instrument).slots


def drawn_instrument(
    slots: Sequence[SheetSlot], theme: Theme, lit: Sequence[str] | None = None
) -> go.Figure:
    """Return a box a channel with its number, what it shows and its fluorochrome.

    ``lit``: markers of the panel; the others are drawn as left out. None leaves none out.
    """
    boxes: list[dict[str, object]] = []
    words: list[dict[str, object]] = []
    lines = -(-len(slots) // A_LINE) or 1
    for place, slot in enumerate(slots):
        row, column = divmod(place, A_LINE)
        at, out = (column, lines - 1 - row), _is_out(slot, lit)
        boxes.append(_box(slot, at, theme, out=out))
        words += _words(slot, at, theme, out=out)
    figure = go.Figure(layout={"shapes": boxes, "annotations": words})
    places = [(n % A_LINE + 0.47, lines - 1 - n // A_LINE + 0.45) for n in range(len(slots))]
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        mode="markers",
        marker={"size": 50, "opacity": 0},
        text=[_hover(slot, out=_is_out(slot, lit)) for slot in slots],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    dressed(figure, theme, alt=_alt(slots, lit), height=ROW * lines + 16)
    figure.update_xaxes(range=[-0.03, A_LINE], visible=False, showgrid=False)
    figure.update_yaxes(range=[-0.05, lines], visible=False, showgrid=False)
    figure.update_layout(margin={"l": 2, "r": 2, "t": 6, "b": 6}, showlegend=False)
    return figure


def slot_words(slot: SheetSlot, *, out: bool = False) -> tuple[str, str]:
    """Return what a channel is used for: its kind or fluorochrome, and what is special."""
    if slot.kind != "stain":
        return ("" if slot.kind == "empty" else slot.kind), ""
    if out:
        return "left out", ""
    return slot.fluorochrome, "always on" if slot.always_on else ""


def _is_out(slot: SheetSlot, lit: Sequence[str] | None) -> bool:
    return lit is not None and slot.kind == "stain" and slot.marker not in lit


def _box(slot: SheetSlot, at: tuple[int, int], theme: Theme, *, out: bool) -> dict[str, object]:
    """Return one channel's box; its left lower corner is ``at``."""
    x, y = at
    tone = _tone(slot, theme, out=out)
    filled = slot.kind != "empty" and not out
    return {
        **{"type": "rect", "x0": x, "x1": x + 0.94, "y0": y, "y1": y + 0.9, "layer": "below"},
        "fillcolor": tinted(tone, 0.16) if filled else "rgba(0,0,0,0)",
        "line": {"color": tone, "width": 1.6 if filled else 1.0},
    }


def _words(
    slot: SheetSlot, at: tuple[int, int], theme: Theme, *, out: bool
) -> list[dict[str, object]]:
    """Return what stands in a channel's box: number, marker, what it is used for."""
    x, y = at
    name = slot.marker if slot.kind == "stain" else ("empty" if slot.kind == "empty" else "")
    said, below = slot_words(slot, out=out)
    ink = theme.muted if out or slot.kind == "empty" else theme.ink
    texts = (
        (str(slot.number), 0.06, 0.84, 11, theme.muted, "left", "top"),
        (plain(name, NAME), 0.47, 0.54, 13, ink, "center", "middle"),
        (plain(said, 11), 0.47, 0.32, 11, theme.muted, "center", "middle"),
        (below, 0.47, 0.13, 10, theme.muted, "center", "middle"),
    )
    return [
        {
            **{"x": x + right, "y": y + up, "xanchor": across, "yanchor": upright},
            **{"text": text, "showarrow": False, "font": {"size": size, "color": colour}},
        }
        for text, right, up, size, colour, across, upright in texts
        if text
    ]


def _tone(slot: SheetSlot, theme: Theme, *, out: bool) -> str:
    if out or slot.kind == "empty":
        return theme.muted
    if slot.kind != "stain":
        return theme.stain_free
    return PURPLE if slot.always_on else theme.accent


def _hover(slot: SheetSlot, *, out: bool) -> str:
    name = plain(slot.marker, 60) if slot.kind == "stain" else slot.kind
    details = [plain(text, 40) for text in (slot.clone, slot.fluorochrome) if text]
    details += ["always on"] if slot.always_on else []
    details += ["left out"] if out else []
    return "<br>".join([f"<b>{name}</b>", f"channel {slot.number}", *details])


def _alt(slots: Sequence[SheetSlot], lit: Sequence[str] | None) -> str:
    told = [
        f"{slot.number} {one_line(slot.marker, 40)}{' (left out)' if _is_out(slot, lit) else ''}"
        if slot.kind == "stain"
        else f"{slot.number} {slot.kind}"
        for slot in slots
    ]
    return f"The instrument's channels: {listed(told)}."
