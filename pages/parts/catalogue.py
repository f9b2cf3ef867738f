"""Public data sets on the Data sets page: what they are, how far they are here, fetching one."""

from __future__ import annotations

import streamlit as st

from pages.parts import links
from pages.parts.session import lab, visit
from pages.parts.text import md
from pxcore.plots.numbers import size
from pxcore.types.public import PublicState


def draw() -> None:
    """Draw each data set of the catalogue with its state, source and button."""
    st.markdown(
        "The cells of the PXPermute paper, fetched by the runner from where their authors keep "
        "them, and the tissue of the channel-embedding paper, which is put here by hand. A "
        "download that breaks off goes on where it stopped, if the server allows that.",
        width=720,
    )
    for one in lab().public.states():
        with st.container(border=True):
            _one(one)


def _one(one: PublicState) -> None:
    """Draw one data set."""
    entry = one.entry
    st.markdown(f"**{md(entry.title)}** · {md(entry.summary, 200)}", width=760)
    channels = ", ".join(entry.panel.names)
    told = f"{len(entry.panel)} channels: {channels}"
    if entry.by_hand:
        told = f"channels such as {channels}"
    st.caption(f"{entry.n_cells:,} labelled cells, {entry.n_classes} classes, {md(told, 220)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if one.dataset_id:
            links.link(
                "Open the data set", "datasets", icon=":material/biotech:", dataset=one.dataset_id
            )
        if st.button(
            _label(one),
            icon=":material/cloud_download:",
            key=f"public-{entry.id}",
            disabled=bool(one.dataset_id) or (one.state != "here" and not one.may_fetch),
        ):
            links.go("datasets", importing=lab().public.start(entry.id, visit().owner))
        if not entry.by_hand:
            links.link(
                "Published results", "published", icon=":material/menu_book:", **{"set": entry.id}
            )
    if one.state != "here" and not one.dataset_id and not entry.by_hand:
        st.caption(f"At most {size(entry.most_bytes)} are downloaded.")
    if told := _told(one):
        st.caption(told)
    with st.expander("Source, licence, host without internet", type="compact"):
        _source(one)


def _label(one: PublicState) -> str:
    """Return what the button does."""
    if one.state == "here":
        return "Import it"
    if one.state == "partly":
        how = "Go on fetching" if one.resumes else "Fetch anew"
        return f"{how} ({size(one.n_bytes)} are here)"
    return "Fetch and import"


def _told(one: PublicState) -> str:
    """Return what is to be known before the button is pressed; empty for nothing."""
    if one.state == "here" or one.dataset_id:
        return ""
    if entry := one.entry.by_hand:
        return f"{entry} Put the folder into `{one.folder}`, then import it here."
    if not one.may_fetch:
        return (
            "Downloads are switched off on this host (PXCORE_PUBLIC_DOWNLOADS): put the file into "
            f"`{one.folder}` by hand, then import it here."
        )
    if one.state == "partly" and not one.resumes:
        return (
            "The last download broke off, and the server does not send the rest of a file: it "
            "begins anew. Where it breaks again, fetch the file elsewhere and put it here by hand."
        )
    return ""


def _source(one: PublicState) -> None:
    """Draw citation, licence, where the file goes by hand, and what is assumed of it."""
    entry = one.entry
    known = f"sha256 `{one.sha256}`, of the file last imported" if one.sha256 else ""
    lines = [
        f"{md(entry.citation, 400)}, [doi {entry.doi}](https://doi.org/{entry.doi})",
        f"Licence: {md(entry.licence, 200)}",
        f"File: [{md(entry.file)}]({entry.page}), at most {size(entry.most_bytes)} are taken; "
        + (known or "no checksum is published, that of the file imported is recorded"),
        f"Without the internet: put the file into `{one.folder}` and press the button; any name "
        "will do, and a folder of unpacked cells too",
    ]
    lines += [f"Assumed: {md(text, 400)}" for text in entry.assumed]
    st.markdown("\n".join(f"- {line}" for line in lines), width=760)
