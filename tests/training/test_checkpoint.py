"""Checkpoints: everything comes back to the bit, foreign and damaged ones are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from pxcore.training import checkpoint
from pxcore.training.checkpoint import FILE, Checkpoint
from pxcore.types import Epoch

CPU = torch.device("cpu")


def state() -> tuple[nn.Module, torch.optim.Optimizer, Checkpoint]:
    """Return a network and optimiser after two steps, and their checkpoint."""
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    for _ in range(2):
        optimiser.zero_grad()
        model(torch.rand(3, 1, 4, 4)).square().mean().backward()
        optimiser.step()
    epoch = Epoch(
        number=1,
        train_loss=1 / 3,
        valid_loss=0.1 + 0.2,
        valid_f1=0.7,
        learning_rate=1e-3 / 7,
        seconds=0.5,
    )
    taken = Checkpoint(
        history=(epoch,),
        model=model.state_dict(),
        best={name: value + 1 for name, value in model.state_dict().items()},
        optimiser=checkpoint.optimiser_state(optimiser),
    )
    return model, optimiser, taken


def equal(first: checkpoint.State, second: checkpoint.State) -> bool:
    """Tell whether two states hold the same names, types and bits."""
    return first.keys() == second.keys() and all(
        first[name].dtype == second[name].dtype and torch.equal(first[name], second[name])
        for name in first
    )


def test_comes_back_to_the_bit(tmp_path: Path) -> None:
    _, _, taken = state()
    checkpoint.save(tmp_path / "new" / "folder", taken, "abc")
    found = checkpoint.load(tmp_path / "new" / "folder", "abc", CPU)
    assert found is not None
    assert found.history == taken.history
    assert equal(found.model, taken.model)
    assert equal(found.best, taken.best)
    assert equal(found.optimiser, taken.optimiser)


def test_a_restored_optimiser_takes_the_same_step(tmp_path: Path) -> None:
    model, optimiser, taken = state()
    checkpoint.save(tmp_path, taken, "")
    found = checkpoint.load(tmp_path, "", CPU)
    assert found is not None
    other, fresh, _ = state()
    other.load_state_dict(found.model)
    checkpoint.restore_optimiser(fresh, found.optimiser)
    images = torch.rand(3, 1, 4, 4)
    for network, optimiser_ in ((model, optimiser), (other, fresh)):
        optimiser_.zero_grad()
        network(images).square().mean().backward()
        optimiser_.step()
    assert equal(model.state_dict(), other.state_dict())


def test_the_later_one_replaces_the_earlier(tmp_path: Path) -> None:
    _, _, taken = state()
    checkpoint.save(tmp_path, taken, "one")
    checkpoint.save(tmp_path, taken, "two")
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert checkpoint.load(tmp_path, "two", CPU) is not None


def test_foreign_absent_and_damaged_ones_are_none(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path / "nowhere", "abc", CPU) is None
    _, _, taken = state()
    checkpoint.save(tmp_path, taken, "abc")
    assert checkpoint.load(tmp_path, "another", CPU) is None
    content = (tmp_path / FILE).read_bytes()
    for damaged in (b"", content[:5], content[:-7]):
        (tmp_path / FILE).write_bytes(damaged)
        assert checkpoint.load(tmp_path, "abc", CPU) is None


def test_a_kill_while_writing_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, taken = state()
    checkpoint.save(tmp_path, taken, "abc")

    def dies(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.os, "fsync", dies)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, taken, "abc")
    assert checkpoint.load(tmp_path, "abc", CPU) is not None
