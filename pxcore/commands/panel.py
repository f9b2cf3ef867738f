"""``panel``: which stains are enough, asked of a finished run."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import Lab, open_lab
from pxcore.commands.files import check_writable, write_json
from pxcore.commands.following import Following
from pxcore.commands.terminal import ERR, OUT, text
from pxcore.errors import PanelError
from pxcore.plots.numbers import about
from pxcore.runs.panels.questions import PanelAsk
from pxcore.runs.panels.words import advice_json, told
from pxcore.types import Panel, RunSpec
from pxcore.types.panel import Constraints, Members, PanelQuestion


def panel(  # noqa: PLR0913, PLR0917 - one parameter an option
    run: Annotated[str, typer.Argument(help="Id of a finished run.")],
    margin: Annotated[float, typer.Option(help="F1-macro a smaller panel may lose.")] = 0.02,
    class_floor: Annotated[float, typer.Option(help="F1 a single class may lose.")] = 0.05,
    max_stains: Annotated[
        int | None, typer.Option(help="At most so many stains; 0 for any.", show_default=False)
    ] = None,
    must_keep: Annotated[
        str | None, typer.Option(help="Channels to keep, such as CD3,CD19.", show_default=False)
    ] = None,
    exclude: Annotated[
        str | None, typer.Option(help="Channels to leave out.", show_default=False)
    ] = None,
    curves: Annotated[
        str, typer.Option(help="Remove and retrain by these rankings, such as pxpermute.")
    ] = "",
    train: Annotated[
        list[str] | None, typer.Option(help="Train this panel too, such as CD3,CD19.")
    ] = None,
    compare: Annotated[
        str, typer.Option(help="First stains of rankings, such as pxpermute:1,2,3.")
    ] = "",
    search: Annotated[bool, typer.Option(help="Screen every panel.")] = True,  # noqa: FBT002
    json_file: Annotated[str, typer.Option("--json", help="Where the advice goes.")] = "",
) -> None:
    """Find the smallest panel that is good enough. The last line of output is the run's id.

    What to keep, to exclude and at most to stain stays as the run was asked before, where not
    given.
    """
    if json_file:
        check_writable(Path(json_file))
    with closing(open_lab()) as lab:
        spec = lab.progress(run).spec
        names, wanted = spec.panel, _wanted(spec, must_keep, exclude, max_stains)
        constraints = replace(wanted, margin=margin, class_floor=class_floor)
        ask = PanelAsk(
            constraints=constraints,
            search=search,
            curves=tuple(name.strip() for name in curves.split(",") if name.strip()),
            ticked=tuple(_positions(names, one) for one in train or ()),
            compare=_leading(compare),
        )
        answered = _answered(lab, run, ask)
        _say(lab, answered, constraints, json_file)


def _wanted(
    spec: RunSpec, must_keep: str | None, exclude: str | None, max_stains: int | None
) -> Constraints:
    """Return what was given, else what the run was asked before."""
    names, before = spec.panel, (spec.question or PanelQuestion()).constraints
    return replace(
        before,
        must_keep=before.must_keep if must_keep is None else _positions(names, must_keep),
        exclude=before.exclude if exclude is None else _positions(names, exclude),
        max_stains=before.max_stains if max_stains is None else max_stains or None,
    )


def _leading(text: str) -> tuple[tuple[str, int], ...]:
    """Return rankings and numbers of stains of ``pxpermute:1,2,permute_cells:3``.

    Raises PanelError for what is not a ranking with a number.
    """
    if not text.strip():
        return ()
    found: list[tuple[str, int]] = []
    name = ""
    for word in (part.strip() for part in text.split(",")):
        before, colon, number = word.rpartition(":")
        name = before if colon else name
        if not (name and number.isascii() and number.isdecimal()):
            message = (
                f"{word!r} of --compare is not a ranking with a number of stains; expected such as "
                "pxpermute:1,2,3"
            )
            raise PanelError(message)
        found.append((name, int(number[:6])))
    return tuple(dict.fromkeys(found))


def _answered(lab: Lab, run_id: str, ask: PanelAsk) -> str:
    """Return the run that answers, finished: this one, where it was asked all of that before."""
    answering = lab.panels.ask(run_id, ask)
    if answering == run_id:
        return run_id
    cost = lab.panels.estimate(run_id, ask)
    for note in cost.notes:
        ERR.print(text(f"note: {note}"))
    more = f", at most {about(cost.seconds + cost.seconds_more)}" if cost.seconds_more else ""
    ERR.print(text(f"{cost.tasks - cost.cached} steps, {about(cost.seconds)}{more}"))
    ERR.print(text(f"run {answering}"))
    Following(lab, answering).to_the_end()
    return answering


def _say(lab: Lab, run_id: str, constraints: Constraints, json_file: str) -> None:
    """Print the advice, and write it."""
    found = lab.panels.findings(run_id)
    advice = found.advice(constraints)
    for part in told(found, advice):
        OUT.print(_table(part) if isinstance(part, tuple) else text(part))
    OUT.print(run_id)
    if json_file:
        write_json(advice_json(found, advice), Path(json_file))


def _table(rows: tuple[tuple[str, ...], ...]) -> Table:
    head, *body = rows
    table = Table()
    for name in head:
        table.add_column(name)
    for row in body:
        table.add_row(*(text(word) for word in row))
    return table


def _positions(panel_of: Panel, names: str) -> Members:
    """Return the positions of channels given by name, by comma."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    doubled = {name for name in wanted if wanted.count(name) > 1}
    if doubled:
        message = f"channel {min(doubled)!r} was named twice; name it once"
        raise PanelError(message)
    return tuple(sorted(panel_of.index(name) for name in wanted))
