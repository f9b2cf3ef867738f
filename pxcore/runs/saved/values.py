"""One number a channel of one trained model's scores, read without what they rest on."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pxcore.errors import StoreError
from pxcore.importance.method import DROP_IN_F1, SHARE_OF_F1
from pxcore.importance.repeats import channel_values
from pxcore.runs.saved.scores import ARRAYS
from pxcore.types import Array, Averaging


def load_values(folder: Path, averaging: Averaging) -> Array:
    """Return (C,) the value of every channel, larger = more important.

    The mean over repeats of the mean over the classes that have cells there; ``published``
    averaging of attributions is the mean over cells. No class is left out for having few cells:
    one fold must choose, however little it knows. NaN where no class has a cell.

    Raises StoreError for scores that cannot be read: the runner lives on.
    """
    try:
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            scores, labels, unit = arrays["scores"], arrays["labels"], str(arrays["unit"])
    except (FileNotFoundError, BadZipFile, EOFError, KeyError, ValueError) as error:
        message = (
            f"the scores in {folder} cannot be read ({type(error).__name__}); expected a file "
            f"{ARRAYS} as it was written: remove that folder and ask again, they are computed anew"
        )
        raise StoreError(message) from error
    by_cell = averaging == "published" and unit not in (DROP_IN_F1, SHARE_OF_F1)
    weights = np.bincount(labels, minlength=scores.shape[2]) if by_cell else None
    result: Array = channel_values(scores, weights).mean(axis=0)
    return result
