"""One planned run: its sheet, the data set that shows it, the run that ranked it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import links
from pages.parts import staged_sight as sighted
from pages.parts.figures import Shown, show
from pages.parts.methods import method_labels
from pages.parts.session import lab, may_change, visit
from pages.parts.staged_files import printable
from pages.parts.text import md, sentence, told
from pages.parts.words import moment
from pxcore.errors import PxError
from pxcore.plots.numbers import count
from pxcore.plots.staged_instrument import drawn_instrument, slots_of
from pxcore.plots.staged_words import fits, match_said
from pxcore.plots.text import one_line
from pxcore.types import Dataset, RunRow
from pxcore.types.staged import StagedPlan, StagedRun
from pxcore.types.staged_views import MarkerMatch, SheetSlot


def draw(plan: StagedPlan, run: StagedRun) -> None:
    """Draw the run sheet and what is attached."""
    name = "Final run" if run.final else f"Run {run.number}"
    st.subheader(f"{name} · sheet", anchor=False)
    _sheet(plan, run)
    st.subheader(f"{name} · data set", anchor=False)
    if plan.rehearsal and not run.dataset_id:
        st.caption("The rehearsal attaches it by itself.")
    elif run.dataset_id:
        _attached(plan, run)
        st.subheader(f"{name} · ranking", anchor=False)
        _ranking(plan, run)
    else:
        _choose(plan, run)


def _sheet(plan: StagedPlan, run: StagedRun) -> None:
    """Draw the instrument with this run's stains, and the sheet as a table."""
    sheet = next((one for one in lab().staged.sheets(plan) if one.title == _title(run)), None)
    slots = (
        slots_of(plan.instrument, run.markers, plan.candidates) if sheet is None else sheet.slots
    )
    show(
        lambda theme: drawn_instrument(slots, theme),
        Shown(key=f"staged-sheet-{run.number}", stem=f"{plan.title} {_title(run)}"),
        table(slots),
    )
    for note in () if sheet is None else sheet.notes:
        st.caption(f":material/info: {md(note, 400)}")
    printable(plan)


def _title(run: StagedRun) -> str:
    return "Final run" if run.final else f"Run {run.number}"


def table(slots: Sequence[SheetSlot]) -> pd.DataFrame:
    """Return a run sheet as a table."""
    return pd.DataFrame(
        {
            "channel": [slot.number for slot in slots],
            "kind": [slot.kind for slot in slots],
            "marker": [slot.marker for slot in slots],
            "clone": [slot.clone for slot in slots],
            "fluorochrome": [slot.fluorochrome for slot in slots],
            "controls": [", ".join(slot.controls) for slot in slots],
        }
    )


def _choose(plan: StagedPlan, run: StagedRun) -> None:
    """Draw the data sets, the best match first, and attach one."""
    matches = lab().staged.datasets_for(plan, run.number)
    if not matches:
        st.markdown("No data set is registered here yet. Measure the run, then add its cells.")
        links.link("Add cells", "datasets", icon=":material/upload_file:", add="cells")
        return
    by_id = {dataset.id: (dataset, match) for dataset, match in matches}
    ready = any(fits(match) for _, match in matches)
    if not ready:
        st.markdown("No data set has these markers yet. Measure the run, then add its cells.")
        links.link("Data sets", "datasets", icon=":material/upload_file:", add="cells")
    chosen = st.selectbox(
        "Data set of this run" if ready else "What a data set lacks",
        list(by_id),
        index=0 if ready else None,
        placeholder="Choose a data set",
        format_func=lambda key: _label(*by_id[key]),
        key=f"staged-data-{run.number}",
        width=620,
    )
    if chosen is None:
        return
    dataset, match = by_id[str(chosen)]
    _match(match)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Attach this data set",
            type="primary",
            icon=":material/link:",
            key=f"staged-attach-{run.number}",
            disabled=not fits(match),
            on_click=_attach,
            args=(plan, run.number, dataset.id),
        )
        links.link("Look at it", "datasets", icon=":material/biotech:", dataset=dataset.id)
    if not fits(match):
        st.caption(
            "A run needs every planned marker. Correct names or markers in the data set's panel "
            "sheet, or choose another data set: nothing is matched by guessing.",
            width=720,
        )


def _label(dataset: Dataset, match: MarkerMatch) -> str:
    planned = len(match.pairs) + len(match.missing)
    found = "cannot be matched" if match.problem else f"{len(match.pairs)} of {planned} markers"
    return f"{one_line(dataset.title, 60)} · {found} · {count(dataset.n_cells, 'cell')}"


