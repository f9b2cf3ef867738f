"""The form of the benchmark: draw images, then train and rank on them as ordinary runs."""

from __future__ import annotations

import streamlit as st

from pages.parts import links
from pages.parts.choosing import choose
from pages.parts.errors import banner, guarded
from pages.parts.runner import runner_note
from pages.parts.session import lab, start_form, visit
from pages.parts.text import md, sentence
from pxcore.errors import PxError
from pxcore.plots.numbers import about, count
from pxcore.types.benchmark import BenchmarkAsk, BenchmarkKind, BenchmarkState

OTHERS = (
    "permute_cells",
    "pxpermute",
    "pxpermute_mask",
    "channel_embedding:scaling=none",
    "channel_embedding:attribution=gradient_x_input",
    "channel_embedding:attribution=integrated_gradients",
    "channel_embedding:attribution=deeplift",
    "input_gradient",
    "occlusion",
    "integrated_gradients",
    "deeplift",
    "lrp",
    "gradcam_channel",
    "shapley",
    "leave_one_out",
)
"""Methods beside each model's own, as far as they fit."""
BACKGROUNDS = {
    "mid": "half bright",
    "random": "random in each image",
    "fixed": "fixed in each channel",
}
WIDTHS = (4, 8, 16, 32, 64)
EVERY = 2.0
"""Seconds between two looks while images are drawn or runs go on."""


def draw(kind: BenchmarkKind | None) -> None:
    """Draw the form and how far what it asks for is."""
    st.subheader("Run it here", anchor="run")
    if not start_form():
        return
    ask = _asked(kind)
    try:
        state = lab().benchmark.state(ask)
    except PxError as error:
        banner(error)
        return
    for why in dict.fromkeys(state.failed):
        st.error(f"Images could not be drawn: {md(sentence(why), 400)}", icon=":material/error:")
    if state.drawing or state.running:
        _follow(ask, state)
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_images(ask, state)
        _train(ask, state)


def _asked(kind: BenchmarkKind | None) -> BenchmarkAsk:
    """Draw the fields; return what they ask for. They begin with the images that are looked at."""
    usual = BenchmarkAsk()
    known = kind.known if kind is not None else {}
    labels = {one.id: one.label for one in lab().benchmark.entries()}
    methods = {one.id: one.label for one in lab().choices("method")}
    models = st.multiselect(
        "Models", list(labels), default=list(usual.models), format_func=labels.__getitem__,
        key="benchmark-models", width=720,
    )  # fmt: skip
    others = st.multiselect(
        "Ranked also by (beside each model's own method)",
        [name for name in OTHERS if name.partition(":")[0] in methods],
        default=[name for name in usual.methods if name in methods],
        format_func=lambda name: _method_label(name, methods),
        key="benchmark-methods",
        width=720,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = _number("Data sets", usual.seeds, (1, 20), "They differ in their seed alone.")
        size = _number("Pixels a side", int(known.get("size", usual.size)), (16, 512))
        channels = _number("Channels", int(known.get("channels", usual.channels)), (6, 256))
        images = _number("Images", int(known.get("n_images", usual.n_images)), (30, 100_000))
        first = known.get("background", usual.background)
        key = "benchmark-background"
        background = choose("Other channels", BACKGROUNDS, first, key=key, width=190)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        width = st.selectbox(
            "Width of networks", WIDTHS, index=WIDTHS.index(usual.width), key="benchmark-width",
            help="Maps of the first convolution; 64 as published, which needs a GPU.", width=150,
        )  # fmt: skip
        folds = _number("Folds", usual.folds, (2, 10), "Four give the published 600 to train on.")
        epochs = _number("Epochs at most", usual.epochs, (1, 500))
    return BenchmarkAsk(
        seeds=seeds, size=size, channels=channels, n_images=images, width=int(width or usual.width),
        background=background, models=tuple(models),
        methods=tuple(others), folds=folds, epochs=epochs,
    )  # fmt: skip


def _method_label(name: str, labels: dict[str, str]) -> str:
    """Return a method with its settings, such as ``Channel embedding, scaling none``."""
    method, *settings = name.split(":")
    return ", ".join(
        [labels[method], *(one.replace("=", " ").replace("_", " ") for one in settings)]
    )


def _number(label: str, value: int, within: tuple[int, int], hint: str = "") -> int:
    low, high = within
    key = f"benchmark-{label.split(maxsplit=1)[0].lower()}"
    return int(
        st.number_input(
            label, min_value=low, max_value=high, value=min(max(value, low), high), key=key,
            help=hint or None, width=130,
        )
    )  # fmt: skip


def _draw_images(ask: BenchmarkAsk, state: BenchmarkState) -> None:
    """Offer to draw the images which are missing."""
    if not state.missing:
        return
    size = ask.n_images * ask.channels * ask.size**2 * len(state.missing) / 2**20
    label = f"Draw {count(len(state.missing), 'data set')}"
    kind = "primary" if not state.to_run else "secondary"
    if st.button(label, type=kind, icon=":material/draw:", key="benchmark-draw"):  # type: ignore[arg-type]
        lab().benchmark.draw(ask, visit().owner)
        st.rerun()
    st.caption(f"{size:,.0f} MiB on disk.", width="content")


def _train(ask: BenchmarkAsk, state: BenchmarkState) -> None:
    """Offer the runs on the images that are here, with what they cost."""
    if state.to_run:
        label = f"Train and rank, {count(state.to_run, 'run')}"
        if st.button(label, type="primary", icon=":material/play_arrow:", key="benchmark-train"):
            lab().benchmark.train(ask, visit().owner)
            st.rerun()
        st.caption(f"{about(lab().benchmark.seconds(ask))} on this host.", width="content")
    elif state.finished and not state.running and not state.missing and not state.drawing:
        st.caption("All of this has been run: it stands in the table.", width="content")


@st.fragment(run_every=EVERY)
def _follow(ask: BenchmarkAsk, before: BenchmarkState) -> None:
    """Draw how far images and runs are, again and again; the whole page where something ended."""
    with guarded("benchmark"):
        state = lab().benchmark.state(ask)
        if (state.drawing, state.running) != (before.drawing, before.running):
            st.rerun(scope="app")
        runner_note(busy=True)
        if state.drawing:
            st.markdown(f":material/draw: Drawing {count(len(state.drawing), 'data set')} …")
        for run in state.running[:6]:
            row = lab().progress(run).run
            st.progress(min(max(row.share, 0.0), 1.0), text=md(row.title, 100))
            links.link("Follow this run", "run", run=run)
        if len(state.running) > 6:
            st.caption(f"{len(state.running) - 6} more wait.")
        st.caption("You can close this tab; the runs stand under All runs.")
