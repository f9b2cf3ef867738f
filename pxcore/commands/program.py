"""Every command, by the name it is called by."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pxcore.commands import (
    benchmark,
    cells,
    cluster,
    looking,
    panel,
    people,
    public,
    reporting,
    run,
    serving,
    sharing,
    stage,
    upkeep,
)
from pxcore.commands.terminal import ERR, UTC_ASKED, text
from pxcore.errors import PxError, disk_error

app = typer.Typer(
    name="pxcore",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("import")(cells.import_cells)
app.command("public")(public.public)
app.command("run")(run.run)
app.command("cluster")(cluster.cluster)
app.command("name-clusters")(cluster.name_clusters)
app.command("panel")(panel.panel)
app.add_typer(stage.app, name="stage")
app.command("show")(looking.show)
app.command("runs")(looking.runs)
app.command("cancel")(looking.cancel)
app.command("export")(looking.export)
app.command("report")(reporting.report)
app.command("share")(sharing.share)
app.command("shares")(sharing.shares)
app.command("unshare")(sharing.unshare)
app.command("delete")(upkeep.delete)
app.command("clean")(upkeep.clean)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)
app.command("check")(upkeep.check)
app.add_typer(people.app, name="people")
app.command("benchmark")(benchmark.benchmark)
app.command("serve")(serving.serve)
app.command("runner")(serving.runner)
app.command("demo")(serving.demo)


@app.callback()
def options(
    utc: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--utc", help="Print times as UTC, ISO 8601; stands before COMMAND.")
    ] = False,
) -> None:
    """Ranks the channels of imaging flow cytometry panels."""
    UTC_ASKED.set(utc)


def main() -> None:
    """Run the command line; an error meant for people is one message and exit code 2."""
    try:
        app()
    except (PxError, OSError) as error:
        known = disk_error(error) if isinstance(error, OSError) else error
        if known is None:
            raise
        ERR.print(text(f"pxcore: {known}"), soft_wrap=True)
        sys.exit(2)
