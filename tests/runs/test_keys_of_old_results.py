"""Results made before a setting was added stay found: keys say nothing of settings at default."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.commands.spec_options import with_zero_pixels
from pxcore.errors import RunError
from pxcore.runs.tasks import TrainTask, key
from pxcore.store.keys import decode, encode
from pxcore.types import ModelSpec, TrainingParams
from tests.example_values import spec

TASK = TrainTask(
    dataset_id="d",
    channels=(0, 1),
    model=ModelSpec(),
    training=TrainingParams(),
    n_folds=3,
    fold=1,
    split="donor",
    split_seed=7,
    seed=8,
)
BEFORE = "55be7bd789f55ef72942ce13a88123c8f5ea552fe22d6fa838b2bcdd718c7468"
"""The key that this task had before `zero_pixels` and what came after it."""
BOTH_SKIPPED = "aee0b87ccad9f3aeb7ce9b5dd14a634b8dd858f925b6d14471d82bd86bb5d1cb"
"""The key that it had with ``skip`` while the lower limit left out zeros too."""


def test_a_task_keeps_the_key_it_had() -> None:
    assert key(TASK) == BEFORE
    for name, value in (("optimiser", "adam_amsgrad"), ("plateau_factor", 0.65), ("crop", 4)):
        assert key(replace(TASK, training=replace(TASK.training, **{name: value}))) != BEFORE
    skipping = replace(TASK, training=replace(TASK.training, zero_pixels="skip"))
    assert key(skipping) not in {BEFORE, BOTH_SKIPPED}


@pytest.mark.parametrize("zeros", ["count", "skip"])
def test_what_is_stored_comes_back(zeros: str) -> None:
    params = TrainingParams(zero_pixels=zeros)  # type: ignore[arg-type]
    assert ("zero_pixels" in encode(params)) == (zeros == "skip")
    assert decode(TrainingParams, encode(params)) == params


def test_the_command_line_takes_two_words() -> None:
    assert with_zero_pixels(spec(), "skip").training.zero_pixels == "skip"
    with pytest.raises(RunError, match="--zero-pixels is 'none'; give count or skip"):
        with_zero_pixels(spec(), "none")
