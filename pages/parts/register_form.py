"""The form of cells to add: title, format, and tables that come with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts.panel_editor import SHEET_MIB
from pages.parts.session import lab, visit
from pxcore.types import ImportRequest

MOST_LABELS_MIB = 256
"""Largest table of labels that an import reads, MiB."""
Place = Literal["path", "panel_sheet", "labels"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled form: the request, and the uploads that belong to it."""

    request: ImportRequest
    files: dict[Place, UploadedFile]


def form(path: str, name: str, place: str, *, is_folder: bool = False) -> Filled | None:
    """Return what was filled in once the form's button was pressed; each path has its own."""
    known_as = name if is_folder else Path(name).stem
    key = f"{place}-{path}"
    formats = {"auto": "Recognise it"} | {c.id: c.label for c in lab().choices("format")}
    with st.form(f"add-form-{key}", border=False):
        title = st.text_input("Title", value=known_as[:120], max_chars=120, key=f"{key}-title")
        with st.expander("More settings"):
            which = st.selectbox(
                "Format", list(formats), format_func=lambda f: formats[f], key=f"{key}-format"
            )
            side = st.number_input(
                "Side of the square each cell is cropped or padded to, pixels (0: chosen from "
                "the cells)",
                min_value=0,
                max_value=1024,
                value=0,
                key=f"{key}-size",
            )
            options = _tissue(key)
            sheet, labels = _tables(key)
        register = "Register this folder" if is_folder else "Register"
        if not st.form_submit_button(register, type="primary", icon=":material/check:"):
            return None
    request = ImportRequest(
        path=path,
        title=title.strip() or known_as,
        format=which or "auto",
        size=int(side),
        options=options if which in {"auto", "tissue"} else (),
        owner=visit().owner,
    )
    files: dict[Place, UploadedFile] = {}
    if sheet:
        files["panel_sheet"] = sheet
    if labels:
        files["labels"] = labels
    return Filled(request, files)


def _tissue(key: str) -> tuple[tuple[str, str], ...]:
    """Return how images of tissue are cut; empty, as for every other format, for whole images."""
    ways = {"whole": "whole images", "crops": "cut into single cells by their masks"}
    chosen = st.selectbox(
        "Tissue images (a folder or zip with images.csv)",
        list(ways),
        format_func=lambda way: ways[way],
        key=f"{key}-tissue",
    )
    window = st.number_input(
        "Side of the window around each cell, pixels, where they are cut",
        min_value=4,
        max_value=1024,
        value=32,
        key=f"{key}-window",
    )
    return (("cells", "crops"), ("window", str(window))) if chosen == "crops" else ()


def _tables(key: str) -> tuple[UploadedFile | None, UploadedFile | None]:
    """Return the panel sheet and the labels that were uploaded beside the cells."""
    most = min(MOST_LABELS_MIB, lab().imports.max_upload_mb)
    sheet = st.file_uploader(
        f"Panel sheet, a CSV of at most {SHEET_MIB} MiB",
        type=["csv"],
        key=f"{key}-sheet",
        max_upload_size=SHEET_MIB,
    )
    labels = st.file_uploader(
        f"Labels, a CSV of at most {most} MiB with object_number, label and optionally group",
        type=["csv"],
        key=f"{key}-labels",
        max_upload_size=most,
    )
    return sheet, labels
