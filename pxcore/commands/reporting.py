"""``report``: what can be taken away of a run, a comparison, a panel's advice or a plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands.sharing import kind_of
from pxcore.commands.terminal import ERR, OUT, text
from pxcore.errors import RunError, StoreError
from pxcore.types.reports import Report


def report(
    subject: Annotated[str, typer.Argument(metavar="RUN|PLAN", help="Id of a run or plan.")],
    panel: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--panel", help="Which stains are enough, not the ranking.")
    ] = False,
    to: Annotated[str, typer.Option(help="File: .html, .pdf or .zip; else HTML here.")] = "",
) -> None:
    """Write a report: HTML for reading, PDF for the verdict on one page, ZIP for everything."""
    stem = re.sub(r"[^\w.-]+", "-", subject).strip("-.")[:80] or "lab"
    file = Path(to or f"report-{stem}.html")
    make = _maker(file)
    with closing(open_lab()) as lab:
        kind = "panel" if panel else kind_of(lab, subject)
        told = lab.reports.report(kind, subject)
        content = make(lab, told)
    try:
        file.write_bytes(content)
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}"
        raise StoreError(message) from error
    ERR.print(text(told.verdict), soft_wrap=True)
    OUT.print(text(str(file)), soft_wrap=True)


def _maker(file: Path) -> Callable[[Lab, Report], bytes]:
    """Return what makes a file of this ending. Raises RunError for another ending."""
    makers: dict[str, Callable[[Lab, Report], bytes]] = {
        ".html": lambda lab, told: lab.reports.html(told).encode("utf-8"),
        ".pdf": lambda lab, told: lab.reports.pdf(told),
        ".zip": lambda lab, told: lab.reports.archive(told),
    }
    ending = file.suffix.lower()
    if ending not in makers:
        message = f"--to {str(file)!r} ends in {ending!r}; give {', '.join(makers)}"
        raise RunError(message)
    return makers[ending]
