"""From words on the command line to settings of a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast, get_args

from pxcore.errors import RunError
from pxcore.runs.presets import BOTH_DECOYS
from pxcore.types import ModelSpec, Panel, RunSpec, Split

Option = tuple[str, str | int | float | bool]


def with_model(
    spec: RunSpec,
    model: str,
    weights: str,
    options: tuple[Option, ...] = (),
    begins: tuple[Option, ...] = (),
) -> RunSpec:
    """Return the spec with another model, weights or settings; empty keeps the preset's.

    ``begins``: what another model begins with on this host, unless it starts from published
    weights, which fit the published network alone. Settings given stand beside those there are.
    """
    chosen = spec.model
    if model and model != chosen.id:
        chosen = ModelSpec(id=model, options=() if weights == "imagenet" else begins)
    merged = dict(chosen.options) | dict(options)
    chosen = replace(chosen, options=tuple(merged.items()))
    return replace(spec, model=replace(chosen, weights=weights or chosen.weights))


def with_evidence(spec: RunSpec, *, decoys: bool | None, redundancy: bool | None) -> RunSpec:
    """Return the spec with or without decoys and redundancy; None keeps the preset's."""
    if decoys is not None:
        spec = replace(spec, decoys=BOTH_DECOYS if decoys else ())
    return spec if redundancy is None else replace(spec, redundancy=redundancy)


def with_zero_pixels(spec: RunSpec, words: str) -> RunSpec:
    """Return the spec whose percentiles count zero pixels or skip them. Raises RunError."""
    if words not in ("count", "skip"):
        message = f"--zero-pixels is {words!r}; give count or skip"
        raise RunError(message)
    return replace(
        spec, training=replace(spec.training, zero_pixels="skip" if words == "skip" else "count")
    )


def groups_of(panel: Panel, words: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the positions of groups of channels given by name, such as ``CD3,CD19``.

    Raises PanelError for a name that is not in the panel.
    """
    return tuple(_group(panel, group) for group in words)


def options_of(words: Sequence[str]) -> tuple[Option, ...]:
    """Return settings such as ``width=16`` or ``channel_dropout=true`` as numbers or truth.

    Raises RunError for one without a value.

    >>> options_of(["width=16", "channel_dropout=true", "a=0.5"])
    (('width', 16), ('channel_dropout', True), ('a', 0.5))
    """
    options = []
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            message = f"--model-option is {word!r}; give a name and a value such as width=16"
            raise RunError(message)
        options.append((name.strip(), _value(value.strip())))
    return tuple(options)


def split_of(words: str) -> Split:
    """Return how folds are split. Raises RunError for a word that is neither."""
    for known in get_args(Split):
        if words == known:
            return cast(Split, known)
    message = f"--split is {words!r}; give donor or cell"
    raise RunError(message)


def repeats_of(words: str) -> int | None:
    """Return the number of repeats, None for auto. Raises RunError for anything else."""
    if words == "auto":
        return None
    if not words.isdecimal():
        message = f"--repeats is {words!r}; give auto or a number such as 20"
        raise RunError(message)
    return int(words)


def _group(panel: Panel, words: str) -> tuple[int, ...]:
    """Return the channels of one group; a whole name may hold commas itself."""
    names = [words] if words in panel.names else [name.strip() for name in words.split(",")]
    return tuple(panel.index(name) for name in names)


def _value(word: str) -> str | int | float | bool:
    if word in ("true", "false"):
        return word == "true"
    with suppress(ValueError):
        return int(word)
    with suppress(ValueError):
        return float(word)
    return word
