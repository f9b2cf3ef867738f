"""Pixel types: what a file's numbers are stored as, and what counts as inside a mask."""

from __future__ import annotations

import numpy as np

from pxcore.errors import DatasetError
from pxcore.types import Array

_STORED = {
    "b1": "u1", "u1": "u1", "i1": "i2", "u2": "u2", "i2": "i2", "i4": "i4",
    "u4": "i4", "i8": "i4", "u8": "i4", "f2": "f4", "f4": "f4", "f8": "f4",
}  # fmt: skip


def stored_dtype(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Return the dtype pixels are stored in: the smallest of ours that holds the file's values.

    Long integers become int32 when their values fit (else `to_frame` refuses); float64 becomes
    float32.

    Raises
    ------
    DatasetError
        For complex, text or compound pixels.
    """
    code = f"{dtype.kind}{dtype.itemsize}"
    if code not in _STORED:
        message = (
            f"pixels are {dtype}; expected integers of at most 8 bytes or floats of at most 8 "
            "bytes: convert them, for instance to uint16 or float32"
        )
        raise DatasetError(message)
    return np.dtype(f"<{_STORED[code]}")


def as_mask(values: Array) -> Array:
    """Return uint8: 0 where ``values`` are not positive, else the value, at most 255.

    Fractions between 0 and 1 are inside, hence 1.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    inside = values > 0  # NaN is outside
    return np.where(inside, np.clip(np.ceil(np.where(inside, values, 0)), 1, 255), 0).astype(
        np.uint8
    )
