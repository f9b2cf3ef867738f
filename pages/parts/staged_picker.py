"""Which instrument: a known layout or one's own numbers, drawn with its slots."""

from __future__ import annotations

import streamlit as st

from pages.parts.errors import banner
from pages.parts.figures import Shown, show
from pages.parts.session import lab
from pages.parts.staged_sight import keyed
from pxcore.errors import PanelError
from pxcore.plots.numbers import count
from pxcore.plots.staged_instrument import drawn_instrument, slots_of
from pxcore.plots.staged_words import channel_numbers
from pxcore.plots.text import one_line
from pxcore.types.staged import Instrument

OTHER = "other"


def pick(now: Instrument) -> Instrument | None:
    """Draw the choice of an instrument; None while its own numbers cannot be used."""
    known = {one.id: one for one in lab().staged.instruments()}
    chosen = st.selectbox(
        "Instrument",
        [*known, OTHER],
        index=list(known).index(now.id) if now.id in known else len(known),
        format_func=lambda key: known[key].label if key in known else "Other: my own numbers",
        key=keyed("staged-instrument"),
        width=520,
    )
    instrument = known[chosen] if chosen in known else _own(now)
    if instrument is None:
        return None
    slots = count(instrument.stain_slots, "slot")
    st.caption(
        f"{one_line(str(instrument.slots))} channels: {slots} for stains, brightfield in "
        f"{_numbers(instrument.brightfield)}, darkfield in {_numbers(instrument.darkfield)}."
    )
    with st.expander("The instrument's channels", icon=":material/grid_view:"):
        drawn = slots_of(instrument, (), ())
        show(lambda theme: drawn_instrument(drawn, theme), Shown(key="staged-instrument-drawn"))
    return instrument


def _own(now: Instrument) -> Instrument | None:
    """Draw free numbers; they are checked at once."""
    own = now if now.id == OTHER else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        slots = st.number_input(
            "Channels in all",
            min_value=1,
            max_value=64,
            value=own.slots if own else 12,
            key=keyed("staged-slots"),
            width=150,
        )
        bright = st.text_input(
            "Brightfield in",
            _typed(own.brightfield if own else (1,)),
            key=keyed("staged-bf"),
            width=150,
        )
        dark = st.text_input(
            "Darkfield in", _typed(own.darkfield if own else ()), key=keyed("staged-df"), width=150
        )
    st.caption("Channel numbers from 1, parted by commas; nothing where there is none.")
    try:
        return lab().staged.other_instrument(
            int(slots), channel_numbers(bright), channel_numbers(dark)
        )
    except PanelError as error:
        banner(error)
        return None


def _typed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _numbers(numbers: tuple[int, ...]) -> str:
    return _typed(numbers) or "none"
