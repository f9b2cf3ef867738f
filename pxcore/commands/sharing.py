"""``share``, ``shares``, ``unshare``: links by which others read one result."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import Lab, open_lab
from pxcore.commands.terminal import ERR, OUT, text, when
from pxcore.errors import RunError
from pxcore.types.addresses import only_here


def share(
    subject: Annotated[str, typer.Argument(metavar="RUN|PLAN", help="Id of a run or plan.")],
    panel: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--panel", help="Share which stains are enough, not the ranking.")
    ] = False,
    days: Annotated[int, typer.Option(help="For how many days the link opens, 1 to 365.")] = 30,
) -> None:
    """Make a link by which others read a result as it is now; it is shown once."""
    with closing(open_lab()) as lab:
        kind = "panel" if panel else kind_of(lab, subject)
        row, token = lab.shares.make(kind, subject, days)
        public = lab.shares.public_url.rstrip("/")
    told = f"{row.title}: link {row.id} opens until {when(row.expires)}; it is not shown again"
    ERR.print(text(told), soft_wrap=True)
    if not public or only_here(public):
        told = "put the address by which others reach your dashboard in front"
        ERR.print(text(f"{told} (PXCORE_PUBLIC_URL does)"), soft_wrap=True)
    OUT.print(text(f"{public}/shared?link={token}"), soft_wrap=True)


def kind_of(lab: Lab, subject: str) -> str:
    """Return what an id stands for: ``run``, ``clustering``, ``plan``, of several ``comparison``.

    Raises RunError for an id that is neither a run's nor a plan's.
    """
    if {",", ":"} & set(subject):
        return "comparison"
    kind = lab.upkeep.kind_of(subject)
    if kind == "dataset":
        message = f"{subject!r} is a data set; give the id of a run on it, or of a staged plan"
        raise RunError(message)
    return "clustering" if kind == "run" and lab.unlabelled.is_one(subject) else kind


def shares() -> None:
    """List every link, newest first. What a link opens cannot be read from its id."""
    with closing(open_lab()) as lab:
        table = Table(title="Shared links")
        for name in ("link", "state", "shows", "title", "by", "created", "until", "visits"):
            table.add_column(name, no_wrap=name == "link")
        for row in lab.shares.all():
            shows = text(f"{row.kind} {row.subject}")
            owner = text(row.owner or "command line")
            times = (when(row.created), when(row.expires))
            table.add_row(row.id, row.state, shows, text(row.title), owner, *times, str(row.opened))
        OUT.print(table)


def unshare(link: Annotated[str, typer.Argument(metavar="LINK", help="Id of a link.")]) -> None:
    """Revoke a link: it opens nothing any more, at once and for good."""
    with closing(open_lab()) as lab:
        row = lab.shares.revoke(link)
    ERR.print(text(f"link {row.id} to {row.title} opens nothing any more"), soft_wrap=True)
