"""Conservation is relevance against f(x) itself, also where an empty picture has an output.

The small reader of the other checks gives an empty picture about 0, so that f(x) and f(x) - f(0)
are alike there. This one has biases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pxcore.importance.gates import check_gates
from pxcore.importance.method import ExplainRequest, MapRequest, Method
from pxcore.importance.methods import METHODS
from pxcore.training.predict import evaluating
from pxcore.types import Gate
from tests.planted_cells import PictureReader, planted, request_for

BIAS = (40.0, 60.0, 80.0)
"""Of the three classes: far from 0, and from what the cells add."""


def biased(method: Method) -> ExplainRequest:
    model = PictureReader()
    with torch.no_grad():
        model.linear.bias.copy_(torch.tensor(BIAS))
    return replace(request_for(method, planted()), model=model)


def output(asked: MapRequest, images: torch.Tensor) -> torch.Tensor:
    """Return (B,): the output of each cell's true class."""
    with evaluating(asked.model) as model:
        return model(images).gather(1, asked.targets[:, None])[:, 0]


def spread(total: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return maps (B, C, H, W) float64 whose sum in each cell is ``total`` (B,)."""
    even = torch.ones_like(images, dtype=torch.float64)
    return even * (total.double() / images[0].numel())[:, None, None, None]


def to_output(asked: MapRequest) -> torch.Tensor:
    return spread(output(asked, asked.images), asked.images)


def to_difference(asked: MapRequest) -> torch.Tensor:
    black = torch.zeros_like(asked.images)
    return spread(output(asked, asked.images) - output(asked, black), asked.images)


def gate(maps: object, name: str) -> Gate:
    own = METHODS["lrp"]
    (found,) = check_gates(replace(own, maps=maps, gates=(name,)), biased(own))
    return found


def test_relevance_that_adds_up_to_the_output_is_conserved() -> None:
    found = gate(to_output, "conservation")
    assert found.value == pytest.approx(0, abs=1e-6)
    assert found.passed


def test_what_adds_up_to_the_difference_only_is_not() -> None:
    """It misses the output of a black picture: by its share of f(x)."""
    own = METHODS["lrp"]
    asked = biased(own)
    images = asked.cells.batch(torch.arange(len(asked.cells)))
    with evaluating(asked.model) as model:
        full, black = (model(x).numpy() for x in (images, torch.zeros_like(images)))
    rows = np.arange(len(full))
    expected = np.abs(black[rows, asked.labels]).sum() / np.abs(full[rows, asked.labels]).sum()
    found = gate(to_difference, "conservation")
    assert expected > 0.5
    assert found.value == pytest.approx(expected, rel=0.05)  # of a sample of the cells
    assert not found.passed


def test_completeness_asks_for_the_difference_instead() -> None:
    assert gate(to_difference, "completeness").value == pytest.approx(0, abs=1e-5)
    assert not gate(to_output, "completeness").passed
