"""Three ways to add cells: a file on this host, an upload, drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import links, register_drawn
from pages.parts.register_form import Place, form
from pages.parts.session import lab
from pages.parts.text import md
from pxcore.errors import DatasetError
from pxcore.plots.numbers import size
from pxcore.types import FolderEntry, ImportRequest

UPLOADS = ("h5", "hdf5", "npz", "zip", "cif", "tif", "tiff")
UP = ".."
HERE = "."
NO_FILES: Mapping[Place, UploadedFile] = MappingProxyType({})


def draw() -> None:
    """Draw the three ways as tabs."""
    folder, upload, demo = st.tabs(
        [
            ":material/folder_open: From a folder of this host",
            ":material/upload: Upload",
            ":material/science: Demo cells",
        ]
    )
    with folder:
        _from_folder()
    with upload:
        _from_upload()
    with demo:
        register_drawn.draw(start)


def start(request: ImportRequest, files: Mapping[Place, UploadedFile] = NO_FILES) -> None:
    """Queue an import and go to its progress; ``files`` are uploads by what they are to it.

    Where a later step fails, the uploads before it are removed.
    """
    with ExitStack() as undo:
        for place, file in files.items():
            saved = lab().imports.save_upload(file.name, file, request.owner)
            undo.callback(lab().imports.forget_upload, saved)
            request = _with_file(request, place, str(saved))
        made = lab().imports.start(request)
        undo.pop_all()
    links.go("datasets", importing=made)


def _with_file(request: ImportRequest, place: Place, path: str) -> ImportRequest:
    """Return the request with an uploaded file in its place."""
    if place == "panel_sheet":
        return replace(request, panel_sheet=path)
    return replace(request, labels=path) if place == "labels" else replace(request, path=path)


def _from_folder() -> None:
    """Draw the browser of allowed folders, and the form of what was chosen."""
    folders = lab().imports.allowed_folders()
    if not folders:
        st.info(
            "No folder of this host is open for registering. Whoever runs the server names them "
            "in `PXCORE_DATA_FOLDERS`, separated by `:`, and starts it again."
        )
        return
    names = {str(folder): folder for folder in folders}
    chosen = st.selectbox("Allowed folder", list(names), key="add-folder")
    folder = names.get(chosen or "", folders[0])
    inside = str(st.session_state.get("add-inside", ""))
    if inside:
        st.caption(f"in {md(inside, 200)}")
    entry = _entry(folder, inside)
    if entry is None:
        return
    if entry.is_folder and not entry.format:
        st.caption("No files of cells were seen in this folder; open it to look further inside.")
        return
    if entry.is_folder:
        st.caption(
            f"This folder holds {md(entry.format)}. Registered as a whole, all cells in it and in "
            "its folders become one data set; the import finds the one format that fits, or says "
            f"why none does. {_by_itself(entry, inside)}"
        )
    else:
        _unknown(entry)
    if (filled := form(entry.path, entry.name, "folder", is_folder=entry.is_folder)) is not None:
        start(filled.request, filled.files)


def _by_itself(folder: FolderEntry, inside: str) -> str:
    """Return how to import one file of a folder instead of all of it."""
    if folder.inside == inside:
        return "To import one of its files by itself, choose it above."
    return "To import one of its files by itself, press *Open this folder* first."


def _unknown(entry: FolderEntry) -> None:
    """Warn of a file that nothing recognises."""
    if not entry.format:
        st.warning("No reader recognises this file. It can be tried with a format of your choice.")


def _entry(folder: Path, inside: str) -> FolderEntry | None:
    """Return what is chosen in a folder; opening and going up stay in the session."""
    entries = {entry.name: entry for entry in lab().imports.browse(folder, inside)}
    here = _here(folder, inside, tuple(entries.values()))
    options = ([UP] if inside else []) + list(entries) + ([HERE] if here.format else [])
    if not options:
        st.caption("This folder is empty.")
        return None

    def label(name: str) -> str:
        if name == HERE:
            return f"This whole folder · {here.format}"
        entry = entries.get(name)
        if entry is None:
            return f"{UP}  one folder up"
        kind = f" · {entry.format}" if entry.format else ""
        return f"{entry.name}/{kind}" if entry.is_folder else f"{name} · {size(entry.size)}{kind}"

    recognised = [name for name, one in entries.items() if one.format and not one.is_folder]
    first = options.index(recognised[0]) if recognised else 0
    name = st.selectbox(
        "File or folder", options, index=first, format_func=label, key=f"add-entry-{inside}"
    )
    if name == UP:
        st.button("Go up", on_click=_walk, args=(inside.rpartition("/")[0],))
        return None
    if name == HERE:
        return here
    entry = entries.get(name or "")
    if entry is not None and entry.is_folder:
        st.button("Open this folder", on_click=_walk, args=(entry.inside,))
    return entry


def _here(folder: Path, inside: str, entries: tuple[FolderEntry, ...]) -> FolderEntry:
    """Return the folder that is looked into, as something to register."""
    kinds = [one.format for one in entries if one.is_folder and one.format]
    endings = {Path(one.name).suffix.lower() for one in entries if not one.is_folder}
    if endings & {".h5", ".tif", ".tiff"}:
        kinds.insert(0, "HDF5 files" if ".h5" in endings else "TIFF files")
    place = folder / inside
    return FolderEntry(
        name=place.name,
        inside=inside,
        path=str(place),
        is_folder=True,
        size=0,
        format=kinds[0] if kinds else "",
    )


def _walk(inside: str) -> None:
    """Remember which folder is looked into."""
    st.session_state["add-inside"] = inside


def _from_upload() -> None:
    """Draw the upload; its size is checked here and again by the store."""
    limit = lab().imports.max_upload_mb
    file = st.file_uploader(
        f"A file of at most {limit} MiB; larger ones are registered from a folder",
        type=list(UPLOADS),
        key="add-upload",
        max_upload_size=limit,
    )
    if file is None:
        return
    if file.size > limit * 2**20:
        message = (
            f"{file.name} has {size(file.size)}; uploads may have {limit} MiB. Put it into an "
            "allowed folder of the host and register it from there"
        )
        raise DatasetError(message)
    if (filled := form(file.name, file.name, "upload")) is not None:
        files: dict[Place, UploadedFile] = {"path": file}
        start(filled.request, files | filled.files)
