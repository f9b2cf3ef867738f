"""The models of the published benchmark, each with the importance that belongs to it."""

from __future__ import annotations

from dataclasses import replace

from pxcore.errors import RunError
from pxcore.models import MODELS
from pxcore.registry import Registry
from pxcore.types import ModelSpec
from pxcore.types.benchmark import BenchmarkEntry

WIDTH = "width"
PUBLISHED_WIDTH = 64


def _entry(id: str, label: str, model: str, method: str, **words: str) -> BenchmarkEntry:
    spec = ModelSpec(id=model, options=tuple(sorted(words.items())))
    return BenchmarkEntry(id=id, label=label, model=spec, method=method)


OWN = "channel_embedding"
ENTRIES = Registry(
    "model of the benchmark",
    [
        _entry("embedding", "Channel embedding", OWN, OWN),
        _entry(
            "embedding_independent",
            "Channel embedding, own encoders",
            OWN,
            OWN,
            encoders="independent",
        ),
        _entry(
            "embedding_r3d_independent",
            "Channel embedding, R3D, own encoders",
            OWN,
            OWN,
            backbone="r3d",
            encoders="independent",
        ),
        _entry("embedding_r3d", "Channel embedding, R3D", OWN, OWN, backbone="r3d"),
        _entry("resnet50", "ResNet50", "resnet50", "input_gradient"),
        _entry("r3d_18", "ResNet3D-18", "r3d_18", "input_gradient"),
        _entry("bsn", "BSN, each channel alone", "bsn", "gradcam_channel"),
    ],
    RunError,
)
"""In the order of the published table, its ablations behind its own system."""


def model_of(entry: BenchmarkEntry, width: int) -> ModelSpec:
    """Return an entry's model at a width; the published one is the default and not named."""
    if width == PUBLISHED_WIDTH:
        return entry.model
    options = tuple(sorted([*entry.model.options, (WIDTH, width)]))
    return replace(entry.model, options=options)


def entry_of(model: ModelSpec) -> BenchmarkEntry | None:
    """Return the entry whose model this is, at any width; None for any other model.

    Settings that are the model's defaults say nothing.
    """
    usual = MODELS[model.id].defaults if model.id in MODELS else {}
    named = [one for one in model.options if usual.get(one[0]) != one[1] and one[0] != WIDTH]
    plain = ModelSpec(id=model.id, options=tuple(sorted(named)))
    return next((one for one in ENTRIES.values() if one.model == plain), None)
