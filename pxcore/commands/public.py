"""``public``: the catalogue of public data sets, and fetching one of them."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import open_lab
from pxcore.commands.cells import tell_import
from pxcore.commands.terminal import ERR, OUT, bar, text
from pxcore.types.public import PublicState

STEPS = 20
"""Lines a download writes where there is no terminal: one every 5 %."""


def public(
    name: Annotated[str, typer.Argument(help="Data set to fetch; none lists them.")] = "",
) -> None:
    """List public data sets, or fetch and import one. The last line is the data set's id."""
    with closing(open_lab()) as lab:
        if not name:
            OUT.print(listing(lab.public.states()))
            return
        with bar() as shown:
            line = shown.add_task(text(name), total=1.0, left="")
            told = -1

            def tell(step: str, share: float) -> None:
                nonlocal told
                shown.update(line, description=text(step), completed=share)
                if not ERR.is_terminal and int(share * STEPS) != told:
                    told = int(share * STEPS)
                    ERR.print(text(f"{share:4.0%} {step}"))

            dataset = lab.public.bring_in(name, tell)
        warnings = lab.overview(dataset.id).warnings
    tell_import(dataset, warnings)
    OUT.print(dataset.id)


def listing(states: tuple[PublicState, ...]) -> Table:
    """Return one row a data set: what it is, where its file is, how far it is here."""
    table = Table(title="Public data sets: python -m pxcore public NAME")
    for column in ("name", "cells", "channels", "classes", "here", "paper"):
        table.add_column(column)
    for one in states:
        entry = one.entry
        partly = f"partly, {'goes on' if one.resumes else 'begins anew'}"
        here = {"absent": "no", "partly": partly, "here": "file"}[one.state]
        table.add_row(
            entry.id,
            f"{entry.title}, {entry.n_cells:,}",
            "" if entry.by_hand else f"{len(entry.panel)}",
            f"{entry.n_classes}",
            text(one.dataset_id or f"{here} ({one.folder})"),
            text(f"doi {entry.doi}; licence: {entry.licence}"),
        )
    return table
