"""Settings of a run within their bounds, checked once, before it is stored."""

from __future__ import annotations

from typing import get_args

from pxcore.data.decoys import DECOYS
from pxcore.errors import MethodError, PanelError, RunError, TrainingError
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.models.model import CHANNEL_DROPOUT
from pxcore.runs.choices import canonical
from pxcore.runs.method_names import method_name
from pxcore.types import (
    Dataset,
    MaskKind,
    MethodSpec,
    ModelSpec,
    Role,
    RunSpec,
    Split,
    TrainingParams,
)

FOLDS, MOST_FOLDS = "the number of folds", 50
OPTIMISERS = ("adamw", "adam_amsgrad")
IN_CELL = "pxpermute_mask"
"""The method that must know where the cell is."""


def check_settings(spec: RunSpec, most_folds: int = MOST_FOLDS) -> None:
    """Raise PanelError, RunError or TrainingError for a setting that makes no sense.

    ``most_folds``: what the cells allow, told where the number of folds makes no sense.
    """
    _channels(spec)
    bounds: tuple[tuple[str, float, float, float], ...] = (
        (FOLDS, spec.n_folds, 2, MOST_FOLDS),
        ("the number of starts (seeds)", spec.seeds, 1, 50),
        ("the number of repeats", 1 if spec.repeats is None else spec.repeats, 1, 100_000),
        ("the largest number of repeats", spec.max_repeats, 1, 100_000),
        ("the seed", spec.seed, 0, 2**63 - 1),
        ("the priority", spec.priority, -100, 100),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            most = min(high, max(2, most_folds)) if name == FOLDS else high
            message = f"{name} is {value}; give a number from {low} to {most}"
            raise RunError(message)
    if spec.split not in get_args(Split):
        message = f"the split is by {spec.split!r}; expected {' or '.join(get_args(Split))}"
        raise RunError(message)
    _training(spec.training)
    _decoys(spec)
    _left_out(spec)


def check_model(model: ModelSpec) -> None:
    """Raise TrainingError for a model that is not there or lacks a setting that is asked of it."""
    options = dict(model.options)
    dropout = options.pop(CHANNEL_DROPOUT, False)
    if not isinstance(dropout, bool):
        message = f"setting {CHANNEL_DROPOUT} is {dropout!r}; expected true or false"
        raise TrainingError(message)
    MODELS[model.id].check(tuple(options.items()))


def check_methods(spec: RunSpec) -> None:
    """Raise MethodError unless every method is there, once, and fits model and channels."""
    if not spec.methods:
        message = "the run has no ranking method; choose at least one"
        raise MethodError(message)
    methods = [canonical(method) for method in spec.methods]
    if len(set(methods)) < len(methods):
        names = ", ".join(method_name(method) for method in spec.methods)
        message = f"a method is chosen twice with the same settings: {names}"
        raise MethodError(message)
    for method in methods:
        _fits(spec, method)


def check_leakage(spec: RunSpec, dataset: Dataset) -> None:
    """Raise RunError where no leakage gap can be measured."""
    if not spec.leakage:
        return
    if not dataset.has_groups:
        message = (
            "the leakage gap compares folds that keep donors apart with folds that do not; data "
            f"set {dataset.title!r} has no known donors: add a group column to its labels, or "
            "leave the gap out"
        )
        raise RunError(message)
    if spec.split != "donor":
        message = (
            "the leakage gap needs a run whose folds keep donors apart, this one splits by cell; "
            "split by donor, or leave the gap out"
        )
        raise RunError(message)


def can_outline(spec: RunSpec) -> bool:
    """Return True when cells have outlines, or a channel that takes part can show them."""
    if spec.mask_kind is MaskKind.CELL:
        return True
    roles = [spec.panel.channels[c].role for c in spec.channels or range(len(spec.panel))]
    return any(role in (Role.BRIGHTFIELD, Role.STAIN, Role.VIABILITY) for role in roles)


def _shown(method: MethodSpec) -> str:
    """Return a method as pages show it: its label, with the settings that are not default."""
    settings = ", ".join(f"{name} = {value}" for name, value in sorted(method.options))
    label = METHODS[method.id].label
    return f"{label} ({settings})" if settings else label


def _fits(spec: RunSpec, method: MethodSpec) -> None:
    entry, name = METHODS[method.id], method_name(method)
    refusal = entry.refusal(MODELS[spec.model.id].as_built(spec.model.options), method.options)
    if refusal:
        message = (
            f"{_shown(method)} cannot explain the model {MODELS[spec.model.id].label}: "
            f"{refusal.rstrip('.')}; leave the method out, or choose another model (under Expert "
            "settings, at a terminal with --model)"
        )
        raise MethodError(message)
    if entry.kind == "retraining" and len(spec.channels or spec.panel.channels) < 2:
        message = (
            f"{name} trains again without each channel, and one channel takes part; choose at "
            "least two channels or leave the method out"
        )
        raise MethodError(message)
    if method.id == IN_CELL and not can_outline(spec):
        message = (
            f"{name} needs the outline of every cell: the cells have none, and no brightfield or "
            "stain takes part to find it in; import the cells with masks, correct the roles, or "
            "leave the method out"
        )
        raise MethodError(message)


def _decoys(spec: RunSpec) -> None:
    for decoy in spec.decoys:
        DECOYS[decoy]
    if len(set(spec.decoys)) < len(spec.decoys):
        message = f"a decoy is chosen twice: {', '.join(spec.decoys)}; choose each once"
        raise RunError(message)


def _left_out(spec: RunSpec) -> None:
    own = spec.channels or tuple(range(len(spec.panel)))
    for group in spec.leave_out:
        if not group or len(set(group)) < len(group) or not set(group) <= set(own):
            message = (
                f"channels {list(group)} are to be left out; expected different positions among "
                f"the run's channels {list(own)}, at least one"
            )
            raise PanelError(message)
        if len(group) == len(own):
            message = (
                f"all {len(own)} channels are to be left out together, which leaves nothing to "
                "train on; keep at least one"
            )
            raise PanelError(message)
    sets = [frozenset(group) for group in spec.leave_out]
    if len(set(sets)) < len(sets):
        message = "the same channels are to be left out twice; name each group once"
        raise PanelError(message)


def _channels(spec: RunSpec) -> None:
    doubled = len(set(spec.channels)) < len(spec.channels)
    outside = [c for c in spec.channels if not 0 <= c < len(spec.panel)]
    if doubled or outside:
        message = (
            f"the run's channels are {spec.channels}; expected different positions from 0 to "
            f"{len(spec.panel) - 1}, or none for all"
        )
        raise PanelError(message)
    if list(spec.channels) != sorted(spec.channels):
        message = f"the run's channels are {spec.channels}; give them in the panel's order"
        raise PanelError(message)


def _training(params: TrainingParams) -> None:
    bounds: tuple[tuple[str, float, float, float], ...] = (
        ("epochs", params.max_epochs, 1, 100_000),
        ("batch size", params.batch_size, 2, 65_536),
        ("learning rate", params.learning_rate, 1e-9, 10.0),
        ("weight decay", params.weight_decay, 0.0, 10.0),
        ("patience of the learning rate", params.plateau_patience, 1, 100_000),
        ("patience before stopping", params.stop_patience, 1, 100_000),
        ("smallest gain that counts", params.stop_delta, 0.0, 1.0),
        ("noise", params.noise, 0.0, 1.0),
        ("low percentile", params.low_percentile, 0.0, 100.0),
        ("high percentile", params.high_percentile, 0.0, 100.0),
        ("factor of the learning rate", params.plateau_factor, 0.01, 1.0),
        ("largest shift in pixels", params.crop, 0, 1024),
        ("starting epochs", params.start_epochs, 0, params.max_epochs - 1),
        ("learning rate of the starting epochs", params.start_rate, 1e-9, 10.0),
        ("share for validation", params.valid_share, 0.01, 0.8),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            message = f"training: {name} is {value:g}; give a number from {low:g} to {high:g}"
            raise TrainingError(message)
    if params.zero_pixels not in ("count", "skip"):
        message = f"training: zero pixels are {params.zero_pixels!r}; give count or skip"
        raise TrainingError(message)
    if params.start_epochs and params.schedule != "plateau":
        message = (
            f"training: {params.start_epochs} starting epochs were asked for with the schedule "
            f"{params.schedule!r}, which has its own start; leave them out, or use plateau"
        )
        raise TrainingError(message)
    if params.crop != int(params.crop):
        message = f"training: largest shift is {params.crop} pixels; give a whole number"
        raise TrainingError(message)
    if params.optimiser not in OPTIMISERS:
        known = " or ".join(OPTIMISERS)
        message = f"training: optimiser is {params.optimiser!r}; give {known}"
        raise TrainingError(message)
    if params.low_percentile >= params.high_percentile:
        message = (
            f"training: the low percentile is {params.low_percentile:g}, the high one "
            f"{params.high_percentile:g}; the low one must be smaller"
        )
        raise TrainingError(message)
