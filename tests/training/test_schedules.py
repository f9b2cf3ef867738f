"""Learning rates against torch's own schedulers; when a training ends; what is kept."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pxcore.training.schedules import finished, kept, learning_rate, one_cycle, plateau
from pxcore.types import Epoch, TrainingParams


def history(*scores: float, losses: tuple[float, ...] | None = None) -> tuple[Epoch, ...]:
    """Return epochs with these validation scores."""
    return tuple(
        Epoch(
            number=number,
            train_loss=1.0,
            valid_loss=losses[number - 1] if losses else 1.0,
            valid_f1=score,
            learning_rate=1e-3,
            seconds=0.1,
        )
        for number, score in enumerate(scores, start=1)
    )


def optimiser() -> torch.optim.Optimizer:
    """Return something for torch's schedulers to hold."""
    return torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=3e-3)


@pytest.mark.parametrize("n_steps", [4, 7, 18, 540])
def test_one_cycle_equals_torch(n_steps: int) -> None:
    holder = optimiser()
    oracle = torch.optim.lr_scheduler.OneCycleLR(
        holder, max_lr=3e-3, total_steps=n_steps, cycle_momentum=False
    )
    for step in range(n_steps):
        expected = holder.param_groups[0]["lr"]
        assert one_cycle(step, n_steps, 3e-3) == pytest.approx(expected, rel=1e-9)
        holder.step()
        if step < n_steps - 1:
            oracle.step()


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_one_cycle_of_few_steps_stays_between_its_ends(n_steps: int) -> None:
    for step in range(n_steps):
        assert 0 < one_cycle(step, n_steps, 1.0) <= 1.0


def test_one_cycle_runs_over_all_epochs() -> None:
    params = TrainingParams(schedule="one_cycle", max_epochs=4, learning_rate=1.0)
    rates = [
        learning_rate(params, history(*[0.5] * done), step, 5)
        for done in range(4)
        for step in range(5)
    ]
    assert rates == [one_cycle(step, 20, 1.0) for step in range(20)]
    assert rates.index(max(rates)) == 5


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), max_size=40), st.integers(1, 6))
def test_plateau_equals_torch(scores: list[float], patience: int) -> None:
    params = TrainingParams(learning_rate=3e-3, plateau_patience=patience)
    holder = optimiser()
    # Torch lowers the rate when *more* than `patience` epochs were bad.
    oracle = torch.optim.lr_scheduler.ReduceLROnPlateau(
        holder, mode="max", factor=0.5, patience=patience - 1, threshold=0.0, eps=0.0
    )
    for done, score in enumerate(scores, start=1):
        oracle.step(score)
        rate = plateau(params, history(*scores[:done]))
        assert rate == pytest.approx(holder.param_groups[0]["lr"])


def test_plateau_halves_after_the_fifth_epoch_without_a_better_one() -> None:
    params = TrainingParams(learning_rate=1.0)
    assert plateau(params, history(0.5, *[0.5] * 4)) == 1.0
    assert plateau(params, history(0.5, *[0.5] * 5)) == 0.5
    assert plateau(params, history(0.5, *[0.5] * 10)) == 0.25
    assert plateau(params, history(0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.5)) == 1.0


def test_training_ends_when_it_no_longer_gains() -> None:
    params = TrainingParams(max_epochs=100, stop_patience=3, stop_delta=0.01)
    assert not finished(params, ())
    assert not finished(params, history(0.5, 0.505, 0.509))
    assert finished(params, history(0.5, 0.505, 0.509, 0.5))
    assert not finished(params, history(0.5, 0.505, 0.509, 0.52))
    short = TrainingParams(max_epochs=2, stop_patience=50)
    assert not finished(short, history(0.1))
    assert finished(short, history(0.1, 0.9))


def test_keeps_the_best_then_the_surer_then_the_earlier_epoch() -> None:
    params = TrainingParams()
    assert kept(params, history(0.2, 0.9, 0.3)).number == 2
    assert kept(params, history(0.9, 0.9, 0.3, losses=(2.0, 1.0, 0.1))).number == 2
    assert kept(params, history(0.9, 0.9, losses=(1.0, 1.0))).number == 1
    assert kept(TrainingParams(keep="last"), history(0.2, 0.9, 0.3)).number == 3


def test_a_plateau_multiplies_with_its_factor() -> None:
    params = TrainingParams(learning_rate=1.0, plateau_patience=2, plateau_factor=0.65)
    assert plateau(params, history(0.5, 0.5, 0.5)) == pytest.approx(0.65)
    assert plateau(params, history(0.5, 0.5, 0.5, 0.5, 0.5)) == pytest.approx(0.65**2)


def test_starting_epochs_have_a_rate_of_their_own_and_no_say_in_the_plateau() -> None:
    params = TrainingParams(learning_rate=1e-3, start_epochs=2, start_rate=1e-5, plateau_patience=2)
    assert [plateau(params, history(*[0.9] * n)) for n in (0, 1, 2)] == [1e-5, 1e-5, 1e-3]
    assert plateau(params, history(0.9, 0.9, 0.5, 0.6)) == 1e-3
    assert plateau(params, history(0.9, 0.9, 0.6, 0.5, 0.5)) == 5e-4
