"""``serve``, ``runner``, ``demo``: processes that stay."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table

from pxcore.api import open_lab
from pxcore.commands.cells import carry_out
from pxcore.commands.run import follow
from pxcore.commands.terminal import ERR, OUT, text
from pxcore.plots.numbers import about
from pxcore.runs.serve import ServeOptions, check_address
from pxcore.runs.serve import serve as keep_serving
from pxcore.settings import Settings
from pxcore.types import ImportRequest, RunResult

DEMO_REPEATS = 30
"""At most: of channels that are alike, more repeats would not settle the order either."""
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]
Network = Annotated[
    bool, typer.Option("--open-to-network", help="Let everybody who reaches this host in.")
]
Open = Annotated[
    bool,
    typer.Option("--without-login", help="Serve openly a store that has accounts, private runs."),
]
Names = Annotated[list[str] | None, typer.Option(help="Further name browsers use for this host.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8501,
    open_to_network: Network = False,  # noqa: FBT002 - a flag of the command line
    allow_host: Names = None,
    without_login: Open = False,  # noqa: FBT002
) -> None:
    """Serve the dashboard: web and runner, both watched over."""
    options = ServeOptions(
        host=host,
        port=port,
        open_to_network=open_to_network,
        names=tuple(allow_host or ()),
        without_login=without_login,
    )
    _serve(options, page="")


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
    options = ServeOptions(host=host, port=port, open_to_network=open_to_network)
    if not no_serve:
        check_address(Settings(), options)
    dataset = carry_out(ImportRequest(path="demo", title="Demonstration cells"))
    with closing(open_lab()) as lab:
        spec = replace(lab.draft(dataset.id, "fast"), max_repeats=DEMO_REPEATS)
        ERR.print(text(f"training and ranking: {about(lab.estimate(spec).seconds)} on this host"))
        run_id = follow(lab, spec)
        result = lab.result(run_id)
    for part in demo_parts(result, dataset.truth):
        OUT.print(part)
    OUT.print(run_id)
    if not no_serve:
        _serve(options, page=f"run?run={run_id}")


def demo_parts(result: RunResult, truth: Sequence[str]) -> list[Table | str]:
    """Return the first method's ranking beside what was planted, and its answer in words."""
    from pxcore.reports.run_report import run_verdict  # noqa: PLC0415 - loads plotly

    method, ranking = result.methods[0], result.methods[0].ranking
    table = Table(title=text(f"{method.label}: {method.importance.unit}"))
    for name in ("rank", "channel", "mean", "95 % interval", "verdict", "planted"):
        table.add_column(name)
    for c in sorted(range(len(ranking.rank)), key=lambda c: (ranking.rank[c], c)):
        source = result.source_channels[c] if c < len(result.source_channels) else -1
        planted = truth[source] if 0 <= source < len(truth) else "nothing: a made channel"
        interval = f"{ranking.low[c]:+.3f} to {ranking.high[c]:+.3f}"
        cells = (str(ranking.rank[c]), text(result.panel.names[c]), f"{ranking.mean[c]:+.3f}")
        table.add_row(*cells, interval, str(ranking.verdict[c]), text(planted))
    return [table, text(run_verdict(result, method))]


def _serve(options: ServeOptions, page: str) -> None:
    def ready(address: str) -> None:
        OUT.print(text(f"{address}/{page}"), soft_wrap=True)

    keep_serving(Settings(), options, ready)
