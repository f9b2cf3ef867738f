"""Weights: named, hashed, downloaded once, never from outside the lab's folder."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pxcore.errors import TrainingError
from pxcore.models import WeightsFile, weights
from pxcore.models.state import read_state
from pxcore.models.weights import resolve_weights, weights_files
from pxcore.types import ModelSpec

CONTENT = b"weights of a network"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let resnet18's ImageNet file lie in a folder on this disk instead of on a server."""
    server = tmp_path / "server"
    server.mkdir()
    file = server / "resnet18-test.pth"
    file.write_bytes(CONTENT)
    stand_in = WeightsFile(name=file.name, url=file.as_uri(), sha256_start=SHA256[:8])
    table = {"resnet18": replace(weights.MODELS["resnet18"], imagenet=stand_in)}
    monkeypatch.setattr(weights, "MODELS", table)
    return file


def test_random_needs_no_file(tmp_path: Path) -> None:
    spec = ModelSpec(id="small_cnn", weights="random", weights_sha256="left over")
    assert resolve_weights(spec, tmp_path) == (replace(spec, weights_sha256=""), None)


def test_imagenet_is_downloaded_once_and_recorded(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lab" / "weights"
    spec, file = resolve_weights(ModelSpec(id="resnet18", weights="imagenet"), folder)
    assert file == folder / published.name
    assert file.read_bytes() == CONTENT
    assert spec.weights_sha256 == SHA256
    published.unlink()
    assert resolve_weights(spec, folder) == (spec, file)
    assert os.listdir(folder) == [published.name]  # noqa: PTH208 - hidden parts would show


def test_a_wrong_download_leaves_nothing(published: Path, tmp_path: Path) -> None:
    published.write_bytes(b"something else")
    folder = tmp_path / "weights"
    with pytest.raises(TrainingError, match="is not the published file"):
        resolve_weights(ModelSpec(id="resnet18", weights="imagenet"), folder)
    assert list(folder.iterdir()) == []


def test_no_network_says_which_file_goes_where(published: Path, tmp_path: Path) -> None:
    published.unlink()
    folder = tmp_path / "weights"
    with pytest.raises(TrainingError) as caught:
        resolve_weights(ModelSpec(id="resnet18", weights="imagenet"), folder)
    assert str(folder / published.name) in str(caught.value)
    assert "choose random weights" in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_not_the_published_one_is_refused(published: Path, tmp_path: Path) -> None:
    (tmp_path / published.name).write_bytes(b"my own")
    with pytest.raises(TrainingError, match="should start with"):
        resolve_weights(ModelSpec(id="resnet18", weights="imagenet"), tmp_path)


def test_a_named_file_is_hashed_and_must_stay(tmp_path: Path) -> None:
    (tmp_path / "own.safetensors").write_bytes(CONTENT)
    spec, file = resolve_weights(ModelSpec(weights="file:own.safetensors"), tmp_path)
    assert file == tmp_path / "own.safetensors"
    assert spec.weights_sha256 == SHA256
    file.write_bytes(b"changed")
    with pytest.raises(TrainingError, match="has changed"):
        resolve_weights(spec, tmp_path)


@pytest.mark.parametrize("name", ["../own.pth", "/etc/own.pth", "sub/own.pth", "own.pkl", ""])
def test_only_plain_names_inside_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.pth").write_bytes(CONTENT)
    folder = tmp_path / "weights"
    folder.mkdir()
    with pytest.raises(TrainingError, match="plain name"):
        resolve_weights(ModelSpec(weights=f"file:{name}"), folder)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(CONTENT)
    with pytest.raises(TrainingError, match=r"'b.pth' is not in .*; found a.pth"):
        resolve_weights(ModelSpec(weights="file:b.pth"), tmp_path)
    with pytest.raises(TrainingError, match="there is random, imagenet, file:<name>"):
        resolve_weights(ModelSpec(weights="good"), tmp_path)
    with pytest.raises(TrainingError, match="has no ImageNet weights"):
        resolve_weights(ModelSpec(id="small_cnn", weights="imagenet"), tmp_path)
    with pytest.raises(TrainingError, match="there is small_cnn, resnet18"):
        resolve_weights(ModelSpec(id="vgg"), tmp_path)


def test_lists_weights_files(tmp_path: Path) -> None:
    for name in ("b.pth", "a.safetensors", "notes.txt"):
        (tmp_path / name).write_bytes(CONTENT)
    assert weights_files(tmp_path) == ("a.safetensors", "b.pth")
    assert weights_files(tmp_path / "nowhere") == ()


class Bomb:
    """Leaves a file behind when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["bad.pth", "bad.safetensors"])
def test_nothing_is_ever_unpickled(name: str, tmp_path: Path) -> None:
    file, mark = tmp_path / name, tmp_path / "mark"
    file.write_bytes(pickle.dumps({"weight": Bomb(mark)}, protocol=2))
    with pytest.raises(TrainingError, match="cannot be read"):
        read_state(file)
    torch.save({"weight": Bomb(mark)}, file)
    with pytest.raises(TrainingError, match="cannot be read"):
        read_state(file)
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x80\x02"])
def test_damaged_files_are_said_to_be(content: bytes, tmp_path: Path) -> None:
    for name in ("bad.pth", "bad.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TrainingError, match="cannot be read"):
            read_state(tmp_path / name)


def test_a_file_without_a_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(TrainingError, match="holds no state dict"):
        read_state(tmp_path / "tensor.pth")
