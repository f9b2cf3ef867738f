"""``run``: train and rank, in the foreground."""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands.following import Following
from pxcore.commands.terminal import ERR, OUT, ranking_tables, text
from pxcore.errors import RunError, StoreError
from pxcore.runs.method_names import parse_method
from pxcore.types import ModelSpec, RunSpec, Split


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    dataset: Annotated[str, typer.Argument(help="Id of a data set.")],
    preset: Annotated[str, typer.Option(help="fast, standard or paper.")] = "fast",
    model: Annotated[str, typer.Option(help="small_cnn or resnet18.")] = "",
    weights: Annotated[str, typer.Option(help="random, imagenet or file:NAME.")] = "",
    methods: Annotated[str, typer.Option(help="Such as pxpermute,occlusion:fill=mean.")] = "",
    folds: Annotated[int, typer.Option(help="Folds; 0 takes the preset's.")] = 0,
    split: Annotated[
        str,
        typer.Option(help="donor, or cell: cells of a donor on both sides, scores too good."),
    ] = "donor",
    repeats: Annotated[str, typer.Option(help="auto, or a number.")] = "",
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 0,
    title: Annotated[str, typer.Option(help="Name of the run.")] = "",
    json_file: Annotated[str, typer.Option("--json", help="Where the result goes.")] = "",
) -> None:
    """Train on a data set and rank its channels. The last line of output is the run's id."""
    if json_file:
        check_writable(Path(json_file))
    with closing(open_lab()) as lab:
        spec = lab.draft(dataset, preset, _split(split))
        spec = with_model(spec, model, weights)
        if methods:
            names = [name.strip() for name in methods.split(",") if name.strip()]
            spec = replace(spec, methods=tuple(parse_method(name) for name in names))
        if repeats:
            spec = replace(spec, repeats=_repeats(repeats))
        spec = replace(spec, seed=seed, n_folds=folds or spec.n_folds, title=title or spec.title)
        for note in lab.estimate(spec).notes:
            ERR.print(text(f"note: {note}"))
        run_id = follow(lab, spec)
        for table in ranking_tables(lab.result(run_id)):
            OUT.print(table)
        OUT.print(run_id)
        if json_file:
            write_json(lab, run_id, Path(json_file))


def follow(lab: Lab, spec: RunSpec) -> str:
    """Return the id of a run that was submitted and is finished."""
    run_id = lab.submit(spec)
    ERR.print(text(f"run {run_id}"))
    Following(lab, run_id).to_the_end()
    return run_id


def with_model(spec: RunSpec, model: str, weights: str) -> RunSpec:
    """Return the spec with another model or other weights; empty keeps the preset's."""
    if model and model != spec.model.id:
        spec = replace(spec, model=ModelSpec(id=model))
    return replace(spec, model=replace(spec.model, weights=weights)) if weights else spec


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


def _split(words: str) -> Split:
    for known in get_args(Split):
        if words == known:
            return cast(Split, known)
    message = f"--split is {words!r}; give donor or cell"
    raise RunError(message)


def _repeats(words: str) -> int | None:
    if words == "auto":
        return None
    if not words.isdecimal():
        message = f"--repeats is {words!r}; give auto or a number such as 20"
        raise RunError(message)
    return int(words)
