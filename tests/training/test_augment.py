"""Augmentation: whole cells mirrored, noise of the asked size, the given images untouched."""

from __future__ import annotations

import torch

from pxcore.training.augment import augment
from pxcore.training.seeding import generator

CPU = torch.device("cpu")


def test_each_cell_is_mirrored_as_a_whole() -> None:
    images = torch.rand(400, 3, 6, 5)
    before = images.clone()
    found = augment(images, flips=True, noise=0.0, generator=generator(CPU, 1))
    assert torch.equal(images, before)
    forms = [images, images.flip(-1), images.flip(-2), images.flip(-1).flip(-2)]
    counts = []
    explained = torch.zeros(400, dtype=torch.bool)
    for form in forms:
        same = (found == form).flatten(1).all(1)  # all channels and pixels of a cell together
        counts.append(int(same.sum()))
        explained |= same
    assert explained.all()
    assert all(60 <= count <= 140 for count in counts)  # 100 expected, sd 8.7


def test_noise_has_the_asked_size_and_mean() -> None:
    images = torch.full((64, 2, 32, 32), 0.5)
    found = augment(images, flips=False, noise=0.01, generator=generator(CPU, 2))
    added = (found - images).flatten()
    assert abs(float(added.mean())) < 5 * 0.01 / added.numel() ** 0.5
    assert abs(float(added.std()) / 0.01 - 1) < 0.02
    assert torch.equal(images, torch.full_like(images, 0.5))


def test_the_same_generator_gives_the_same_images() -> None:
    images = torch.rand(8, 2, 6, 6)
    first, again, other = (
        augment(images, flips=True, noise=0.1, generator=generator(CPU, seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_nothing_asked_changes_nothing() -> None:
    images = torch.rand(4, 1, 6, 6)
    found = augment(images, flips=False, noise=0.0, generator=generator(CPU, 1))
    assert torch.equal(found, images)


def test_each_cell_is_moved_as_a_whole() -> None:
    """By every shift alike often, zeros coming in, whatever was in the frame before."""
    images = torch.rand(900, 2, 7, 9) + 0.1
    before = images.clone()
    found = augment(images, flips=False, noise=0.0, crop=1, generator=generator(CPU, 5))
    assert torch.equal(images, before)
    framed = torch.nn.functional.pad(images, (1, 1, 1, 1))
    counts = []
    for row in range(3):
        for column in range(3):
            moved = framed[:, :, row : row + 7, column : column + 9]
            counts.append(int((found == moved).flatten(1).all(1).sum()))
    assert sum(counts) == 900
    assert all(60 <= count <= 140 for count in counts)  # 100 expected, sd 9.4


def test_no_shift_draws_nothing() -> None:
    """Trainings made before crops were known give the same bits."""
    images = torch.rand(6, 1, 5, 5)
    known = augment(images, flips=True, noise=0.1, generator=generator(CPU, 6))
    asked = augment(images, flips=True, noise=0.1, crop=0, generator=generator(CPU, 6))
    assert torch.equal(known, asked)