def _match(match: MarkerMatch) -> None:
    """Say what of the run a data set shows, and show the pairs."""
    text = told(f"{sentence(match_said(match))}.", 900)
    if fits(match):
        st.success(text, icon=":material/check:")
    else:
        st.warning(text, icon=":material/warning:")
    if match.pairs:
        _pairs(match.pairs)


def _pairs(pairs: Sequence[tuple[str, str]]) -> None:
    with st.expander("Marker by marker", icon=":material/compare_arrows:", type="compact"):
        st.dataframe(
            pd.DataFrame(pairs, columns=["planned marker", "channel of the data set"]),
            hide_index=True,
        )


def _attach(plan: StagedPlan, number: int, dataset_id: str, run_id: str = "") -> None:
    sighted.act(
        lambda: lab().staged.attach(plan, number, dataset_id, run_id, who=visit().owner),
        toast="Attached.",
    )


def _attach_ranking(plan: StagedPlan, run: StagedRun, shown: str) -> None:
    """Attach the ranking that is chosen now: faster hands than the page choose after ``shown``."""
    chosen = st.session_state.get(f"staged-run-{run.number}") or shown
    _attach(plan, run.number, run.dataset_id, str(chosen))


def _attached(plan: StagedPlan, run: StagedRun) -> None:
    """Draw the attached data set with what was matched, and the way to take it off."""
    try:
        name = lab().dataset(run.dataset_id).title
    except PxError as error:
        st.warning(told(sentence(str(error)), 400), icon=":material/warning:")
        name = run.dataset_id
    with st.container(horizontal=True, vertical_alignment="center"):
        links.link(md(name, 60), "datasets", icon=":material/biotech:", dataset=run.dataset_id)
        st.button(
            "Detach",
            type="tertiary",
            disabled=bool(plan.rehearsal),
            icon=":material/link_off:",
            key=f"staged-detach-{run.number}",
            on_click=_detach,
            args=(plan, run.number),
            help="Takes the data set off this run, and its ranking with it. Both stay in the lab.",
        )
    st.caption(
        f":material/auto_awesome: {count(len(run.matched), 'marker')} matched by name: letter "
        "case, blanks and hyphens do not count, nothing else is guessed."
    )
    _pairs(run.matched)


def _detach(plan: StagedPlan, number: int) -> None:
    sighted.act(lambda: lab().staged.detach(plan, number, who=visit().owner), toast="Detached.")


def _ranking(plan: StagedPlan, run: StagedRun) -> None:
    """Draw the attached ranking, or the finished runs that may become it."""
    if run.run_id:
        links.link("The run that ranked it", "run", icon=":material/insights:", run=run.run_id)
        return
    if plan.rehearsal:
        st.caption("The rehearsal attaches the ranking as soon as its run has finished.")
        return
    rows = {row.id: row for row in lab().staged.runs_for(plan, run.number)}
    if rows:
        chosen = st.selectbox(
            "Finished run on this data set",
            list(rows),
            format_func=lambda key: _run_label(rows[key]),
            key=f"staged-run-{run.number}",
            width=620,
        )
        st.button(
            "Attach this ranking",
            type="primary",
            icon=":material/link:",
            key=f"staged-rank-{run.number}",
            on_click=_attach_ranking,
            args=(plan, run, str(chosen)),
        )
    else:
        method = next(iter(method_labels([plan.method]).values()))
        by = "" if run.final else f" by {md(method, 40)}, by which this plan is merged"
        st.markdown(
            f"No finished run on this data set has ranked all its planned markers{by} yet.",
            width=720,
        )
    _under_way(run)
    if may_change():
        links.link(
            "Rank these channels in a new run",
            "new",
            icon=":material/add_circle:",
            dataset=run.dataset_id,
        )


def _run_label(row: RunRow) -> str:
    title = one_line(row.title or row.dataset_title, 60)
    return f"{title} · {moment(row.finished or row.created)} · {row.id[:5]}"


def _under_way(run: StagedRun) -> None:
    """Lead to runs on this data set that are not done."""
    for row in lab().runs():
        if row.dataset_id == run.dataset_id and not row.state.final:
            share = f"{row.share:.0%}"
            label = f"{md(row.title or row.dataset_title, 50)}: {share} done"
            links.link(label, "run", icon=":material/autorenew:", run=row.id)
