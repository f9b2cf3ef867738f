"""What random weights keep of an explanation: the measure, its bound, and what is told of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pxcore.importance.gates import BOUNDS, check_gates
from pxcore.importance.kept import kept_pixels, kept_scores
from pxcore.importance.method import ExplainRequest
from pxcore.importance.methods import METHODS
from tests.planted_cells import planted, request_for

CELLS = planted()
DOCUMENTED = Path(__file__).parents[2] / "docs" / "methods.md"


@given(st.integers(0, 10_000), st.floats(0.2, 50))
def test_shares_are_compared_whatever_their_size(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    own, other = rng.normal(size=(2, 5, 3))
    assert kept_scores(own, scale * own, "attribution") == pytest.approx(1)
    assert kept_scores(own, -scale * own, "attribution") == 0
    value = kept_scores(own, other, "attribution")
    assert 0 <= value < 1
    assert kept_scores(own, scale * other, "attribution") == pytest.approx(
        0 if np.abs(scale * other).sum() < 0.1 * np.abs(own).sum() else value
    )
    maps = torch.from_numpy(own)[None, :, :, None]
    assert float(kept_pixels(maps, scale * maps)) == pytest.approx(1)
    assert float(kept_pixels(maps, torch.from_numpy(other)[None, :, :, None])) == pytest.approx(
        value
    )


@pytest.mark.parametrize(("kept", "passes"), [(0.85, False), (0.71, False), (0.65, True)])
def test_a_method_that_random_weights_keep_mostly_fails(kept: float, passes: bool) -> None:
    """Half of the shares grow and half of them shrink, so that ``kept`` of the sum is shared."""
    own = replace(METHODS["permute_cells"], gates=("random_weights",))
    asked = request_for(own, CELLS)
    shape = METHODS["permute_cells"].explain(asked).scores.shape
    moved = np.where(np.arange(shape[1]) % 2, 1, -1)[:, None] * 2 * (1 - kept)

    def explain(request: ExplainRequest):  # type: ignore[no-untyped-def]
        made = METHODS["permute_cells"].explain(request)
        scores = np.full(made.scores.shape, 0.5)
        same = torch.equal(
            request.model.state_dict()["linear.weight"], asked.model.state_dict()["linear.weight"]
        )
        return replace(made, scores=scores if same else scores * (1 + moved))

    (gate,) = check_gates(replace(own, explain=explain), asked)
    assert shape[1] % 2 == 0
    assert gate.value == pytest.approx(kept)
    assert gate.passed is passes
    assert gate.bound == BOUNDS["random_weights"]


def test_the_bounds_are_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) %? ?\|$", DOCUMENTED.read_text(), re.MULTILINE)
    told = {name: said.removesuffix(" %").strip() for name, said in rows if name in BOUNDS}
    words = {"10⁻⁴": 1e-4}
    assert {name: words.get(said) or float(said) for name, said in told.items()} == {
        name: pytest.approx(100 * bound) for name, bound in BOUNDS.items()
    }
