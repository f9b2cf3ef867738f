"""Weights on offer: what is on the host, where a file is expected, and no download for a page."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from pxcore.api import Lab
from pxcore.errors import TrainingError
from pxcore.models import MODELS
from pxcore.runs.weights import require_weights, weights_choices
from pxcore.store.home import Store
from pxcore.types import ModelSpec
from tests.tiny_lab import tiny_dataset, tiny_spec

PUBLISHED = MODELS["resnet18"].imagenet


def words(store: Store, model: str) -> list[str]:
    return [choice.word for choice in weights_choices(store, ModelSpec(id=model))]


def put(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"weights")


def test_what_is_in_the_folder_is_on_offer(store: Store) -> None:
    assert PUBLISHED is not None
    assert words(store, "small_cnn") == ["random"]
    put(store.weights, "own.safetensors")
    put(store.weights, "notes.txt")
    assert words(store, "small_cnn") == ["random", "file:own.safetensors"]
    _, imagenet, _ = weights_choices(store, ModelSpec(id="resnet18"))
    assert not imagenet.here
    assert PUBLISHED.name in imagenet.note
    assert str(store.weights) in imagenet.note
    put(store.weights, PUBLISHED.name)
    assert words(store, "resnet18") == ["random", "imagenet", "file:own.safetensors"]
    assert all(choice.here for choice in weights_choices(store, ModelSpec(id="resnet18")))
    require_weights(store, ModelSpec(id="resnet18", weights="imagenet"))


def test_missing_weights_are_told_with_their_place(store: Store) -> None:
    with pytest.raises(TrainingError, match=r"downloads nothing. Put .*resnet18.* into"):
        require_weights(store, ModelSpec(id="resnet18", weights="imagenet"))
    with pytest.raises(TrainingError, match=r"'file:a.pt' are not in .*there is random"):
        require_weights(store, ModelSpec(id="small_cnn", weights="file:a.pt"))


def test_a_page_never_downloads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("something was downloaded")

    monkeypatch.setattr(urllib.request, "urlopen", never)
    spec = replace(
        tiny_spec(tiny_dataset(store)), model=ModelSpec(id="resnet18", weights="imagenet")
    )
    lab = Lab(store)
    with pytest.raises(TrainingError, match="a page downloads nothing"):
        lab.check(spec, fetch=False)
    with pytest.raises(TrainingError, match="a page downloads nothing"):
        lab.submit(spec, fetch=False)
    assert lab.runs() == ()


def test_published_weights_fit_the_published_network_alone(store: Store) -> None:
    narrow = ModelSpec(id="resnet50", options=(("width", 8),))
    assert [one.word for one in weights_choices(store, narrow)] == ["random"]
    assert words(store, "resnet50") == ["random", "imagenet"]
