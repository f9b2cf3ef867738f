"""``delete``, ``clean``, ``backup``, ``restore``, ``check``: a store kept in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import open_lab
from pxcore.commands.terminal import ERR, OUT, bar, text, when
from pxcore.plots.numbers import count, size
from pxcore.settings import Settings
from pxcore.types.upkeep import Loose, Restored, Uses

MOST = 40
"""Lines of a list that are printed."""
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Tell = Callable[[str, float], None]


def delete(
    name: Annotated[str, typer.Argument(help="Id of a run, data set or staged plan.")],
    and_runs: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--and-runs", help="And the runs and plans that use the data set.")
    ] = False,
    and_plans: Annotated[  # noqa: FBT002
        bool, typer.Option("--and-plans", help="And the plans that use the run.")
    ] = False,
    yes: Yes = False,  # noqa: FBT002
) -> None:
    """Delete a run, data set or staged plan; files go with the next ``clean``."""
    with closing(open_lab()) as lab:
        upkeep = lab.upkeep
        kind = upkeep.kind_of(name)
        uses = upkeep.uses(kind, name)
        along = (kind == "dataset" and and_runs) or (kind == "run" and and_plans)
        if along or not uses.used:
            _ask(_delete_question(kind, uses), yes=yes)
        if kind == "run":
            upkeep.delete_run(name, and_plans=and_plans)
        elif kind == "dataset":
            upkeep.delete_dataset(name, and_runs=and_runs)
        else:
            upkeep.delete_plan(name)
    ERR.print(text(f"{name} is deleted; `python -m pxcore clean` frees its room"))


def clean(
    older_than: Annotated[
        float, typer.Option(min=1, help="Hours that something must have lain untouched.")
    ] = 24.0,
    yes: Yes = False,  # noqa: FBT002
) -> None:
    """Show what nothing refers to any more and, after a question, remove it."""
    with closing(open_lab()) as lab:
        found = lab.upkeep.loose(older_than)
        if not found:
            ERR.print("nothing to clean up")
            return
        OUT.print(_loose_table(found))
        total = sum(one.n_bytes for one in found)
        _ask(f"Remove {count(len(found), 'thing')}, {size(total)}?", yes=yes)
        done = lab.upkeep.clean(found, older_than)
    kept = f", {len(done.kept)} kept: needed again" if done.kept else ""
    removed = count(len(done.removed), "thing")
    ERR.print(text(f"{removed} removed, {size(done.n_bytes)} freed{kept}"))


def backup(
    target: Annotated[str, typer.Argument(help="Folder; a later backup adds what is new.")],
    link: Annotated[  # noqa: FBT002
        bool, typer.Option("--link", help="Share files with the store where one disk holds both.")
    ] = False,
    without_cells: Annotated[  # noqa: FBT002
        bool, typer.Option("--without-cells", help="Leave out pixels; they are imported again.")
    ] = False,
) -> None:
    """Copy the whole store, consistent also while runs and imports work."""
    with closing(open_lab()) as lab, _telling() as tell:
        done = lab.upkeep.backup(Path(target), tell, link=link, without_cells=without_cells)
    ERR.print(
        text(
            f"{count(done.artifacts, 'artifact')}, {size(done.n_bytes)}, as of "
            f"{when(done.taken)}: {done.copied} copied, {done.removed} no longer needed removed"
        )
    )
    if done.without_cells:
        ERR.print(text(f"the cells of {count(done.without_cells, 'data set')} were left out"))
    OUT.print(text(done.folder), soft_wrap=True)
    _tell_damaged(done.damaged, "left out: `python -m pxcore check` says what they are")


def restore(
    folder: Annotated[str, typer.Argument(help="Folder that ``backup`` wrote.")],
    anyway: Annotated[  # noqa: FBT002
        bool, typer.Option("--anyway", help="Leave damaged artifacts out instead of stopping.")
    ] = False,
) -> None:
    """Bring a backup into the empty store named by PXCORE_HOME."""
    from pxcore.runs.upkeep.restore import restore as bring_back  # noqa: PLC0415 - rarely needed

    with _telling() as tell:
        done = bring_back(Settings(), Path(folder), tell, anyway=anyway)
    ERR.print(
        text(
            f"the store as of {when(done.taken)}: {count(done.datasets, 'data set')}, "
            f"{count(done.runs, 'run')}, {count(done.artifacts, 'artifact')} copied and checked"
        )
    )
    for one in _as_of_then(done):
        ERR.print(text(one), soft_wrap=True)
    for one in done.gone[:MOST]:
        ERR.print(text(f"not in the backup: {one}"), soft_wrap=True)
    _tell_damaged(done.damaged, "left out")


def check(
    repair: Annotated[  # noqa: FBT002
        bool, typer.Option("--repair", help="Set damaged results aside, mend rows.")
    ] = False,
) -> None:
    """Read every file of the store and compare it with its checksum; exit code 1 on damage."""
    with closing(open_lab()) as lab, _telling() as tell:
        found = lab.upkeep.check(tell, repair=repair)
    quiet: dict[str, int] = {}
    for one in found.findings:
        if one.trouble.serious or one.repaired:
            mended = f" [{one.repaired}]" if one.repaired else ""
            OUT.print(text(f"{one.trouble}: {one.key}: {one.said}{mended}"), soft_wrap=True)
        else:
            quiet[one.trouble] = quiet.get(one.trouble, 0) + 1
    for trouble, number in quiet.items():
        OUT.print(text(f"{trouble}: {count(number, 'artifact')}"))
    word = "sound" if found.sound else "DAMAGED"
    OUT.print(text(f"{word}: {count(found.artifacts, 'artifact')}, {size(found.n_bytes)}"))
    if not found.sound:
        raise typer.Exit(1)


def _ask(question: str, *, yes: bool) -> None:
    """Go on after a yes, else end with exit code 1 and nothing done."""
    if not yes:
        typer.confirm(question, abort=True, err=True)


def _delete_question(kind: str, uses: Uses) -> str:
    used = [(len(uses.runs), "run"), (len(uses.plans), "staged plan")]
    parts = [count(number, what) for number, what in used if number]
    along = f" with {' and '.join(parts)}" if parts else ""
    links = ""
    if uses.links:
        stays = "stays open until it is" if uses.links == 1 else "stay open until they are"
        links = f" ({count(uses.links, 'share link')} {stays} revoked or expired)"
    if uses.links_end:
        links += f" ({count(uses.links_end, 'share link')} of others will be revoked)"
    return f"Delete the {kind} {uses.title!r}{along} for good?{links}"


def _as_of_then(done: Restored) -> Iterator[str]:
    """Yield what to look through, because the backup does not know what was changed since."""
    if done.accounts:
        yield (
            f"{count(done.accounts, 'account')} can log in with the password and rank of then: "
            "shut out again whom you have shut out since (`python -m pxcore people`), and look "
            "for runs that were made private since"
        )
    if done.links:
        were = "was" if done.links == 1 else "were"
        yield (
            f"{count(done.links, 'share link')} {were} let expire, since some may have been "
            "revoked after the backup: their owners extend them under Shared links"
        )


def _loose_table(found: tuple[Loose, ...]) -> Table:
    table = Table(title="Nothing refers to")
    for name in ("what", "size", "hours", "it is", "id"):
        table.add_column(name)
    for one in found[:MOST]:
        table.add_row(one.kind, size(one.n_bytes), f"{one.hours:.0f}", text(one.label), one.id[:40])
    if len(found) > MOST:
        rest = found[MOST:]
        table.add_row("...", size(sum(one.n_bytes for one in rest)), "", f"{len(rest)} more", "")
    return table


def _tell_damaged(keys: tuple[str, ...], what: str) -> None:
    for key in keys[:MOST]:
        ERR.print(text(f"damaged: {key}"))
    if keys:
        were = "was" if len(keys) == 1 else "were"
        ERR.print(text(f"{count(len(keys), 'damaged artifact')} {were} {what}"))
        raise typer.Exit(1)


@contextmanager
def _telling() -> Iterator[Tell]:
    """Yield what draws a progress bar."""
    with bar() as drawn:
        task = drawn.add_task("", total=1.0, left="")

        def tell(step: str, share: float) -> None:
            drawn.update(task, description=step, completed=share)

        yield tell
