"""Classification: balance, loss and judgement in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import nn

from pxcore.data.normalise import Normaliser
from pxcore.data.source import ArrayCells
from pxcore.training.device_cells import DeviceCells
from pxcore.training.objective import Classification
from pxcore.training.seeding import generator

CPU = torch.device("cpu")
LABELS = np.array([0] * 9 + [1] * 4 + [3] * 1)  # class 2 has no training cell
K = 4


class Constant(nn.Module):
    """Gives every image the same logits, or each image its own pixels as logits."""

    def __init__(self, logits: torch.Tensor | None = None) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.logits is None:
            return images.flatten(1)
        return self.logits.expand(len(images), -1)


def objective(balance: str, valid: np.ndarray = LABELS) -> Classification:
    """Return the objective on the labels above."""
    return Classification(LABELS, valid, K, balance, CPU)  # type: ignore[arg-type]


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_order_is_every_cell_once_in_a_new_order(balance: str) -> None:
    first = objective(balance).order(generator(CPU, 1))
    other = objective(balance).order(generator(CPU, 2))
    assert sorted(first.tolist()) == sorted(other.tolist()) == list(range(14))
    assert first.tolist() != other.tolist()
    assert first.tolist() == objective(balance).order(generator(CPU, 1)).tolist()


def test_oversampling_shows_every_class_as_often_as_the_largest() -> None:
    remainders = set()
    for seed in range(20):
        order = objective("oversample").order(generator(CPU, seed)).numpy()
        assert len(order) == 27
        assert np.bincount(LABELS[order], minlength=K).tolist() == [9, 9, 0, 9]
        shown = np.bincount(order, minlength=14)
        assert (shown[:9] == 1).all()
        assert set(shown[9:13].tolist()) == {2, 3}  # 9 = 2 · 4 + 1
        assert shown[13] == 9
        remainders.add(int(shown[9:13].argmax()))
    assert remainders == {0, 1, 2, 3}


def test_plain_loss_is_the_mean_cross_entropy() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    positions = torch.tensor([0, 9, 13])
    expected = -logits.log_softmax(0)[[0, 1, 3]].mean()
    for balance in ("none", "oversample"):
        found = objective(balance).loss(Constant(logits), torch.zeros(3, 1, 1, 1), positions)
        torch.testing.assert_close(found, expected)


def test_weights_go_by_the_inverse_root_of_counts() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    positions = torch.tensor([0, 9, 13])
    root = torch.tensor([9.0, 4.0, 1.0]) ** -0.5
    expected = -(root * logits.log_softmax(0)[[0, 1, 3]]).sum() / root.sum()
    found = objective("weights").loss(Constant(logits), torch.zeros(3, 1, 1, 1), positions)
    torch.testing.assert_close(found, expected)


def test_judged_by_plain_loss_and_macro_f1() -> None:
    generator_ = np.random.default_rng(5)
    images = generator_.integers(0, 255, (60, 1, 2, 2), np.uint8)
    truth = generator_.integers(0, K, 60)
    limits = Normaliser(np.zeros(1, np.float32), np.full(1, 255, np.float32))
    cells = DeviceCells(ArrayCells(images), np.arange(60), limits, CPU)
    logits = torch.tensor(images.reshape(60, 4) / np.float32(255))
    for balance in ("weights", "oversample"):
        loss, score = objective(balance, truth).judge(Constant(), cells, 7, lambda: False)
        called = logits.argmax(1).numpy()
        assert float(score) == pytest.approx(f1_score(truth, called, average="macro"))
        expected = nn.functional.cross_entropy(logits, torch.from_numpy(truth))
        torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
