"""``benchmark``: drawn images of known truth, runs on them, and the table beside the published."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer
from rich.progress import Progress as Bar
from rich.progress import TaskID
from rich.table import Table

from pxcore.api import Lab, open_lab
from pxcore.commands.following import Following
from pxcore.commands.terminal import ERR, OUT, bar, text
from pxcore.types.benchmark import BenchmarkAsk


def benchmark(  # noqa: PLR0913, PLR0917 - one parameter an option
    seeds: Annotated[int, typer.Option(help="Data sets, which differ in their seed.")] = 5,
    size: Annotated[int, typer.Option(help="Pixels a side.")] = 48,
    channels: Annotated[int, typer.Option(help="Channels, of which six tell.")] = 30,
    images: Annotated[int, typer.Option(help="Images of each data set.")] = 1200,
    background: Annotated[
        str, typer.Option(help="Of all other channels: mid, random or fixed.")
    ] = "mid",
    width: Annotated[int, typer.Option(help="Of every network; 64 as published.")] = 8,
    models: Annotated[str, typer.Option(help="Such as embedding,resnet50; or all.")] = "embedding",
    methods: Annotated[
        str, typer.Option(help="Beside each model's own method.")
    ] = "permute_cells,pxpermute",
    folds: Annotated[int, typer.Option(help="Of each run.")] = 4,
    epochs: Annotated[int, typer.Option(help="At most, of each training.")] = 15,
    show: Annotated[  # noqa: FBT002
        bool, typer.Option("--show", help="Only print what runs here have given.")
    ] = False,
) -> None:
    """Draw images, train, rank, and print recall beside what was published."""
    ask = BenchmarkAsk(
        seeds=seeds,
        n_images=images,
        size=size,
        channels=channels,
        background=background,
        width=width,
        models=_words(models),
        methods=_words(methods),
        folds=folds,
        epochs=epochs,
    )
    with closing(open_lab()) as lab:
        if not show:
            ask = _all_models(lab, ask)
            _draw(lab, ask)
            for run_id in (*lab.benchmark.train(ask), *lab.benchmark.state(ask).running):
                if not lab.progress(run_id).run.state.final:
                    Following(lab, run_id).to_the_end()
        _print(lab)


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word for part in listed.split(",") if (word := part.strip()))


def _all_models(lab: Lab, ask: BenchmarkAsk) -> BenchmarkAsk:
    """Return what is asked with every model of the table where ``all`` was said."""
    if ask.models != ("all",):
        return ask
    return replace(ask, models=tuple(one.id for one in lab.benchmark.entries()))


def _draw(lab: Lab, ask: BenchmarkAsk) -> None:
    """Draw the images that are missing, in the foreground."""
    with bar() as shown:
        for request in lab.benchmark.requests(ask):
            line = shown.add_task(text(request.title), total=1.0, left="")
            lab.imports.bring_in(request, partial(_tell, shown, line))
            ERR.print(text(f"drawn: {request.title}"))


def _tell(shown: Bar, line: TaskID, _step: str, share: float) -> None:
    shown.update(line, completed=share)


def _print(lab: Lab) -> None:
    """Print a table of each kind of images, and what was published."""
    from pxcore.plots.benchmark import answer, frame  # noqa: PLC0415 - loads plotly

    labels = {one.id: one.label for one in lab.benchmark.entries()}
    published = lab.benchmark.published()
    for kind in lab.benchmark.kinds() or (None,):
        rows = lab.benchmark.rows(kind) if kind is not None else ()
        found = frame(kind, rows, published, labels)
        title = ", ".join(f"{name} {value}" for name, value in kind.settings) if kind else ""
        table = Table(title=text(title))
        for name in found.columns:
            table.add_column(text(str(name)), overflow="fold")
        for record in found.itertuples(index=False):
            table.add_row(*(text(str(value)) for value in record))
        OUT.print(table)
        OUT.print(text(answer(kind, rows)), soft_wrap=True)
