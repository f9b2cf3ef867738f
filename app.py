"""The table of pages, page set-up, the login gate: nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages import (
    admin,
    benchmark,
    compare,
    datasets,
    home,
    new_run,
    panel,
    published,
    run,
    runs,
    shared,
    shared_links,
    staged,
    unlabelled,
)
from pages.parts import errors, gate, links, menu, session
from pages.parts.icon import icon
from pages.parts.visitor import NOBODY
from pxcore.settings import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: where it stands in the menu and what draws it."""

    path: str
    title: str
    group: str
    icon: str
    render: Callable[[], None]
    visibility: Literal["visible", "hidden"] = "visible"


PAGES = (
    Entry("home", "Home", "", ":material/home:", home.render),
    Entry("datasets", "Data sets", "Cells", ":material/biotech:", datasets.render),
    Entry("unlabelled", "Unlabelled", "Cells", ":material/bubble_chart:", unlabelled.render),
    Entry("new", "New run", "Runs", ":material/add_circle:", new_run.render),
    Entry("runs", "All runs", "Runs", ":material/list:", runs.render),
    Entry("compare", "Compare", "Runs", ":material/compare_arrows:", compare.render),
    Entry("run", "Run", "Runs", ":material/insights:", run.render, "hidden"),
    Entry("panel", "Advice", "Panel", ":material/colorize:", panel.render),
    Entry("staged", "Staged plan", "Panel", ":material/stairs:", staged.render),
    Entry("published", "Published results", "Reference", ":material/menu_book:", published.render),
    Entry("benchmark", "Benchmark", "Reference", ":material/speed:", benchmark.render),
    Entry("links", "Shared links", "Lab", ":material/link:", shared_links.render),
    Entry("shared", "Shared result", "", ":material/visibility:", shared.render, "hidden"),
    Entry("admin", "Administration", "Lab", ":material/admin_panel_settings:", admin.render),
)
"""Every page, always registered, so that each address works from the first visit."""


def main() -> None:
    """Draw the page of this address, if its visitor may come in."""
    st.set_page_config(
        page_title="Which stains matter",
        page_icon=icon(),
        layout="wide",
        menu_items={"About": "Ranks the channels of imaging flow cytometry panels."},
    )
    menu.prepare()
    if shared.is_asked():  # whatever page the address names: no menu, no login, nothing else
        session.enter(NOBODY)
        page = errors.page("shared", shared.render)
        start = st.Page(page, url_path="start", title="Shared result", default=True)
        alone = st.Page(page, url_path="shared", title="Shared result")
        st.navigation([start, alone], position="hidden").run()
        return
    inside = gate.admitted(Settings().owner)
    table = {
        entry.path: st.Page(
            errors.page(entry.path, entry.render),
            title=entry.title,
            icon=entry.icon,
            url_path="start" if entry.path == "home" else entry.path,  # which then has none
            default=entry.path == "home",
            visibility=entry.visibility if gate.offers(entry.path) else "hidden",
        )
        for entry in PAGES
    }
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        groups.setdefault(entry.group, []).append(table[entry.path])
    groups[""].append(st.Page(home_by_name, url_path="home", title="Home", visibility="hidden"))
    current = st.navigation(groups, position="hidden")
    links.announce(table)
    if inside:
        menu.draw(groups)
        gate.draw_account()
        current.run()
    else:
        gate.draw_way_in()


def home_by_name() -> None:
    """Lead from the address ``/home`` to the start page, whose own address has no name."""
    links.go("home")


main()
