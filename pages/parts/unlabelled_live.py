"""A clustering under way: steps, the encoder's loss, cells drawn again; or why it ended."""

from __future__ import annotations

import streamlit as st

from pages.parts import links, run_live
from pages.parts.errors import banner, guarded
from pages.parts.figures import Shown, show
from pages.parts.runner import runner_note
from pages.parts.session import lab, may_change, visit
from pxcore.errors import PxError
from pxcore.plots import unlabelled_notes as notes
from pxcore.plots.unlabelled_codes import unit_names
from pxcore.plots.unlabelled_figures import loss_curve
from pxcore.plots.unlabelled_pictures import redrawn_sheet
from pxcore.types import Dataset, Progress, RunState
from pxcore.types.unlabelled import Planes
from pxcore.types.unlabelled_ask import ClusterAsk
from pxcore.types.unlabelled_views import EncoderLive

MOST_SHOWN = 8
"""Channels of redrawn cells."""


def draw(progress: Progress) -> None:
    """Draw a clustering that is not finished."""
    if progress.run.state.final:
        run_live.ended(progress, _again)
    else:
        _live(progress.run.id, progress.run.state)


def planes_of(ask: ClusterAsk, dataset: Dataset) -> Planes:
    """Return how the planes that the encoder takes are pictures and slices."""
    count = len(ask.channels) or dataset.image_shape[0]
    return Planes(pictures=count - ask.volumes * ask.depth, volumes=ask.volumes, depth=ask.depth)


def pictures(live: EncoderLive, ask: ClusterAsk, dataset: Dataset) -> None:
    """Draw a few cells before and after their code; of a volume its middle slice."""
    redrawn = live.redrawn
    if redrawn is None:
        st.caption("Cells drawn again from their codes appear here with the first epochs.")
        return
    chosen = ask.channels or tuple(range(dataset.image_shape[0]))
    own = planes_of(ask, dataset)
    planes = tuple(unit[len(unit) // 2] for unit in own.units[:MOST_SHOWN])
    names = unit_names(dataset.panel.take(chosen), own)[:MOST_SHOWN]
    show(
        lambda theme: redrawn_sheet(redrawn, planes, names, theme),
        Shown(key="redrawn", own_width=True),
    )
    st.caption(notes.redrawn(redrawn.epoch))


@st.fragment(run_every=run_live.EVERY)
def _live(run_id: str, drawn: RunState) -> None:
    """Draw how far it is, again and again; the whole page once its state changes."""
    with guarded(f"clustering {run_id}"):
        progress = lab().progress(run_id)
        if progress.run.state is not drawn:
            st.rerun(scope="app")
        run_live.bar(progress)
        runner_note(busy=True)
        ask, live = lab().unlabelled.ask_of(run_id), lab().unlabelled.live(run_id)
        dataset = lab().dataset(ask.dataset_id)
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(run_live.steps(progress.tasks))
            if may_change() and st.button(
                "Cancel this run", icon=":material/cancel:", key="cancel"
            ):
                lab().cancel(run_id, visit().owner)
                st.toast("The run stops after the batch it is working on.")
            if live.losses:
                show(lambda theme: loss_curve(live, theme), Shown(key="loss", fresh=True))
            else:
                st.caption("The loss appears here with the first epochs.")
        with right:
            pictures(live, ask, dataset)
        run_live.log(progress)
        st.caption("You can close this tab; the address brings you back.")


def _again(progress: Progress) -> None:
    """Draw the ways on from a clustering that did not finish."""
    if not may_change():
        return
    with st.container(horizontal=True):
        if st.button("Start it again", type="primary", icon=":material/replay:", key="again"):
            try:
                again = lab().unlabelled.submit(lab().unlabelled.ask_of(progress.run.id))
            except PxError as error:
                banner(error)
                return
            links.go("unlabelled", run=again)
        if st.button("Change its settings", icon=":material/tune:", key="change"):
            links.go("unlabelled", dataset=progress.run.dataset_id)
