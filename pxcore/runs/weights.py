"""Weights a training may start from: what is in the lab's folder, and what could be."""

from __future__ import annotations

from pxcore.errors import TrainingError
from pxcore.models import MODELS
from pxcore.models.weights import weights_files
from pxcore.store.home import Store
from pxcore.types import ModelSpec, WeightsChoice


def weights_choices(store: Store, model: ModelSpec) -> tuple[WeightsChoice, ...]:
    """Return random weights, the model's published ones, and every file of the weights folder.

    Nothing is downloaded. Settings decide too: published weights fit the published width alone.
    Raises TrainingError for an unknown model or setting.
    """
    built, names = MODELS[model.id].as_built(model.options), weights_files(store.weights)
    published = built.imagenet
    found = [WeightsChoice(word="random", label="random", note="Needs no file.")]
    if published is not None:
        here = published.name in names
        note = (
            f"{published.name} is in {store.weights}."
            if here
            else f"Put {published.name} into {store.weights}, or start the run once from the "
            "command line with --weights imagenet, which fetches it."
        )
        label = "ImageNet" if here else "ImageNet (not on this host)"
        found.append(WeightsChoice(word="imagenet", label=label, note=note, here=here))
    own = f"From {store.weights}; its layers must be those of this model."
    found += [
        WeightsChoice(word=f"file:{name}", label=name, note=own)
        for name in names
        if published is None or name != published.name
    ]
    return tuple(found)


def require_weights(store: Store, model: ModelSpec) -> None:
    """Raise TrainingError unless the weights are on this host, with where to put them."""
    known = {choice.word: choice for choice in weights_choices(store, model)}
    choice = known.get(model.weights)
    if choice is None:
        message = (
            f"weights {model.weights!r} are not in {store.weights}; there is {', '.join(known)}"
        )
        raise TrainingError(message)
    if not choice.here:
        message = (
            f"ImageNet weights are not on this host, and a page downloads nothing. {choice.note} "
            "Or choose random weights under Expert settings"
        )
        raise TrainingError(message)
