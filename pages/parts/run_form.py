"""The choices of a run: methods in the open, expert settings folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import run_form_extras, run_form_methods, run_form_model
from pxcore.plots.text import one_line
from pxcore.types import Dataset, RunSpec, Split

MOST_FOLDS = 50
"""As the checks of a spec have it; the cells may allow fewer, which the page then says."""
MOST_SEEDS = 5
MOST_REPEATS = 1000
MOST_SEED = 2**31 - 1
SPLITS: dict[Split, str] = {"donor": "by donor", "cell": "by cell"}


def settings(dataset: Dataset, draft: RunSpec) -> RunSpec:
    """Draw the settings that a preset's draft begins with; return the spec they make."""
    st.subheader("3 · What to ask", anchor=False)
    asked = st.container()
    with st.expander("Expert settings", icon=":material/tune:"):
        st.caption(
            "The preset's values are right for most. Folds and repeats cost time in proportion; "
            "folds narrow the intervals more than repeats do."
        )
        left, right = st.columns(2, gap="large")
        with left:
            spec = _training(draft)
        with right:
            spec = _ranking(dataset, spec)
    with asked:  # drawn last, as what it costs depends on the folds above
        methods, extras = st.container(), st.container()
        with extras:  # decoys are channels that methods rank
            spec = run_form_extras.extras(dataset, spec, _key(spec))
        with methods:
            spec = replace(spec, methods=run_form_methods.methods(spec))
    return spec


def wrong(spec: RunSpec) -> str:
    """Return which number of the form is out of its bounds; empty where none is.

    The fields have no bounds of their own: a browser keeps a number outside to itself, and the
    page would go on with the one before it.
    """
    repeats = spec.max_repeats if spec.repeats is None else spec.repeats
    bounds = (
        ("Folds", spec.n_folds, 2, MOST_FOLDS),
        ("Trainings of each fold", spec.seeds, 1, MOST_SEEDS),
        ("Repeats", repeats, 1, MOST_REPEATS),
        ("Seed", spec.seed, 0, MOST_SEED),
        ("Epochs", spec.training.max_epochs, 1, run_form_model.MOST_EPOCHS),
        *run_form_model.bounds(spec.model),
    )
    told = [
        f"{name} may be {low:,} to {most:,}, not {found:,}."
        for name, found, low, most in bounds
        if not low <= found <= most
    ]
    return " ".join([*told, "Correct it under Expert settings."]) if told else ""


def split(dataset: Dataset) -> Split:
    """Draw how cells are dealt to folds, where donors are known; return the choice."""
    if not dataset.has_groups:
        return "donor"
    chosen = st.segmented_control(
        "Folds",
        list(SPLITS),
        default="donor",
        required=True,
        format_func=lambda one: SPLITS[one],
        key=f"split-{dataset.id}",
    )
    st.caption(
        "By donor: no donor is trained on and tested on. By cell: cells of one donor are on both "
        "sides, so scores are too good for a new donor."
    )
    return "cell" if chosen == "cell" else "donor"


def _training(spec: RunSpec) -> RunSpec:
    """Draw the model, how it is trained, folds and seeds."""
    key = _key(spec)
    model = run_form_model.model(spec.model, key)
    training = run_form_extras.zero_pixels(spec.training, key)
    training = run_form_model.epochs(training, key)
    folds = st.number_input(
        f"Folds (2 to {MOST_FOLDS})",
        value=min(max(spec.n_folds, 2), MOST_FOLDS),
        key=f"folds-{key}",
        help="Parts of the cells; each is held out once. Donors stay together where known.",
    )
    seeds = st.number_input(
        f"Trainings of each fold (1 to {MOST_SEEDS})",
        value=spec.seeds,
        key=f"seeds-{key}",
        help="From different random starts, so that chance in training shows in the intervals.",
    )
    return replace(spec, model=model, training=training, n_folds=int(folds), seeds=int(seeds))


def _key(spec: RunSpec) -> str:
    """Return what the widgets of a draft are kept under: another draft begins afresh."""
    by_cell = "-cell" if spec.split == "cell" else ""
    return f"{spec.preset}-{spec.dataset_id}{by_cell}"


def _ranking(dataset: Dataset, spec: RunSpec) -> RunSpec:
    """Draw repeats, the seed and the channels that take part."""
    key = _key(spec)
    adaptive = st.toggle(
        "Stop repeating when more repeats can no longer change the order",
        value=spec.repeats is None,
        key=f"adaptive-{key}",
    )
    repeats = st.number_input(
        ("At most this many repeats" if adaptive else "Repeats") + f" (1 to {MOST_REPEATS:,})",
        value=spec.max_repeats if adaptive else (spec.repeats or spec.max_repeats),
        key=f"repeats-{key}-{adaptive}",
    )
    seed = st.number_input(
        f"Seed (0 to {MOST_SEED:,})", value=spec.seed, key=f"seed-{key}",
        help="The same seed and settings give the same numbers on the same kind of device.",
    )  # fmt: skip
    positions = list(range(len(dataset.panel)))
    chosen = st.multiselect(
        "Channels that take part",
        positions,
        default=list(spec.channels) or positions,
        format_func=lambda c: one_line(dataset.panel.names[c], 40),
        key=f"channels-{key}",
        placeholder="all channels",
    )
    return replace(
        spec,
        repeats=None if adaptive else int(repeats),
        max_repeats=int(repeats) if adaptive else spec.max_repeats,
        seed=int(seed),
        channels=_channels(chosen, len(positions)),
    )


def _channels(chosen: Sequence[int], n_channels: int) -> tuple[int, ...]:
    """Return the chosen positions in panel order; empty stands for all."""
    ordered = tuple(sorted(chosen))
    return () if len(ordered) == n_channels else ordered
