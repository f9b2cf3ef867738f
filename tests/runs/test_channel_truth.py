"""What a run's rankings are held against: planted channels, or means of the imported cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.ingest import Ingested, ingest
from pxcore.data.overview import Overview
from pxcore.runs import imports
from pxcore.runs.channel_truth import MANY, channel_truth
from pxcore.runs.galleries import add_labels
from pxcore.runs.imports import bring_in
from pxcore.store.home import Store
from pxcore.types import Channel, ImportRequest, Panel, RunSpec
from tests.tiny_lab import tiny_dataset
from tests.tissue_writer import labels, pixels, study, write


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
    """The published formula over single cells: each counts once, whatever its image or size."""
    folder = study(tmp_path / "s", n_images=6)
    boxes = {3: (1, 1, 4, 4), 70_000: (9, 8, 5, 6)}
    many = boxes | {4: (0, 14, 3, 3), 5: (15, 0, 3, 4), 6: (16, 14, 2, 2)}  # 6: too small
    write(folder / "masks" / "i0.tiff", labels((20, 20), many))
    dataset = bring_in(store, ImportRequest(path=str(folder), size=12), quiet)  # outlines cut off
    classes: tuple[list[np.ndarray], ...] = ([], [])
    for i in range(6):
        image = pixels((5, 20, 20 + i), seed=i)
        for top, left, height, width in (boxes if i else many).values():
            if height * width >= 9:
                cell = image[:, top : top + height, left : left + width]
                classes[i % 2].append(cell.mean(axis=(1, 2)))
    assert [len(one) for one in classes] == [8, 6]
    first, second = (np.mean(one, axis=0) for one in classes)
    found = channel_truth(store, spec_of(dataset), dataset)
    assert found is not None
    assert (found.kind, found.inside, found.single) == ("means", True, True)
    np.testing.assert_allclose(found.spread, np.abs(first - second) / first, rtol=1e-5)
    some = channel_truth(store, spec_of(dataset, (1, 3)), dataset)
    assert some is not None
    np.testing.assert_allclose(some.spread, np.array(found.spread)[[1, 3]])
    gone = replace(dataset, annotation_key="0" * 64)
    assert channel_truth(store, spec_of(dataset), gone) is None


def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register what an import finds as it was before single cells were measured."""

    def without(*given: object) -> Ingested:
        found = ingest(*given)  # type: ignore[arg-type]
        replace(Overview.load(found.overview_folder), single_cells=None).save(found.overview_folder)
        return replace(found, overview_parts=())

    monkeypatch.setattr(imports, "ingest", without)


def test_an_older_import_stays_readable_until_it_is_made_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ImportRequest(path=str(study(tmp_path / "s", n_images=4)), size=30)
    with monkeypatch.context() as patched:
        older(patched)
        dataset = bring_in(store, request, quiet)
    before = channel_truth(store, spec_of(dataset), dataset)
    assert before is not None
    assert (before.inside, before.single) == (True, False)
    means = []
    for i in range(4):
        inside = labels((20, 20 + i), {3: (1, 1, 4, 4), 70_000: (9, 8, 5, 6)}) > 0
        means.append(pixels((5, 20, 20 + i), seed=i)[:, inside].mean(axis=1))
    first, second = np.mean(means[::2], axis=0), np.mean(means[1::2], axis=0)
    np.testing.assert_allclose(before.spread, np.abs(first - second) / first, rtol=1e-5)
    assert bring_in(store, request, quiet).id == dataset.id
    after = channel_truth(store, spec_of(dataset), dataset)
    assert after is not None
    assert after.single
    with monkeypatch.context() as patched:
        older(patched)
        bring_in(store, request, quiet)
    assert channel_truth(store, spec_of(dataset), dataset) == after  # nothing is taken away


def test_new_labels_keep_the_single_cells(store: Store, tmp_path: Path) -> None:
    dataset = bring_in(store, ImportRequest(path=str(study(tmp_path / "s")), size=30), quiet)
    other = add_labels(store, dataset.id, "object_number,label\n0,x\n1,y\n2,y\n3,x\n")
    found = channel_truth(store, spec_of(other), other)
    assert found is not None
    assert found.single


def test_a_class_without_cells_is_compared_image_by_image(store: Store, tmp_path: Path) -> None:
    folder = study(tmp_path / "s", n_images=4)
    for i in (1, 3):
        write(folder / "masks" / f"i{i}.tiff", labels((20, 20 + i), {}))
    dataset = bring_in(store, ImportRequest(path=str(folder), size=30), quiet)
    found = channel_truth(store, spec_of(dataset), dataset)
    assert found is not None
    assert (found.single, len(found.spread)) == (False, 5)


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
        assert not found.single
