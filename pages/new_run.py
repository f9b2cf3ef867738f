"""New run: what to rank, how thoroughly, what that costs; every choice has a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import links, run_form
from pages.parts.choosing import choose
from pages.parts.dataset_detail import quality_notes
from pages.parts.errors import banner
from pages.parts.header import Crumb, header
from pages.parts.runner import runner_note
from pages.parts.session import (
    asked,
    lab,
    logged_in,
    may_change,
    name_field,
    remember_owner,
    start_form,
    visit,
)
from pages.parts.text import md, told
from pxcore.errors import PxError
from pxcore.plots.numbers import about, count
from pxcore.plots.text import one_line
from pxcore.types import Dataset, RunSpec

REUSED = (
    "A step is there when it was computed before from the same cells, settings, seeds and earlier "
    "steps, by a version that computes it in the same way. One setting that differs (`make demo` "
    "stops after fewer repeats than a run started here), or an upgrade that changed a step, makes "
    "it and what builds on it new; finished runs stay as they are."
)


def render() -> None:
    """Draw the page."""
    if not may_change():
        header("New run")
        start_form()
        links.link("All runs", "runs", icon=":material/list:")
        return
    datasets = lab().datasets()
    usable = {one.id: one for one in datasets if one.classes}
    wanted = asked("dataset")
    if wanted and wanted not in usable:
        _unlabelled(lab().dataset(wanted))
        return
    if not usable:
        _nothing_to_rank(datasets)
        return
    dataset = usable.get(wanted) or next(iter(usable.values()))
    header("New run", [Crumb(dataset.title, "datasets", (("dataset", dataset.id),))])
    runner_note(busy=True)
    dataset = _dataset(usable, dataset)
    split = run_form.split(dataset)
    preset = _preset(dataset.id)
    spec = run_form.settings(dataset, lab().draft(dataset.id, preset, split))
    _quality(dataset)
    _start(spec)


def _unlabelled(dataset: Dataset) -> None:
    """Say that the data set of the address cannot be ranked yet, and lead to its labels."""
    header("New run", [Crumb(dataset.title, "datasets", (("dataset", dataset.id),))])
    st.markdown(
        f"**{md(dataset.title, 90)}** has no labels: a run learns to tell classes apart. Add "
        "them from a CSV first, or choose another data set.",
        width=720,
    )
    with st.container(horizontal=True):
        if st.button("Add labels", type="primary", icon=":material/label:"):
            links.go("datasets", dataset=dataset.id, view="Labels")
        if st.button("Find clusters", icon=":material/bubble_chart:"):
            links.go("unlabelled", dataset=dataset.id)
        if st.button("Choose another data set", icon=":material/biotech:"):
            links.go("datasets")


def _nothing_to_rank(datasets: Sequence[Dataset]) -> None:
    """Draw the empty state: no labelled cells yet."""
    header("New run")
    if datasets:
        st.markdown(
            "A run learns to tell classes apart, but no data set here has labels yet. Open a "
            "data set and add them from a CSV.",
            width=720,
        )
        links.link(f"Labels of {md(datasets[0].title, 60)}", "datasets", dataset=datasets[0].id)
        return
    st.markdown(
        "A run trains a classifier on your cells and ranks their channels. It needs a data set "
        "with labels first.",
        width=720,
    )
    if st.button("Add cells", type="primary", icon=":material/upload_file:"):
        links.go("datasets", add="cells")


def _dataset(usable: dict[str, Dataset], chosen: Dataset) -> Dataset:
    """Draw the choice of cells and keep it in the address."""
    st.subheader("1 · Cells", anchor=False)

    def label(one: Dataset) -> str:
        size = f"{count(one.n_labelled, 'labelled cell')}, {count(len(one.panel), 'channel')}"
        return f"{one_line(one.title, 60)} · {size}, {count(len(one.classes), 'class', 'classes')}"

    labels = {id: label(one) for id, one in usable.items()}
    picked = choose("Data set", labels, chosen.id, key="new-dataset", width=720)
    if picked != asked("dataset"):
        st.query_params["dataset"] = picked
    return usable[picked]


def _preset(dataset_id: str) -> str:
    """Draw the presets as cards, what suits the cells first; the chosen one is in the address."""
    st.subheader("2 · How thoroughly", anchor=False)
    presets = lab().presets(dataset_id)
    known = [one.id for one in presets]
    chosen = asked("preset") if asked("preset") in known else known[0]
    for column, one in zip(st.columns(len(presets), border=True), presets, strict=True):
        with column:
            st.markdown(f"**{md(one.label)}**")
            st.markdown(md(one.summary, 400))
            st.caption(f":material/schedule: {md(one.cost, 120)}")
            st.button(
                "Chosen" if one.id == chosen else f"Choose {md(one.label.lower())}",
                key=f"preset-{one.id}",
                type="primary" if one.id == chosen else "secondary",
                icon=":material/check:" if one.id == chosen else None,
                on_click=_choose,
                args=(one.id,),
                width="stretch",
            )
    return chosen


def _choose(preset: str) -> None:
    """Keep the chosen preset in the address."""
    st.query_params["preset"] = preset


def _quality(dataset: Dataset) -> None:
    """Draw what looks odd about the cells before anything is trained on them."""
    try:
        notes = quality_notes(dataset, lab().overview(dataset.id))
    except PxError as error:  # what is unknown about the cells keeps nobody from starting
        banner(error)
        return
    said = count(len(notes), "note") if notes else "nothing odd was found"
    icon = ":material/warning:" if notes else ":material/check:"
    with st.expander(f"Quality of the cells: {said}", icon=icon, expanded=bool(notes)):
        st.markdown(
            "\n".join(f"- {md(note, 600)}" for note in notes)
            or "Channels, cells, classes and donors were looked at; nothing stands out.",
            width=980,
        )
        links.link("Look at the cells", "datasets", icon=":material/biotech:", dataset=dataset.id)


def _start(spec: RunSpec) -> None:
    """Draw what the run would cost, and the button that starts it."""
    st.subheader("4 · Start", anchor=False)
    if wrong := run_form.wrong(spec):
        st.error(wrong, icon=":material/error:")
        st.button("Start", disabled=True, icon=":material/play_arrow:")
        return
    try:
        lab().check(spec, fetch=False)
        estimate = lab().estimate(spec)
    except PxError as error:
        banner(error)
        st.button("Start", disabled=True, icon=":material/play_arrow:")
        return
    known = estimate.cached
    reuse = f"{known} of {count(estimate.tasks, 'step')} are already there and are reused. "
    if known == estimate.tasks:
        st.markdown(f"All {count(known, 'step')} are already there: the answer comes at once.")
    else:
        text = f"{count(estimate.tasks, 'step')}. " if not known else reuse
        said = f"{text}It takes **{about(estimate.seconds)}** on this host."
        st.markdown(said, help=REUSED if known else None)
    for note in estimate.notes:
        st.caption(f":material/info: {told(note)}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Title", value=spec.title, max_chars=120, width=420, key="new-title")
        owner = name_field("Your name", "new-owner")
    private = _private()
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="start"):
        remember_owner(owner)
        named = replace(spec, title=title.strip() or spec.title, owner=visit().owner)
        links.go("run", run=lab().submit(named, fetch=False, private=private))


def _private() -> bool:
    """Draw the choice to hide the run; where nobody logs in there is none."""
    return logged_in() and st.toggle(
        "Private",
        key="new-private",
        help="Only you and administrators see this run. You may show it to the lab later.",
    )
