"""What a person should know before a run is started, in plain sentences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pxcore.data.annotation import Annotation
from pxcore.data.decoys import DECOYS
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.runs.galleries import annotation_of
from pxcore.runs.presets import PRESETS, PresetEntry
from pxcore.runs.splits import TOO_GOOD, donors_of, most_folds, without_donor
from pxcore.store.home import Store
from pxcore.training.intervals import student_t
from pxcore.types import Array, Dataset, RunSpec

FEW_CELLS = 30
"""A class with fewer held-out cells in a fold says little."""
FEW_TRAININGS = 4
"""Fewer decide hardly anything, as Student's factor is so large."""
RECOMMENDED_FOLDS = 5
RANDOM = "random weights"


def notes_of(store: Store, spec: RunSpec, dataset: Dataset) -> list[str]:
    """Return what a person should know before a run is started, in plain sentences."""
    annotation, entry = annotation_of(store, dataset), entry_of(spec)
    notes = _weights_notes(store, spec, entry)
    possible = most_folds(annotation, spec.split)
    if entry is not None and possible == spec.n_folds < entry.n_folds:  # not a person's choice
        notes.append(
            f"{spec.n_folds} folds instead of {entry.n_folds}: classes and donors allow no more."
        )
    if dataset.has_groups and spec.split == "cell":
        notes.append(f"Folds are split cell by cell: {TOO_GOOD}.")
    elif dataset.has_groups:
        notes.append(
            f"Folds keep the {len(dataset.groups)} donors or samples apart: none is trained on "
            "and tested on."
        )
    unknown = without_donor(annotation, spec.split)
    if unknown:
        notes.append(
            f"{unknown} of {dataset.n_labelled} labelled cells take no part: their donor or sample "
            "is not known, so they could be on both sides."
        )
    few = _rare(annotation, spec)
    if few:
        notes.append(
            f"Fewer than {FEW_CELLS} held-out cells in a fold of {', '.join(few)}: the scores of "
            "one fold say little there."
        )
    if spec.question is not None:  # decoys and further trainings are the asked run's, and there
        return [*_too_few(spec), *notes]
    return [*_too_few(spec), *notes, *_decoy_notes(spec), *_training_notes(spec)]


def departs(spec: RunSpec, entry: PresetEntry | None) -> bool:
    """Return True when a protocol that demands ImageNet weights is to start from random ones."""
    if entry is None or entry.may_start_random or entry.model.weights != "imagenet":
        return False
    return spec.model.weights == "random"


def entry_of(spec: RunSpec) -> PresetEntry | None:
    """Return the preset that a spec came from, or None for one that is not there."""
    known = spec.preset in PRESETS  # a Registry raises its own error, which get() lets through
    return PRESETS[spec.preset] if known else None


def weights_here(store: Store, spec: RunSpec) -> bool:
    """Return True when the weights file that a run starts from is on this host."""
    published = MODELS[spec.model.id].imagenet
    if spec.model.weights == "imagenet":
        return published is not None and (store.weights / published.name).is_file()
    name = spec.model.weights.removeprefix("file:")
    return (store.weights / name).is_file()


def _too_few(spec: RunSpec) -> list[str]:
    """Return how wide intervals will be where there are few trainings.

    As ``corrected_interval`` has it, with test parts that are 1 / folds of the cells.
    """
    number = spec.n_folds * spec.seeds
    if not 2 <= number < FEW_TRAININGS or spec.n_folds < 2:
        return []
    spread = math.sqrt(1 / number + 1 / (spec.n_folds - 1))
    half = student_t(0.975, number - 1) * spread
    few = "hardly any channel" if number == 2 else "few channels"
    return [
        f"With {spec.n_folds} folds a 95 % interval reaches about {half:.0f} standard deviations "
        f"to each side: {few} can be decided. {RECOMMENDED_FOLDS} folds are recommended."
    ]


def _decoy_notes(spec: RunSpec) -> list[str]:
    """Return what the decoys are."""
    if not spec.decoys:
        return []
    told = [DECOYS[decoy] for decoy in spec.decoys]
    kinds = "; ".join(f"{one.channel_name} ({_small(one.summary)})" for one in told)
    how_many = "A decoy channel is" if len(told) == 1 else f"{len(told)} decoy channels are"
    return [
        f"{how_many} made and ranked like the others, to show what zero looks like: {kinds}. A "
        "channel counts as informative only above them."
    ]


def _training_notes(spec: RunSpec) -> list[str]:
    """Return which trainings come on top of one for each fold and start."""
    own = spec.n_folds * spec.seeds
    notes = []
    seen = len(spec.channels or spec.panel.channels) + len(spec.decoys)
    plain = any(not METHODS[one.id].needs_dropout for one in spec.methods) or spec.redundancy
    for method in spec.methods:
        entry = METHODS[method.id]
        if entry.kind == "retraining":
            notes.append(
                f"{entry.label} trains again without each of {seen} channels: {seen * own} more "
                "trainings."
            )
    dropping = [METHODS[one.id].label for one in spec.methods if METHODS[one.id].needs_dropout]
    if dropping and plain:
        notes.append(
            f"{dropping[0]} asks models trained with channels missing at random: {own} more "
            "trainings."
        )
    if spec.leakage:
        notes.append(f"The leakage gap takes {own} more trainings, with folds dealt by cell.")
    if spec.leave_out:
        groups = len(spec.leave_out)
        notes.append(
            f"Training without {groups} group{'s' if groups > 1 else ''} of channels takes "
            f"{groups * own} more trainings."
        )
    return notes


def _small(sentence: str) -> str:
    """Return a sentence as a part of another one."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _weights_notes(store: Store, spec: RunSpec, entry: PresetEntry | None) -> list[str]:
    published = MODELS[spec.model.id].imagenet
    if published is None or entry is None or entry.model.weights != "imagenet":
        return []
    put = f"put {published.name} into {store.weights}"
    if departs(spec, entry):
        return [f"Not as published: this run starts from {RANDOM} instead of ImageNet's."]
    if weights_here(store, replace(spec, model=replace(spec.model, weights="imagenet"))):
        return []
    if spec.model.weights == "random":
        return [
            f"ImageNet weights are not on this host: training starts from {RANDOM}. To have "
            f"them, {put}, or say --weights imagenet on the command line, which fetches it."
        ]
    return [
        "ImageNet weights are not on this host: they are downloaded when the run is started. "
        f"Without a network, {put}."
    ]


def _rare(annotation: Annotation, spec: RunSpec) -> list[str]:
    """Return the classes with few held-out cells in a fold, of the cells that take part."""
    donors: Array | None = donors_of(annotation, spec.split)
    part = (annotation.labels >= 0) & (True if donors is None else donors >= 0)
    counts = np.bincount(annotation.labels[part], minlength=len(annotation.classes))
    return [
        name
        for name, count in zip(annotation.classes, counts, strict=True)
        if count < FEW_CELLS * spec.n_folds
    ]
