"""``people``: who may log in. A password is typed or piped in, never an argument."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime
from getpass import getpass
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import open_lab
from pxcore.commands.terminal import ERR, OUT, text, when
from pxcore.errors import AccessError
from pxcore.types.people import Account, Rank

app = typer.Typer(help="List, add, change and shut out people.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name they log in by.")]
RANKS = "`reader` (looks), `member` (imports, starts, shares) or `admin` (administrator)."


@app.command("list")
def everyone() -> None:
    """List everybody who may log in, and who is shut out."""
    with closing(open_lab()) as lab:
        found = lab.people.everyone()
    table = Table()
    for head in ("name", "rank", "active", "quota, GiB", "last seen", "logs in by"):
        table.add_column(head)
    for one in found:
        quota = "" if one.quota_gb is None else f"{one.quota_gb:g}"
        way = "provider" if one.provider else "password"
        seen = when(one.seen) if one.seen else "never"
        active = "yes" if one.active else "no"
        table.add_row(text(one.name), one.rank.word, active, quota, seen, way)
    OUT.print(table if found else "nobody yet; `python -m pxcore people add NAME --rank admin`")


@app.command("add")
def add(name: Name, rank: Annotated[Rank, typer.Option(help=RANKS)] = Rank.MEMBER) -> None:
    """Add somebody; their first password is asked for, or read from a pipe."""
    with closing(open_lab()) as lab:
        made = lab.people.add(name, rank, _password(name))
    ERR.print(text(f"{made.name} may log in as {made.rank.word}"))


@app.command("set")
def change(
    name: Name,
    rank: Annotated[Rank | None, typer.Option(help=RANKS)] = None,
    password: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--password", help="Ask for a new password.")
    ] = False,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Let in again, or shut out.")
    ] = None,
    quota: Annotated[
        str | None, typer.Option(help="GiB for their work, 0 for no limit, `setting` for that.")
    ] = None,
) -> None:
    """Change rank, password, quota, or whether they may come in."""
    gb = None if quota is None else _gb(quota)
    with closing(open_lab()) as lab:
        found: Account | None = None
        if rank is not None:
            found = lab.people.set_rank(name, rank)
        if quota is not None:
            found = lab.people.set_quota(name, gb)
        if active is not None:
            found = lab.people.set_active(name, active=active)
        if password:
            found = lab.people.set_password(name, _password(name))
    if found is None:
        message = "nothing was said to be changed; give --rank, --password, --quota or --inactive"
        raise AccessError(message)
    ERR.print(text(f"{found.name}: {found.rank.word}, {'active' if found.active else 'shut out'}"))


@app.command("remove")
def remove(name: Name) -> None:
    """Shut somebody out at once. Their work stays, and so does their name on it."""
    with closing(open_lab()) as lab:
        found = lab.people.set_active(name, active=False)
    ERR.print(text(f"{found.name} is shut out; `people set {found.name} --active` undoes it"))


@app.command("shorten-log")
def shorten_log(
    date: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="First day to keep.")],
) -> None:
    """Remove the earliest days from the log of who did what. That it was done is on record."""
    with closing(open_lab()) as lab:
        removed = lab.people.shorten_audit(date.date())
    ERR.print(text(f"{removed} entries of days before {date.date()} were removed"))


def _password(name: str) -> str:
    """Return a password, typed twice and not shown, or the first line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass(f"Password of {name}: ")
    if getpass("The same again: ") != first:
        message = "the two passwords differ, so nothing was changed; try again"
        raise AccessError(message)
    return first


def _gb(quota: str) -> float | None:
    if quota == "setting":
        return None
    try:
        return float(quota)
    except ValueError:
        message = f"--quota {quota!r} is no number; expected GiB, 0 for no limit, or `setting`"
        raise AccessError(message) from None
