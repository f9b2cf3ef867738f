"""The methods paragraph of a run, for a paper: from its settings, not from memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pxcore import __version__
from pxcore.plots.numbers import count, listed
from pxcore.plots.text import one_line
from pxcore.reports.citations import INTERVALS, METHODS, MODELS
from pxcore.types import MethodResult, RunResult, RunSpec

__all__ = ["cited", "data_said", "run_methods"]

_SCHEDULES = {
    "plateau": "multiplying the learning rate by {factor:g} when validation F1 stalled",
    "one_cycle": "a one-cycle learning rate",
}
_OPTIMISERS = {"adamw": "AdamW", "adam_amsgrad": "Adam (AMSGrad, L2 penalty)"}
_KEPT = {
    "best": "the epoch with the best validation F1-macro was kept",
    "last": "the last epoch was kept",
}
_BALANCE = {
    "none": "classes as they were",
    "oversample": "smaller classes oversampled",
    "weights": "the loss weighted by the inverse root of class counts",
}


def run_methods(found: RunResult, then: Sequence[str] = (), sources: Sequence[str] = ()) -> str:
    """Return what was done in a run, with versions, seeds, the data's fingerprint and citations.

    Parameters
    ----------
    then
        Sentences on what was done further.
    sources
        What to cite for that.
    """
    spec, told = found.spec, dict(found.details)
    parts = [
        f"{data_said(found)} were analysed with pxcore {__version__}{_versions(told)}.",
        _model(spec),
        _training(spec),
        _folds(found),
        f"Channel importance was measured by {listed([_method(one) for one in found.methods])}.",
        *_beside(found),
        "Intervals are 95 % intervals of the mean over trainings, corrected for shared training "
        "cells (Nadeau and Bengio 2003).",
        f"Random seed: {spec.seed}. Device: {told.get('Trained on', 'not noted')}.",
        *then,
        cited([*_sources(found), *sources]),
    ]
    return " ".join(part for part in parts if part)


def data_said(found: RunResult) -> str:
    """Return the data set with its size and fingerprint, the beginning of a sentence."""
    dataset = found.dataset
    labelled = dataset.n_labelled
    cells = f"{labelled:,} labelled of {count(dataset.n_cells, 'cell')}"
    if labelled == dataset.n_cells:
        cells = count(dataset.n_cells, "cell")
    donors = f", {count(len(dataset.groups), 'donor or sample', 'donors or samples')}"
    _, height, width = dataset.image_shape
    return (
        f"The {cells} of the data set {one_line(dataset.title)} (fingerprint of pixels and labels "
        f"{dataset.id}; {count(len(found.spec.classes), 'class', 'classes')}: "
        f"{listed([one_line(name, 40) for name in found.spec.classes])}"
        f"{donors if dataset.groups else ''}; {count(len(found.spec.panel), 'channel')} of "
        f"{height} x {width} pixels)"
    )


def cited(sources: Sequence[str]) -> str:
    """Return the references, each once."""
    return f"References: {'; '.join(dict.fromkeys(sources))}." if sources else ""


def _versions(told: Mapping[str, str]) -> str:
    names = {
        name.removeprefix("Version of "): version
        for name, version in told.items()
        if name.startswith("Version of ")
    }
    names.pop("pxcore", None)
    listed_versions = ", ".join(f"{name} {version}" for name, version in names.items())
    return f" ({listed_versions})" if names else ""


def _model(spec: RunSpec) -> str:
    options = ", ".join(f"{name} {value}" for name, value in spec.model.options)
    weights = {"random": "random weights", "imagenet": "ImageNet weights"}.get(
        spec.model.weights, f"the weights {one_line(spec.model.weights)}"
    )
    if spec.model.weights_sha256:
        weights += f" (sha256 {spec.model.weights_sha256})"
    own = f" ({options})" if options else ""
    return f"Classifier: {spec.model.id}{own}, from {weights}, settings of preset {spec.preset}."


def _training(spec: RunSpec) -> str:
    how = spec.training
    flips = "flips and " if how.flips else ""
    flips += f"random shifts of up to {how.crop} pixels and " if how.crop else ""
    augmented = f"{flips}Gaussian noise of standard deviation {how.noise:g}"
    zeros = " (the upper one of pixels that are not 0)" if how.zero_pixels == "skip" else ""
    return (
        f"Each channel was scaled so that the percentiles {how.low_percentile:g} and "
        f"{how.high_percentile:g} of the training cells' pixels became 0 and 1{zeros}; training "
        f"with {_OPTIMISERS[how.optimiser]} for at most {count(how.max_epochs, 'epoch')}, batch "
        f"size {how.batch_size}, learning rate {how.learning_rate:g}, weight decay "
        f"{how.weight_decay:g}, {_SCHEDULES[how.schedule].format(factor=how.plateau_factor)}, "
        f"{_BALANCE[how.balance]}, {augmented}; "
        f"{how.valid_share:.0%} of the cells outside the test part were for validation, and "
        f"{_KEPT[how.keep]}."
    )


def _folds(found: RunResult) -> str:
    spec = found.spec
    if not found.dataset.has_groups:
        how = "stratified by class"
    elif spec.split == "donor":
        how = "which kept donors or samples apart"
    else:
        how = "cell by cell, so that cells of one donor were on both sides"
    starts = f", with {count(spec.seeds, 'random start')} each" if spec.seeds > 1 else ""
    folds = count(spec.n_folds, "fold")
    return f"Cells were dealt to {folds}, {how}{starts}; all scores are of held-out cells."


def _method(method: MethodResult) -> str:
    repeats = method.importance.repeats
    most = max(repeats, default=0)
    span = f"{most}" if min(repeats, default=0) == most else f"{min(repeats)} to {most}"
    times = f", {span} repeats" if most > 1 else ""
    return f"{one_line(method.label)} ({one_line(method.importance.unit)}{times})"


def _beside(found: RunResult) -> list[str]:
    """Return what was done beside the rankings."""
    spec, told = found.spec, []
    if spec.decoys:
        told.append(
            f"{count(len(spec.decoys), 'decoy channel')} without any knowledge of the cell "
            f"({', '.join(spec.decoys)}) were trained and ranked beside the real ones; channels "
            "whose interval lay above every decoy's were called informative."
        )
    if found.where is not None:
        told.append(
            "Where a signal lies was told from how much there is by PXPermute inside the cell and "
            "permutation across cells."
        )
    if found.redundancy is not None:
        told.append("Channels that say the same were found by permuting them together.")
    if found.leakage is not None:
        told.append("The same was trained on folds dealt cell by cell to show leakage.")
    if found.left_out:
        told.append("Models were trained again without some channels.")
    return told


def _sources(found: RunResult) -> list[str]:
    methods = [METHODS.get(one.method.partition(":")[0], "") for one in found.methods]
    model = MODELS.get(found.spec.model.id, "")
    return [one for one in (*methods, model, INTERVALS) if one]
