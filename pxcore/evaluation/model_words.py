"""A model in words, by which equal models are known."""

from __future__ import annotations

from pxcore.types import ModelSpec


def model_words(model: ModelSpec) -> str:
    """Return architecture, settings and weights in words.

    >>> model_words(ModelSpec(id="small_cnn", options=(("channel_dropout", True),)))
    'small_cnn, channel_dropout True, random weights'
    """
    options = [f"{name} {value}" for name, value in model.options]
    return ", ".join([model.id, *options, f"{model.weights} weights"])
