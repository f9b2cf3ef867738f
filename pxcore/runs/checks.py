"""Settings of a run within their bounds, checked once, before it is stored."""

from __future__ import annotations

from typing import get_args

from pxcore.errors import PanelError, RunError, TrainingError
from pxcore.types import RunSpec, Split, TrainingParams


def check_settings(spec: RunSpec) -> None:
    """Raise PanelError, RunError or TrainingError for a setting that makes no sense."""
    _channels(spec)
    bounds: tuple[tuple[str, float, float, float], ...] = (
        ("the number of folds", spec.n_folds, 2, 50),
        ("the number of starts (seeds)", spec.seeds, 1, 50),
        ("the number of repeats", 1 if spec.repeats is None else spec.repeats, 1, 100_000),
        ("the largest number of repeats", spec.max_repeats, 1, 100_000),
        ("the seed", spec.seed, 0, 2**63 - 1),
        ("the priority", spec.priority, -100, 100),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            message = f"{name} is {value}; give a number from {low} to {high}"
            raise RunError(message)
    if spec.split not in get_args(Split):
        message = f"the split is by {spec.split!r}; expected {' or '.join(get_args(Split))}"
        raise RunError(message)
    _training(spec.training)


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
        ("share for validation", params.valid_share, 0.01, 0.8),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            message = f"training: {name} is {value:g}; give a number from {low:g} to {high:g}"
            raise TrainingError(message)
    if params.low_percentile >= params.high_percentile:
        message = (
            f"training: the low percentile is {params.low_percentile:g}, the high one "
            f"{params.high_percentile:g}; the low one must be smaller"
        )
        raise TrainingError(message)
