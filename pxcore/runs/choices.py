"""The tables of models, methods, decoys and formats as a page offers them; none loads torch."""

from __future__ import annotations

from dataclasses import replace

from pxcore.data.decoys import DECOYS
from pxcore.data.importers import IMPORTERS
from pxcore.errors import RunError
from pxcore.importance.method import choices as options_of
from pxcore.importance.methods import METHODS
from pxcore.models import MODELS
from pxcore.models.model import CHANNEL_DROPOUT
from pxcore.types import Choice, MethodSpec, ModelSpec


def choices(kind: str, *, device: str = "") -> tuple[Choice, ...]:
    """Return the entries of one table. Raises RunError for a kind there is not.

    ``device``: that computes; where it is not ``cuda``, large models begin narrow.
    """
    tables = {
        "model": lambda: _models(device),
        "method": _methods,
        "decoy": _decoys,
        "format": _formats,
    }
    if kind not in tables:
        message = f"there is no table of {kind!r}; there is {', '.join(tables)}"
        raise RunError(message)
    return tables[kind]()


def canonical(method: MethodSpec) -> MethodSpec:
    """Return the one spec of a method: without the settings that are its defaults, sorted.

    Raises MethodError unless the method is there and takes these settings.

    >>> canonical(MethodSpec(id="occlusion", options=(("fill", "zero"),)))
    MethodSpec(id='occlusion', options=())
    """
    options = METHODS[method.id].options
    usual = options_of(options, ())
    chosen = options_of(options, method.options)
    differing = ((name, value) for name, value in chosen.items() if value != usual[name])
    return MethodSpec(id=method.id, options=tuple(sorted(differing)))


def canonical_model(model: ModelSpec) -> ModelSpec:
    """Return the one spec of a model: without the settings that are its defaults, sorted.

    >>> canonical_model(ModelSpec(id="small_cnn", options=(("channel_dropout", False),)))
    ModelSpec(id='small_cnn', weights='random', weights_sha256='', options=())
    """
    usual = MODELS[model.id].defaults | {CHANNEL_DROPOUT: False}
    differing = [one for one in model.options if one[0] not in usual or usual[one[0]] != one[1]]
    return replace(model, options=tuple(sorted(differing)))


def check_method(method: MethodSpec) -> None:
    """Raise MethodError unless the method is there and takes these settings."""
    canonical(method)


def method_label(method: MethodSpec) -> str:
    """Return a method's name for people, with its settings."""
    settings = ", ".join(f"{name} {value}" for name, value in method.options)
    label = METHODS[method.id].label
    return f"{label} ({settings})" if settings else label


def _models(device: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            kind="model",
            id=model.id,
            label=model.label,
            summary=model.summary,
            options=(
                *((name, (str(value),)) for name, value in model.options),
                *((one.name, one.choices) for one in model.words),
            ),
            begins=() if device == "cuda" else model.on_processor,
        )
        for model in MODELS.values()
    )


def _methods() -> tuple[Choice, ...]:
    return tuple(
        Choice(
            kind="method",
            id=method.id,
            label=method.label,
            summary=method.summary,
            unit=method.unit,
            options=tuple((option.name, option.choices) for option in method.options),
            way=method.kind,
            needs_dropout=method.needs_dropout,
        )
        for method in METHODS.values()
    )


def _decoys() -> tuple[Choice, ...]:
    return tuple(
        Choice(kind="decoy", id=one.id, label=one.label, summary=one.summary)
        for one in DECOYS.values()
    )


def _formats() -> tuple[Choice, ...]:
    """Return the formats of files; generators such as the demo are not chosen by format."""
    return tuple(
        Choice(kind="format", id=one.id, label=one.label, summary=one.summary)
        for one in IMPORTERS.values()
        if one.untrusted
    )
