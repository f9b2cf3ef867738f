"""``runs``, ``show``, ``cancel``, ``export``: what there is, and what becomes of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import Lab, open_lab
from pxcore.commands.clusters_told import tell
from pxcore.commands.terminal import ERR, OUT, left_in_words, result_parts, text, when
from pxcore.errors import DatasetError, RunError
from pxcore.types import Progress, RunState

RunId = Annotated[str, typer.Argument(help="Id of a run.")]


def runs() -> None:
    """List every run, newest first."""
    with closing(open_lab()) as lab:
        table = Table(title="Runs")
        for name in ("run", "state", "done", "title", "data set", "model", "methods", "created"):
            table.add_column(name, no_wrap=name == "run")
        for row in lab.runs():
            table.add_row(
                row.id,
                str(row.state),
                f"{row.share:.0%}",
                text(row.title),
                text(row.dataset_title),
                row.model,
                ", ".join(row.methods),
                when(row.created),
            )
        OUT.print(table)


def show(run_id: RunId) -> None:
    """Show a run: its ranking or clusters when it is finished, else how far it is."""
    with closing(open_lab()) as lab:
        progress = _progress(lab, run_id)
        if progress.run.state is RunState.FINISHED:
            if progress.spec.clusters is not None:
                tell(lab.unlabelled.result(run_id))
                return
            for part in result_parts(lab.result(run_id)):
                OUT.print(part)
            return
    OUT.print(_steps(progress))
    if not progress.run.state.final and not progress.runner_alive:
        OUT.print("no runner is alive; start one with: python -m pxcore serve (or runner)")
    if progress.error:
        OUT.print(text(progress.error))


def _progress(lab: Lab, run_id: str) -> Progress:
    """Return how far a run is. Raises RunError, which names the kind of any other id."""
    try:
        return lab.progress(run_id)
    except RunError as error:
        try:
            title = lab.dataset(run_id).title
        except DatasetError:
            raise error from None
        message = (
            f"{run_id!r} is a data set ({title!r}); expected the id of a run: `python -m pxcore "
            f"runs` lists them, `run {run_id}` trains and ranks on it, `cluster {run_id}` clusters "
            "its cells"
        )
        raise RunError(message) from None


def cancel(run_id: RunId) -> None:
    """Stop a run. What is done stays and is reused by the next run that needs it."""
    with closing(open_lab()) as lab:
        before = lab.progress(run_id)
        if before.run.state.final:
            ERR.print(text(f"run {run_id} is {before.run.state} already"))
            return
        lab.cancel(run_id, "command line")
    alive = "its tasks end within seconds" if before.runner_alive else "no runner is alive"
    ERR.print(text(f"run {run_id} will be cancelled: {alive}"))


def export(
    run_id: RunId,
    to: Annotated[str, typer.Option(help="Folder; ./export-RUN when left out.")] = "",
) -> None:
    """Write a finished run's tables (CSV), JSON and figures (SVG) into a folder."""
    with closing(open_lab()) as lab:
        folder = Path(to or f"export-{run_id}")
        files = lab.exports.files(run_id, folder)
    for file in files:
        OUT.print(text(str(file)), soft_wrap=True)
    ERR.print(text(f"{len(files)} files written to {folder.absolute()}"), soft_wrap=True)


def _steps(progress: Progress) -> Table:
    left = left_in_words(progress.seconds_left)
    state = f"{progress.run.state}, {progress.share:.0%} done{', ' if left else ''}{left}"
    table = Table(title=text(f"{progress.run.title or progress.run.id}: {state}"))
    for name in ("step", "state", "done", "seconds", "note"):
        table.add_column(name)
    for task in progress.tasks:
        note = "was there already" if task.reused else (task.error_class or task.step)
        seconds = "" if task.seconds is None else f"{task.seconds:.1f}"
        table.add_row(text(task.label), str(task.state), f"{task.share:.0%}", seconds, text(note))
    return table
