"""The options of ``run``, as typed on the command line, and the spec that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from pxcore.api import Lab
from pxcore.commands.spec_options import (
    groups_of,
    options_of,
    repeats_of,
    split_of,
    with_evidence,
    with_model,
    with_zero_pixels,
)
from pxcore.runs.method_names import parse_method
from pxcore.types import RunSpec

DatasetId = Annotated[str, typer.Argument(help="Id of a data set.")]
FromFile = Annotated[
    str, typer.Option("--from", help="Make a run anew: recreate.json of a report.")
]
Preset = Annotated[
    str, typer.Option(help="fast, standard, paper or multiplexed; empty: what suits the cells.")
]
Model = Annotated[str, typer.Option(help="Such as resnet18 or channel_embedding.")]
ModelOption = Annotated[
    list[str] | None, typer.Option(help="A setting of the model, such as width=16.")
]
Weights = Annotated[str, typer.Option(help="random, imagenet or file:NAME.")]
Epochs = Annotated[int, typer.Option(help="Epochs at most; 0 takes the preset's.", min=0)]
Methods = Annotated[str, typer.Option(help="Such as pxpermute,occlusion:fill=mean.")]
Folds = Annotated[int, typer.Option(help="Folds; 0 takes the preset's.")]
By = Annotated[
    str, typer.Option(help="donor, or cell: cells of a donor on both sides, scores too good.")
]
Repeats = Annotated[str, typer.Option(help="auto, or a number.")]
ZeroPixels = Annotated[
    str, typer.Option(help="count, or skip: upper percentile of pixels that are not 0.")
]
Decoys = Annotated[bool | None, typer.Option(help="Rank made channels too: what zero looks like.")]
Redundancy = Annotated[bool | None, typer.Option(help="Find channels that say the same.")]
Gates = Annotated[bool, typer.Option("--gates", help="Check the methods' sanity.")]
Leakage = Annotated[bool, typer.Option("--leakage", help="Train by cell too: what donors leak.")]
LeaveOut = Annotated[list[str] | None, typer.Option(help="Train again without, such as CD3,CD19.")]
Seed = Annotated[int, typer.Option(help="Of every random draw.")]
Title = Annotated[str, typer.Option(help="Name of the run.")]
Private = Annotated[
    bool, typer.Option("--private", help="Hide it from all but its owner and administrators.")
]
JsonFile = Annotated[str, typer.Option("--json", help="Where the result goes.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: words that are empty, numbers that are 0 and None keep the preset's."""

    preset: str = ""
    split: str = "donor"
    model: str = ""
    model_option: tuple[str, ...] = ()
    weights: str = ""
    epochs: int = 0
    zero_pixels: str = ""
    methods: str = ""
    repeats: str = ""
    folds: int = 0
    decoys: bool | None = None
    redundancy: bool | None = None
    gates: bool = False
    leakage: bool = False
    leave_out: tuple[str, ...] = ()
    seed: int = 0
    title: str = ""


def drafted(lab: Lab, dataset: str, asked: Asked) -> RunSpec:
    """Return the spec of a preset with what was asked for instead. Raises a PxError."""
    spec = lab.draft(dataset, asked.preset, split_of(asked.split))
    begins = {one.id: one.begins for one in lab.choices("model")}
    options = options_of(asked.model_option)
    spec = with_model(spec, asked.model, asked.weights, options, begins.get(asked.model, ()))
    if asked.zero_pixels:
        spec = with_zero_pixels(spec, asked.zero_pixels)
    if asked.epochs:
        spec = replace(spec, training=replace(spec.training, max_epochs=asked.epochs))
    if asked.methods:
        names = [name.strip() for name in asked.methods.split(",") if name.strip()]
        spec = replace(spec, methods=tuple(parse_method(name) for name in names))
    if asked.repeats:
        spec = replace(spec, repeats=repeats_of(asked.repeats))
    spec = with_evidence(spec, decoys=asked.decoys, redundancy=asked.redundancy)
    return replace(
        spec,
        gates=asked.gates,
        leakage=asked.leakage,
        leave_out=groups_of(spec.panel, asked.leave_out),
        seed=asked.seed,
        n_folds=asked.folds or spec.n_folds,
        title=asked.title or spec.title,
    )
