"""What a run's rankings are held against: planted channels, or means of the imported cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.runs.channel_truth import MANY, channel_truth
from pxcore.runs.imports import bring_in
from pxcore.store.home import Store
from pxcore.types import Channel, ImportRequest, Panel, RunSpec
from tests.tiny_lab import tiny_dataset
from tests.tissue_writer import labels, pixels, study


def quiet(_step: str, _share: float) -> None:
    return None


def spec_of(dataset, channels: tuple[int, ...] = ()) -> RunSpec:
    return RunSpec(
        dataset_id=dataset.id, panel=dataset.panel, classes=dataset.classes, channels=channels
    )


def test_planted_channels_are_those_that_took_part(store: Store) -> None:
    cells = tiny_dataset(store)
    found = channel_truth(store, spec_of(cells), cells)
    assert found is not None
    assert found.kind == "planted"
    assert [cells.panel.names[c] for c in found.informative] == [
        "BF", "Place", "Amount", "Amount copy", "Pair 1", "Pair 2",
    ]  # fmt: skip
    some = channel_truth(store, spec_of(cells, (1, 4, 6, 7)), cells)
    assert some is not None
    assert some.informative == (0, 1)
    assert channel_truth(store, spec_of(cells, (6, 7)), cells) is None


def test_tissue_is_held_against_its_means_inside_the_cells(store: Store, tmp_path: Path) -> None:
    """The published formula over means of pixels inside the outlines, image by image."""
    request = ImportRequest(path=str(study(tmp_path / "s", n_images=6)), size=30)
    dataset = bring_in(store, request, quiet)
    means = []
    for i in range(6):
        inside = labels((20, 20 + i), {3: (1, 1, 4, 4), 70_000: (9, 8, 5, 6)}) > 0
        means.append(pixels((5, 20, 20 + i), seed=i)[:, inside].mean(axis=1))
    first, second = np.mean(means[::2], axis=0), np.mean(means[1::2], axis=0)
    found = channel_truth(store, spec_of(dataset), dataset)
    assert found is not None
    assert (found.kind, found.inside) == ("means", True)
    np.testing.assert_allclose(found.spread, np.abs(first - second) / first, rtol=1e-5)
    some = channel_truth(store, spec_of(dataset, (1, 3)), dataset)
    assert some is not None
    np.testing.assert_allclose(some.spread, np.array(found.spread)[[1, 3]])
    gone = replace(dataset, annotation_key="0" * 64)
    assert channel_truth(store, spec_of(dataset), gone) is None


@pytest.mark.parametrize(("n_channels", "held"), [(MANY - 1, False), (MANY, True)])
def test_other_cells_are_held_against_means_from_many_channels_on(
    store: Store, tmp_path: Path, n_channels: int, held: bool
) -> None:
    file = tmp_path / "cells.npz"
    images = np.random.default_rng(0).random((8, n_channels, 6, 6)).astype(np.float32)
    np.savez(file, images=images, labels=np.arange(8) % 2)
    dataset = bring_in(store, ImportRequest(path=str(file)), quiet)
    assert dataset.panel == Panel(
        tuple(Channel(name=f"Channel {i + 1}") for i in range(n_channels))
    )
    found = channel_truth(store, spec_of(dataset), dataset)
    assert (found is not None) is held
    if found is not None:
        means = images.mean(axis=(2, 3))
        first, second = means[::2].mean(axis=0), means[1::2].mean(axis=0)
        np.testing.assert_allclose(found.spread, np.abs(first - second) / first, rtol=1e-4)
        assert not found.inside
