"""Where or how much: which stains need imaging, and for which their amount is enough."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import run_follow
from pages.parts.figures import Shown, show
from pages.parts.methods import method_labels
from pages.parts.text import md, sentence
from pxcore.plots import where
from pxcore.plots.numbers import listed
from pxcore.plots.rows import Order
from pxcore.plots.unlearned import untold, why_untold
from pxcore.types import RunResult, WhereOrHowMuch

NEEDS = ("permute_cells", "pxpermute_mask")
"""Methods whose drops are parted."""


def draw(result: RunResult, order: Order, shown: Sequence[int]) -> None:
    """Draw the section, or say which methods it needs. ``shown``: the ranking's channels."""
    st.subheader("Where or how much: does the stain need imaging?", anchor="where")
    found = result.where
    if found is None:
        _missing(result)
        return
    if why := why_untold(result):
        st.markdown(md(untold("place or amount", why), 600), width=980)
        return
    st.markdown(md(where.where_sentence(result.panel, found), 1200), width=980)
    show(
        lambda theme: where.where_dots(result.panel, found, theme, order, shown),
        Shown(key="where", stem=result.run.title),
        where_table(result, found),
    )
    st.caption(
        "In total: F1 lost with another cell's image in the channel. Its place: F1 lost when the "
        "pixels inside the cell are rearranged, so that the amount stays and the pattern goes. "
        "Its amount: total − place, training by training.",
        width=980,
    )
    for note in found.notes:
        st.caption(md(sentence(note), 400), width=980)


def _missing(result: RunResult) -> None:
    """Say which methods of this run are missing for the verdicts."""
    ran = {one.method.partition(":")[0] for one in result.methods}
    labels = method_labels(NEEDS)
    missing = [labels[name] for name in NEEDS if name not in ran]
    if missing:
        text = f"This needs the method {listed(missing)}, which this run did not ask for."
        if len(missing) > 1:
            text = f"This needs the methods {listed(missing)}, which this run did not ask for."
    else:
        text = "This run does not hold it."
    st.caption(md(text, 300), width=980)
    if missing:
        run_follow.ask(result.run.id, "where", f"Rank by {listed(missing)} too")


def where_table(result: RunResult, found: WhereOrHowMuch) -> pd.DataFrame:
    """Return total, place and amount with intervals and the verdict, a row a channel."""
    frame = pd.DataFrame({"channel": list(result.panel.names)})
    for name, values in (("total", found.total), ("place", found.place), ("amount", found.amount)):
        frame[name] = [value.mean for value in values]
        frame[f"{name} low"] = [value.low for value in values]
        frame[f"{name} high"] = [value.high for value in values]
    channels = range(len(result.panel))
    frame["verdict"] = [where.verdict_where(result.panel, found, c) for c in channels]
    return frame
