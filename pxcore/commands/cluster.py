"""``cluster`` and ``name-clusters``: cells without labels, in the foreground."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands.clusters_told import tell
from pxcore.commands.files import check_writable, write_json
from pxcore.commands.following import Following
from pxcore.commands.spec_options import options_of
from pxcore.commands.terminal import ERR, OUT, text
from pxcore.errors import ClusteringError
from pxcore.plots.numbers import about, count
from pxcore.types.unlabelled_ask import ClusterAsk, Covariance, PixelLimits


def cluster(  # noqa: PLR0913, PLR0917 - one parameter an option
    dataset: Annotated[str, typer.Argument(help="Id of a data set.")],
    clusters: Annotated[str, typer.Option(help="auto (by BIC), or 2 to 50.")] = "auto",
    most: Annotated[int, typer.Option(help="Clusters that auto tries at most.")] = 10,
    model: Annotated[str, typer.Option(help="dcae_2d, dcae_3d or dcae_fused.")] = "",
    model_option: Annotated[
        list[str] | None, typer.Option(help="A setting of the autoencoder, such as width=8.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Of the autoencoder; 0: suggested.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Cells a step; 0: suggested.")] = 0,
    learning_rate: Annotated[float, typer.Option(help="Of Adam; 0: suggested.")] = 0.0,
    start_epochs: Annotated[int, typer.Option(help="Of the epochs, at --start-rate first.")] = 0,
    start_rate: Annotated[float, typer.Option(help="Learning rate of the first epochs.")] = 1e-5,
    picture_weight: Annotated[
        float, typer.Option(help="Of pictures beside volumes in the loss, 0 to 1.")
    ] = 0.99,
    limits: Annotated[
        str, typer.Option(help="What scales pixels: percentiles or full_scale.")
    ] = "percentiles",
    channels: Annotated[str, typer.Option(help="Such as BF,CD3; empty: all.")] = "",
    variant: Annotated[str, typer.Option(help="whitened, raw, umap or birch.")] = "whitened",
    covariance: Annotated[str, typer.Option(help="tied, diag or full.")] = "tied",
    centre: Annotated[
        bool | None, typer.Option(help="Move cells to the middle by their masks.")
    ] = None,
    encoder_of: Annotated[str, typer.Option(help="Run whose encoder is used as it is.")] = "",
    refine: Annotated[bool, typer.Option("--refine", help="Gather codes around clusters.")] = False,  # noqa: FBT002
    rank: Annotated[bool, typer.Option("--rank", help="Rank channels on the clusters.")] = False,  # noqa: FBT002
    maps: Annotated[bool, typer.Option("--maps", help="Train what draws maps of cells.")] = False,  # noqa: FBT002
    check_masks: Annotated[  # noqa: FBT002
        bool, typer.Option("--check-masks", help="Do masks of maps tell clusters apart? Slow.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 0,
    title: Annotated[str, typer.Option(help="Name of the run.")] = "",
    private: Annotated[  # noqa: FBT002
        bool, typer.Option("--private", help="Hide it from all but its owner and administrators.")
    ] = False,
    json_file: Annotated[str, typer.Option("--json", help="Where the result goes.")] = "",
) -> None:
    """Cluster cells without labels. The last line of output is the run's id."""
    if json_file:
        check_writable(Path(json_file))
    with closing(open_lab()) as lab:
        ask = lab.unlabelled.draft(dataset)
        given = options_of(model_option or ())
        kept = ask.options if model in ("", ask.model) else ()
        ask = replace(
            ask,
            title=title or ask.title,
            model=model or ask.model,
            options=tuple(sorted((dict(kept) | dict(given)).items())),
            epochs=epochs or ask.epochs,
            batch_size=batch_size or ask.batch_size,
            learning_rate=learning_rate or ask.learning_rate,
            start_epochs=start_epochs,
            start_rate=start_rate,
            picture_weight=picture_weight,
            limits=cast("PixelLimits", limits),
            channels=_channels(lab, dataset, channels),
            clusters=_number(clusters),
            max_clusters=most,
            variant=variant,
            covariance=cast("Covariance", covariance),  # checked with everything else
            centre=ask.centre if centre is None else centre,
            encoder_of=encoder_of,
            refine=refine,
            rank=rank,
            maps=maps,
            check_masks=check_masks,
            seed=seed,
        )
        carry_out(lab, ask, json_file, private=private)


def name_clusters(
    run: Annotated[str, typer.Argument(help="Id of a run that clustered cells.")],
    name: Annotated[list[str], typer.Option(help="Such as '1=T cells'; a number may be left out.")],
    title: Annotated[str, typer.Option(help="Of the new data set.")] = "",
) -> None:
    """Save named clusters as a labelled data set. The last line of output is its id."""
    with closing(open_lab()) as lab:
        made = lab.unlabelled.name(run, dict(_named(one) for one in name), title)
        counts = zip(made.classes, made.class_counts, strict=True)
        for called, n in counts:
            OUT.print(text(f"{called}: {count(n, 'cell')}"))
        if left := made.n_cells - made.n_labelled:
            OUT.print(text(f"left out: {count(left, 'cell')}"))
        OUT.print(made.id)


def carry_out(lab: Lab, ask: ClusterAsk, json_file: str, *, private: bool) -> None:
    """Cluster to the end and tell what was found; what cannot be done is refused first."""
    estimate = lab.unlabelled.estimate(ask)
    steps = f"{count(estimate.tasks, 'step')}, {estimate.cached} of them already there"
    ERR.print(text(f"{steps}: {about(estimate.seconds)} on this host"))
    run_id = lab.unlabelled.submit(ask, private=private)
    ERR.print(text(f"run {run_id}"))
    Following(lab, run_id).to_the_end()
    found = lab.unlabelled.result(run_id)
    tell(found)
    OUT.print(run_id)
    if json_file:
        write_json(lab.unlabelled.result_json(run_id), Path(json_file))


def _number(words: str) -> int | None:
    """Return a number of clusters, None for auto."""
    if words == "auto":
        return None
    if not words.isdecimal() or int(words) < 1:
        message = f"the number of clusters is {words!r}; give auto or a number from 2 on, such as 4"
        raise ClusteringError(message)
    return int(words)


def _channels(lab: Lab, dataset: str, words: str) -> tuple[int, ...]:
    """Return positions of named channels, in the panel's order."""
    panel = lab.dataset(dataset).panel
    names = [name.strip() for name in words.split(",") if name.strip()]
    return tuple(sorted({panel.index(name) for name in names}))


def _named(words: str) -> tuple[int, str]:
    """Return number (from 0) and name of a cluster, which people count from 1."""
    number, sign, called = words.partition("=")
    if not sign or not number.strip().isdecimal():
        message = f"a named cluster is {words!r}; give its number and its name, such as '1=T cells'"
        raise ClusteringError(message)
    return int(number) - 1, called
