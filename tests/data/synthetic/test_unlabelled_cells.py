"""Cells of hidden kinds: what drives them is where it is said, and light alone does not tell."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.data.centring import CentredCells
from pxcore.data.source import ArrayCells
from pxcore.data.synthetic import UnlabelledCells, UnlabelledParams, unlabelled_cells
from pxcore.errors import DatasetError
from pxcore.types import Array

FORMS = ("pictures", "volumes", "paired")


def drawn(form: str, **changes: float) -> UnlabelledCells:
    """Return few cells."""
    params = {"n_cells": 90, "size": 24, "depth": 16, **changes}
    return unlabelled_cells(UnlabelledParams(form=form, **params))  # type: ignore[arg-type]


def means(cells: UnlabelledCells) -> Array:
    """Return (kinds, P, H, W) the mean picture of each kind, cells moved to the middle."""
    images = CentredCells(ArrayCells(cells.images, cells.masks)).images(np.arange(90))
    return np.stack([images[cells.labels == kind].mean(axis=0) for kind in range(len(cells.kinds))])


def apart(cells: UnlabelledCells) -> Array:
    """Return (channels,) how far mean pictures of kinds lie apart, as a share of their light."""
    shown = means(cells)
    return np.array(
        [
            np.abs(shown[:, list(unit)] - shown[:, list(unit)].mean(axis=0)).mean()
            / shown[:, list(unit)].mean()
            for unit in cells.planes.units
        ]
    )


@pytest.mark.parametrize("form", FORMS)
def test_driving_channels_look_different_and_the_others_do_not(form: str) -> None:
    cells = drawn(form)
    found = apart(cells)
    driving = np.isin(np.arange(len(found)), cells.driving)
    assert len(cells.kinds) == driving.sum() + 1
    assert driving.sum() == {"pictures": 3, "volumes": 2, "paired": 2}[form]
    assert found[driving].min() > 1.8 * found[~driving].max()
    for number, sentence in enumerate(cells.truth):
        assert sentence.startswith("nothing:") != driving[number]


@pytest.mark.parametrize("form", FORMS)
def test_the_amount_of_light_knows_no_kind(form: str) -> None:
    cells = drawn(form)
    for unit in cells.planes.units:
        light = cells.images[:, list(unit)].mean(axis=(1, 2, 3))
        own = np.array([light[cells.labels == kind].mean() for kind in range(len(cells.kinds))])
        error = light.std() / np.sqrt(90 / len(cells.kinds))
        assert np.abs(own - light.mean()).max() < 3.5 * error


def test_a_seed_gives_the_same_cells_and_parts_of_them() -> None:
    first, again, other = drawn("paired"), drawn("paired"), drawn("paired", seed=1)
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    assert np.bincount(first.labels).tolist() == [30, 30, 30]
    assert first.images.shape == (90, 3 + 16, 24, 24)
    assert len(first.panel) == 4
    assert not first.images.flags.writeable


def test_nuisance_is_what_is_asked_for() -> None:
    def rows(cells: UnlabelledCells) -> Array:
        inside = cells.masks[:, 0].astype(float)
        found: Array = (inside.sum(axis=2) @ np.arange(24)) / inside.sum(axis=(1, 2))
        return found

    still, moving = drawn("pictures", shift=0.0, spread=0.0), drawn("pictures", shift=0.2)
    assert rows(still).std() < 0.2
    assert rows(moving).std() > 2.0
    sizes = [cells.masks.sum(axis=(1, 2, 3)).std() for cells in (still, moving)]
    assert sizes[0] < 0.3 * sizes[1]


def test_without_contrast_nothing_is_planted() -> None:
    plain, planted = drawn("pictures", contrast=0.0), drawn("pictures")
    driving = list(planted.driving)
    assert (apart(plain)[driving] < 0.4 * apart(planted)[driving]).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_cells": 3}, "n_cells is 3"),
        ({"shift": 0.5}, "shift is 0.5"),
        ({"form": "movie"}, "form is 'movie'; expected one of pictures, volumes, paired"),
    ],
)
def test_what_makes_no_cells_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        UnlabelledParams(**changes)  # type: ignore[arg-type]
