"""From the word in a run's spec to a checked file of weights."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

from pxcore.errors import TrainingError
from pxcore.models import MODELS, WeightsFile
from pxcore.types import ModelSpec

SUFFIXES = (".safetensors", ".pth", ".pt")
_TIMEOUT = 20
"""Seconds without an answer before a download is given up."""
_PIECE = 1024 * 1024


def resolve_weights(spec: ModelSpec, folder: Path) -> tuple[ModelSpec, Path | None]:
    """Return ``spec`` with the sha256 of its weights, and their file (None for random ones).

    ``random`` needs no file. ``file:<name>`` is a file in ``folder``, the lab's weights folder.
    ``imagenet`` is the model's published file in that folder; when it is not there it is
    downloaded into it, once, and only kept when its hash is the published one. A spec that
    already has a hash must find that very file: a run that goes on after a restart never
    continues from other weights.

    Raises
    ------
    TrainingError
        When the model or the word is unknown, the model has no published weights, the file is
        missing, cannot be downloaded, or is not the one the hash tells.
    """
    model = MODELS[spec.id].as_built(spec.options)
    if spec.weights == "random":
        return replace(spec, weights_sha256=""), None
    if spec.weights == "imagenet":
        if model.imagenet is None:
            own = MODELS[spec.id].imagenet is not None
            made = " with these settings (they fit the published network alone)" if own else ""
            message = f"model {model.id!r}{made} has no ImageNet weights; choose random, or a file"
            raise TrainingError(message)
        file = _published(model.imagenet, folder)
    elif spec.weights.startswith("file:"):
        file = _in_folder(spec.weights.removeprefix("file:"), folder)
    else:
        message = f"weights {spec.weights!r} are not known; there is random, imagenet, file:<name>"
        raise TrainingError(message)
    sha256 = _sha256(file)
    if spec.weights_sha256 not in ("", sha256):
        message = (
            f"weights file {file.name!r} has changed: the run was submitted with sha256 "
            f"{spec.weights_sha256[:12]}…, the file now has {sha256[:12]}…; put the old one back"
        )
        raise TrainingError(message)
    return replace(spec, weights_sha256=sha256), file


def weights_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the weights files in the lab's folder, sorted."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(file.name for file in folder.iterdir() if file.suffix in SUFFIXES))


def _in_folder(name: str, folder: Path) -> Path:
    """Return a named file of the folder; never one outside it."""
    file = folder / name
    if Path(name).name != name or file.suffix not in SUFFIXES:
        message = (
            f"weights file {name!r} is not usable; expected the plain name of a "
            f"{' or '.join(SUFFIXES)} file in {folder}"
        )
        raise TrainingError(message)
    if not file.is_file():
        there = ", ".join(weights_files(folder)) or "no weights file"
        message = f"weights file {name!r} is not in {folder}; found {there}"
        raise TrainingError(message)
    return file


def _published(published: WeightsFile, folder: Path) -> Path:
    """Return a model's published file, downloaded when it is not in the folder yet."""
    file = folder / published.name
    if not file.is_file():
        _download(published, file)
    elif not _sha256(file).startswith(published.sha256_start):
        message = (
            f"{file} is not the published file (its sha256 should start with "
            f"{published.sha256_start}); remove it, or put the file of {published.url} there"
        )
        raise TrainingError(message)
    return file


def _download(published: WeightsFile, file: Path) -> None:
    """Put the published file in its place, whole and checked, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as target,
            urllib.request.urlopen(published.url, timeout=_TIMEOUT) as answer,  # noqa: S310
        ):
            while piece := answer.read(_PIECE):
                target.write(piece)
        if not _sha256(part).startswith(published.sha256_start):
            message = (
                f"the download of {published.url} is not the published file (its sha256 should "
                f"start with {published.sha256_start}); try again, or put the file at {file}"
            )
            raise TrainingError(message)
        part.replace(file)
    except (urllib.error.URLError, OSError) as error:
        message = (
            f"weights {published.name!r} are not on this host and could not be downloaded "
            f"({error}); put the file of {published.url} at {file}, or choose random weights"
        )
        raise TrainingError(message) from error
    finally:
        part.unlink(missing_ok=True)


def _sha256(file: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
