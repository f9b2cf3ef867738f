"""What is known of scores without opening them, and without torch: ``scores.json``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pxcore.runs.saved.text import from_file, to_text

FILE = "scores.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How scores came about."""

    n_train: int
    """Training cells of the model they are of."""
    device: str = ""
    """On which they were computed; empty where an earlier version did not note it."""


def save_scored(folder: Path, scored: Scored) -> None:
    """Write the file."""
    (folder / FILE).write_text(to_text(scored), encoding="utf-8")


def load_scored(folder: Path) -> Scored:
    """Return what the file says."""
    return from_file(Scored, folder / FILE)
