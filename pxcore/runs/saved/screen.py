"""What one model with channel dropout says of many panels, as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pxcore.errors import StoreError
from pxcore.types import Array, frozen

SCREEN = "screen.npz"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screened:
    """Panels scored by one model, on cells that its training did not learn from."""

    sets: Array
    """(S, C) bool, channels as the network sees them."""
    valid_counts: Array
    """(S, K, K) int64 on the validation cells: true class by row, predicted by column."""
    test_counts: Array
    """The same on the test cells."""

    def __post_init__(self) -> None:
        frozen(self, "sets", "valid_counts", "test_counts")


def save_screened(folder: Path, found: Screened) -> None:
    """Write a screen."""
    np.savez_compressed(
        folder / SCREEN,
        sets=found.sets,
        valid_counts=found.valid_counts,
        test_counts=found.test_counts,
    )


def load_screened(folder: Path) -> Screened:
    """Return a screen.

    Raises StoreError for one that cannot be read: the runner reads screens itself, and lives on.
    """
    try:
        with np.load(folder / SCREEN, allow_pickle=False) as arrays:
            return Screened(
                sets=arrays["sets"],
                valid_counts=arrays["valid_counts"],
                test_counts=arrays["test_counts"],
            )
    except (FileNotFoundError, BadZipFile, EOFError, KeyError, ValueError) as error:
        message = (
            f"the screen in {folder} cannot be read ({type(error).__name__}); expected a file "
            f"{SCREEN} as it was written: remove that folder and ask again, it is computed anew"
        )
        raise StoreError(message) from error
