"""``serve``, ``runner``, ``demo``: processes that stay."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer

from pxcore.api import open_lab
from pxcore.commands.cells import carry_out
from pxcore.commands.run import follow
from pxcore.commands.terminal import ERR, OUT, result_parts, text
from pxcore.runs.serve import ServeOptions
from pxcore.runs.serve import serve as keep_serving
from pxcore.settings import Settings
from pxcore.types import ImportRequest

DEMO_REPEATS = 30
"""At most: of channels that are alike, more repeats would not settle the order either."""
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
Network = Annotated[
    bool, typer.Option("--open-to-network", help="Let everybody who reaches this host in.")
]
Names = Annotated[list[str] | None, typer.Option(help="Further name browsers use for this host.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8501,
    open_to_network: Network = False,  # noqa: FBT002 - a flag of the command line
    allow_host: Names = None,
) -> None:
    """Serve the dashboard: web and runner, both watched over."""
    names = tuple(allow_host or ())
    _serve(
        ServeOptions(host=host, port=port, open_to_network=open_to_network, names=names), page=""
    )


def runner(
    until_idle: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--until-idle", help="End when nothing is left to do.")
    ] = False,
) -> None:
    """Carry out queued runs and imports; ``serve`` starts one by itself."""
    from pxcore.runs.process import run_runner  # noqa: PLC0415 - loads Dask

    run_runner(Settings(), until_idle=until_idle)


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8501,
    no_serve: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--no-serve", help="End after the ranking.")
    ] = False,
    open_to_network: Network = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Train and rank on drawn cells whose truth is known, then serve the dashboard."""
    dataset = carry_out(ImportRequest(path="demo", title="Demonstration cells"))
    with closing(open_lab()) as lab:
        spec = lab.draft(dataset.id, "fast")
        run_id = follow(lab, replace(spec, max_repeats=DEMO_REPEATS))
        for part in result_parts(lab.result(run_id)):
            OUT.print(part)
    for name, truth in zip(dataset.panel.names, dataset.truth, strict=False):
        ERR.print(text(f"planted in {name}: {truth}"))
    OUT.print(run_id)
    if not no_serve:
        options = ServeOptions(host=host, port=port, open_to_network=open_to_network)
        _serve(options, page=f"run?run={run_id}")


def _serve(options: ServeOptions, page: str) -> None:
    def ready(address: str) -> None:
        OUT.print(text(f"{address}/{page}"), soft_wrap=True)

    keep_serving(Settings(), options, ready)
