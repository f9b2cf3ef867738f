"""``run``: train and rank, in the foreground."""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands.following import Following
from pxcore.commands.spec_options import (
    groups_of,
    options_of,
    repeats_of,
    split_of,
    with_evidence,
    with_model,
    with_zero_pixels,
)
from pxcore.commands.terminal import ERR, OUT, result_parts, text
from pxcore.errors import RunError, StoreError
from pxcore.plots.numbers import about, count
from pxcore.runs.method_names import parse_method
from pxcore.types import RunSpec

NOTHING = "give the id of a data set, or --from with the recreate.json of a report"
MAY_STAND_BESIDE = ("dataset", "from_file", "title", "json_file", "private")
TYPED = "COMMANDLINE"
LARGEST = 4_000_000


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Id of a data set.")] = "",
    from_file: Annotated[
        str, typer.Option("--from", help="Make a run anew: recreate.json of a report.")
    ] = "",
    preset: Annotated[
        str,
        typer.Option(help="fast, standard, paper or multiplexed; empty: what suits the cells."),
    ] = "",
    model: Annotated[str, typer.Option(help="Such as resnet18 or channel_embedding.")] = "",
    model_option: Annotated[
        list[str] | None, typer.Option(help="A setting of the model, such as width=16.")
    ] = None,
    weights: Annotated[str, typer.Option(help="random, imagenet or file:NAME.")] = "",
    methods: Annotated[str, typer.Option(help="Such as pxpermute,occlusion:fill=mean.")] = "",
    folds: Annotated[int, typer.Option(help="Folds; 0 takes the preset's.")] = 0,
    split: Annotated[
        str,
        typer.Option(help="donor, or cell: cells of a donor on both sides, scores too good."),
    ] = "donor",
    repeats: Annotated[str, typer.Option(help="auto, or a number.")] = "",
    zero_pixels: Annotated[
        str, typer.Option(help="count, or skip: upper percentile of pixels that are not 0.")
    ] = "",
    decoys: Annotated[
        bool | None, typer.Option(help="Rank made channels too: what zero looks like.")
    ] = None,
    redundancy: Annotated[
        bool | None, typer.Option(help="Find channels that say the same.")
    ] = None,
    gates: Annotated[bool, typer.Option("--gates", help="Check the methods' sanity.")] = False,  # noqa: FBT002
    leakage: Annotated[  # noqa: FBT002
        bool, typer.Option("--leakage", help="Train by cell too: what donors leak.")
    ] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Train again without, such as CD3,CD19.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 0,
    title: Annotated[str, typer.Option(help="Name of the run.")] = "",
    private: Annotated[  # noqa: FBT002
        bool, typer.Option("--private", help="Hide it from all but its owner and administrators.")
    ] = False,
    json_file: Annotated[str, typer.Option("--json", help="Where the result goes.")] = "",
) -> None:
    """Train on a data set and rank its channels. The last line of output is the run's id."""
    if json_file:
        check_writable(Path(json_file))
    with closing(open_lab()) as lab:
        if from_file:
            _refuse_beside(ctx)
            spec = lab.reports.spec_from(read_text(Path(from_file)), dataset)
            spec = replace(spec, title=title or spec.title)
            _carry_out(lab, spec, json_file, private=private)
            return
        if not dataset:
            raise RunError(NOTHING)
        spec = lab.draft(dataset, preset, split_of(split))
        spec = with_model(spec, model, weights, options_of(model_option or ()))
        if zero_pixels:
            spec = with_zero_pixels(spec, zero_pixels)
        if methods:
            names = [name.strip() for name in methods.split(",") if name.strip()]
            spec = replace(spec, methods=tuple(parse_method(name) for name in names))
        if repeats:
            spec = replace(spec, repeats=repeats_of(repeats))
        spec = with_evidence(spec, decoys=decoys, redundancy=redundancy)
        spec = replace(
            spec,
            gates=gates,
            leakage=leakage,
            leave_out=groups_of(spec.panel, leave_out or ()),
            seed=seed,
            n_folds=folds or spec.n_folds,
            title=title or spec.title,
        )
        _carry_out(lab, spec, json_file, private=private)


def _refuse_beside(ctx: typer.Context) -> None:
    """Raise RunError for settings beside ``--from``, whose file has them all."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    typed = [name for name, one in sources.items() if one is not None and one.name == TYPED]
    given = [name for name in typed if name not in MAY_STAND_BESIDE]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        message = f"{options} beside --from: the file has every setting; leave it out"
        raise RunError(message)


def read_text(file: Path) -> str:
    """Return the text of a small file. Raises StoreError when it cannot be read."""
    try:
        if file.stat().st_size > LARGEST:
            message = f"{file} has more than {LARGEST:,} bytes; give the recreate.json of a report"
            raise StoreError(message)
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise StoreError(message) from error


def _carry_out(lab: Lab, spec: RunSpec, json_file: str, *, private: bool) -> None:
    """Run a spec to its end and tell what it found; one that cannot run is refused first."""
    lab.check(spec)
    estimate = lab.estimate(spec)
    for note in estimate.notes:
        ERR.print(text(f"note: {note}"))
    steps = f"{count(estimate.tasks, 'step')}, {estimate.cached} of them already there"
    ERR.print(text(f"{steps}: {about(estimate.seconds)} on this host"))
    run_id = follow(lab, spec, private=private)
    for part in result_parts(lab.result(run_id)):
        OUT.print(part)
    OUT.print(run_id)
    if json_file:
        write_json(lab, run_id, Path(json_file))


def follow(lab: Lab, spec: RunSpec, *, private: bool = False) -> str:
    """Return the id of a run that was submitted and is finished."""
    run_id = lab.submit(spec, private=private)
    ERR.print(text(f"run {run_id}"))
    Following(lab, run_id).to_the_end()
    return run_id


def check_writable(file: Path) -> None:
    """Raise StoreError, before hours of work, when a file could not be written there."""
    folder = file.parent
    if not folder.is_dir():
        found = f"there is no folder {folder}"
    elif file.is_dir():
        found = "it is a folder"
    elif not os.access(file if file.exists() else folder, os.W_OK):
        found = f"no leave to write {'to it' if file.exists() else f'into {folder}'}"
    else:
        return
    message = f"--json {file} cannot be written: {found}; give a file in a folder you may write to"
    raise StoreError(message)


def write_json(lab: Lab, run_id: str, file: Path) -> None:
    """Write a finished run's JSON. Raises StoreError when the file cannot be written."""
    told = json.dumps(lab.run_json(run_id), indent=2, allow_nan=False, ensure_ascii=False)
    try:
        file.write_text(told + "\n", encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}"
        raise StoreError(message) from error
