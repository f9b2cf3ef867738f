"""``run``: train and rank, in the foreground."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import typer

from pxcore.api import Lab, open_lab
from pxcore.commands import cluster as clusters
from pxcore.commands import run_options as take
from pxcore.commands.files import check_writable, read_text, write_json
from pxcore.commands.following import Following
from pxcore.commands.terminal import ERR, OUT, result_parts, text
from pxcore.errors import RunError
from pxcore.plots.numbers import about, count
from pxcore.types import RunSpec

NOTHING = "give the id of a data set, or --from with the recreate.json of a report"
MAY_STAND_BESIDE = ("dataset", "from_file", "title", "json_file", "private")
TYPED = "COMMANDLINE"


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: typer.Context,
    dataset: take.DatasetId = "",
    from_file: take.FromFile = "",
    preset: take.Preset = "",
    model: take.Model = "",
    model_option: take.ModelOption = None,
    weights: take.Weights = "",
    epochs: take.Epochs = 0,
    methods: take.Methods = "",
    folds: take.Folds = 0,
    split: take.By = "donor",
    repeats: take.Repeats = "",
    zero_pixels: take.ZeroPixels = "",
    decoys: take.Decoys = None,
    redundancy: take.Redundancy = None,
    gates: take.Gates = False,  # noqa: FBT002
    leakage: take.Leakage = False,  # noqa: FBT002
    leave_out: take.LeaveOut = None,
    seed: take.Seed = 0,
    title: take.Title = "",
    private: take.Private = False,  # noqa: FBT002
    json_file: take.JsonFile = "",
) -> None:
    """Train on a data set and rank its channels. The last line of output is the run's id."""
    asked = take.Asked(
        preset=preset, model=model, model_option=tuple(model_option or ()), weights=weights,
        epochs=epochs, methods=methods, folds=folds, split=split, repeats=repeats,
        zero_pixels=zero_pixels, decoys=decoys, redundancy=redundancy, gates=gates,
        leakage=leakage, leave_out=tuple(leave_out or ()), seed=seed, title=title,
    )  # fmt: skip
    if from_file:
        _refuse_beside(ctx)
    elif not dataset:
        raise RunError(NOTHING)
    if json_file:
        check_writable(Path(json_file))
    with closing(open_lab()) as lab:
        spec = _again(lab, from_file, dataset, title) if from_file else None
        if spec is not None and spec.clusters is not None:
            clusters.carry_out(lab, spec.clusters, json_file, private=private)
            return
        _carry_out(lab, spec or take.drafted(lab, dataset, asked), json_file, private=private)


def _again(lab: Lab, file: str, dataset: str, title: str) -> RunSpec:
    """Return the spec of a report's file, under another title where one is given."""
    spec = lab.reports.spec_from(read_text(Path(file)), dataset)
    title = title or spec.title
    ask = spec.clusters and replace(spec.clusters, title=title)
    return replace(spec, title=title, clusters=ask)


def _refuse_beside(ctx: typer.Context) -> None:
    """Raise RunError for settings beside ``--from``, whose file has them all."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    typed = [name for name, one in sources.items() if one is not None and one.name == TYPED]
    given = [name for name in typed if name not in MAY_STAND_BESIDE]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        message = f"{options} beside --from: the file has every setting; leave it out"
        raise RunError(message)


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
        write_json(lab.exports.json(run_id), Path(json_file))


def follow(lab: Lab, spec: RunSpec, *, private: bool = False) -> str:
    """Return the id of a run that was submitted and is finished."""
    run_id = lab.submit(spec, private=private)
    ERR.print(text(f"run {run_id}"))
    Following(lab, run_id).to_the_end()
    return run_id
