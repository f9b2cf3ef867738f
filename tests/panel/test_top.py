"""The first stains of a ranking: what is taken, and which numbers are refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.errors import PanelError
from pxcore.panel.constraints import stain_free, stains_of
from pxcore.panel.top import check_top, top_panel
from pxcore.types.panel import Constraints
from tests.panel.made_trials import panel

SIX = panel(5, 1)
"""BF0, then S0 to S4."""
EVERY = tuple(range(6))


def test_the_first_stains_stand_beside_what_needs_none() -> None:
    values = (9.0, 0.1, 0.5, 0.3, 0.5, 0.2)
    assert top_panel(values, SIX, 1, Constraints(), EVERY) == (0, 2)  # of equals the first
    assert top_panel(values, SIX, 3, Constraints(), EVERY) == (0, 2, 3, 4)
    assert top_panel(values, SIX, 5, Constraints(), EVERY) == EVERY


def test_what_must_be_kept_comes_first_and_what_is_not_offered_never() -> None:
    values = (0.0, 0.1, 0.5, 0.3, 0.4, 0.2)
    assert top_panel(values, SIX, 2, Constraints(must_keep=(1,)), EVERY) == (0, 1, 2)
    assert top_panel(values, SIX, 2, Constraints(), (1, 3, 4, 5)) == (3, 4)


def test_what_has_no_value_comes_last() -> None:
    values = (0.0, math.nan, -0.5, math.nan, 0.4, 0.2)
    assert top_panel(values, SIX, 3, Constraints(), EVERY) == (0, 2, 4, 5)
    assert top_panel(values, SIX, 4, Constraints(), EVERY) == (0, 1, 2, 4, 5)


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.integers(1, 4))
def test_panels_grow_by_one_stain_and_hold_the_best(values: list[float], m: int) -> None:
    fewer, more = (top_panel(values, SIX, n, Constraints(), EVERY) for n in (m, m + 1))
    assert {*fewer} < {*more}
    assert len(stains_of(SIX, fewer)) == m
    assert {*stain_free(SIX)} <= {*fewer}
    out = [values[c] for c in EVERY if c not in fewer]
    assert min(values[c] for c in stains_of(SIX, fewer)) >= max(out)


@pytest.mark.parametrize(
    ("m", "asked", "says"),
    [
        (0, Constraints(), "the first 0 stains .* expected a number from 1 to 5"),
        (6, Constraints(), "there are 5 stains to choose from; expected a number from 1 to 5"),
        (1, Constraints(must_keep=(1, 2)), "S0 and S1 must be kept; expected a number from 2"),
        (4, Constraints(max_stains=3), "at most 3 stains are allowed; expected a number from 1"),
        (1, Constraints(max_stains=0), "at most 0 stains are allowed; expected no comparison"),
    ],
)
def test_numbers_that_no_panel_has_are_refused(m: int, asked: Constraints, says: str) -> None:
    with pytest.raises(PanelError, match=says):
        check_top(SIX, m, asked, EVERY)
    for fine in (2, 3):
        check_top(SIX, fine, Constraints(must_keep=(1,), max_stains=3), EVERY)
