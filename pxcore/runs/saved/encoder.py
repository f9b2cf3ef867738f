"""A trained autoencoder's artifact: ``weights.safetensors``, ``limits.npz``, ``encoder.json``.

Beside them ``redrawn.npz``, a few validation cells before and after. While it trains, the same
file lies in its task's scratch folder.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from pxcore.errors import StoreError
from pxcore.runs.saved.text import from_file, to_text
from pxcore.store.files import write_atomic
from pxcore.types import Array, Epoch
from pxcore.types.unlabelled import AutoencoderSpec, Planes, TrainedAutoencoder
from pxcore.types.unlabelled_views import Redrawn

WEIGHTS, LIMITS, ABOUT, REDRAWN = "weights.safetensors", "limits.npz", "encoder.json", "redrawn.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderStory:
    """What an encoder is and how it came about."""

    spec: AutoencoderSpec
    planes: Planes
    image_size: tuple[int, int]
    history: tuple[Epoch, ...]
    best_epoch: int
    seconds: float
    device: str
    n_cells: int
    notes: tuple[str, ...] = ()


def save_encoder(
    folder: Path, trained: TrainedAutoencoder, story: EncoderStory, shown: Redrawn
) -> None:
    """Write the files of an autoencoder. Raises OSError when the disk is full."""
    save_weights(folder, trained.weights)
    np.savez_compressed(folder / LIMITS, low=trained.low, high=trained.high)
    (folder / ABOUT).write_text(to_text(story), encoding="utf-8")
    save_redrawn(folder, shown)


def load_encoder(folder: Path) -> tuple[TrainedAutoencoder, EncoderStory]:
    """Return an autoencoder and its story. Raises StoreError where it is not there any more."""
    if not (folder / ABOUT).is_file():
        message = (
            "the encoder that was asked for has left the store; start the run that trained it "
            "again, or train a new one"
        )
        raise StoreError(message)
    story = load_encoder_story(folder)
    with np.load(folder / LIMITS, allow_pickle=False) as arrays:
        trained = TrainedAutoencoder(
            weights=load_weights(folder),
            low=arrays["low"],
            high=arrays["high"],
            planes=story.planes,
            history=story.history,
            best_epoch=story.best_epoch,
            seconds=story.seconds,
            device=story.device,
        )
    return trained, story


def load_encoder_story(folder: Path) -> EncoderStory:
    """Return how an autoencoder came about; reads one small file."""
    return from_file(EncoderStory, folder / ABOUT)


def save_weights(folder: Path, weights: dict[str, Array]) -> None:
    """Write a state dict. Raises OSError when the disk is full."""
    plain = {name: np.ascontiguousarray(value) for name, value in weights.items()}
    (folder / WEIGHTS).write_bytes(save(plain))


def load_weights(folder: Path) -> dict[str, Array]:
    """Return a state dict as arrays."""
    weights: dict[str, Array] = load_file(folder / WEIGHTS)
    return weights


def save_redrawn(folder: Path, shown: Redrawn) -> None:
    """Write pictures, whole or not at all: they are looked at while they are exchanged."""
    content = io.BytesIO()
    np.savez_compressed(
        content,
        epoch=shown.epoch,
        positions=shown.positions,
        before=shown.before.astype(np.float16),
        after=shown.after.astype(np.float16),
    )
    write_atomic(folder / REDRAWN, content.getvalue(), durable=False)


def load_redrawn(folder: Path) -> Redrawn | None:
    """Return the pictures; None before there are any."""
    try:
        with np.load(folder / REDRAWN, allow_pickle=False) as arrays:
            return Redrawn(
                epoch=int(arrays["epoch"]),
                positions=arrays["positions"],
                before=arrays["before"].astype(np.float32),
                after=arrays["after"].astype(np.float32),
            )
    except FileNotFoundError:
        return None
