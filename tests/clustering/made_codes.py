"""Codes of hidden kinds: the kinds part a narrow direction, chance rules the wide ones."""

from __future__ import annotations

import numpy as np

from pxcore.types import Array


def hidden_codes(n: int = 300, seed: int = 0) -> tuple[Array, Array]:
    """Return codes (n, 6) float32 and kinds (n,): two narrow directions know them."""
    rng = np.random.default_rng([seed, 77])
    kinds = np.arange(n) % 3
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    narrow = centres[kinds] + rng.normal(0, 0.6, (n, 2))
    wide = 400.0 * rng.normal(0, 1, (n, 2))
    turned = np.linalg.qr(np.random.default_rng(77).normal(size=(4, 4)))[0]  # one encoder's
    mixed = np.column_stack([narrow, wide]) @ turned
    return np.column_stack([mixed, np.zeros(n), np.full(n, 5.0)]).astype(np.float32), kinds
