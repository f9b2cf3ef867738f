"""What the tests of training share."""

from __future__ import annotations

import pytest

from tests.small_training import Case, make_case


@pytest.fixture
def case() -> Case:
    """Return a small training with a known answer."""
    return make_case()
