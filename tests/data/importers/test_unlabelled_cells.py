"""The importer of cells of hidden kinds: the generator's cells, kinds told or hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.importers import unlabelled_cells as importer
from pxcore.data.importers.importer import ImportOptions, Source
from pxcore.data.synthetic import UnlabelledParams, unlabelled_cells
from pxcore.errors import DatasetError
from pxcore.types import Dataset
from pxcore.types.unlabelled import planes_of
from tests.import_runs import run

SMALL = {"n_cells": 24, "size": 16, "seed": 5}


def read(**values: object) -> Source:
    options = tuple((name, str(value)) for name, value in values.items())
    return importer.read(Path(importer.WORD), ImportOptions(values=options))


@pytest.mark.parametrize("form", ["pictures", "volumes", "paired"])
def test_the_cells_are_the_generators(form: str) -> None:
    source = read(**SMALL, form=form, depth=4, contrast=0.5)
    drawn = unlabelled_cells(
        UnlabelledParams(form=form, n_cells=24, size=16, depth=4, seed=5, contrast=0.5)
    )
    cells = list(source.cells())
    np.testing.assert_array_equal(np.stack([cell.images for cell in cells]), drawn.images)
    np.testing.assert_array_equal(np.stack([cell.masks for cell in cells]), drawn.masks)
    assert [cell.label for cell in cells] == [drawn.kinds[i] for i in drawn.labels]
    assert [cell.object_number for cell in cells] == list(range(24))
    assert len(source.channel_names) == drawn.planes.count == len(source.truth)


def test_kinds_may_be_hidden() -> None:
    source = read(**SMALL, labels="hidden")
    assert {cell.label for cell in source.cells()} == {None}
    assert source.classes is None
    assert dict(source.settings)["labels"] == "hidden"


def test_an_import_keeps_volumes_truth_and_settings(tmp_path: Path) -> None:
    options = tuple((k, str(v)) for k, v in (SMALL | {"form": "paired", "depth": 4}).items())
    found = run(tmp_path, importer.WORD, options=options)
    params = UnlabelledParams(form="paired", depth=4, **SMALL)
    assert dict(found.report.settings) == {
        "form": "paired", "n_cells": "24", "size": "16", "depth": "4", "shift": "0.12",
        "spread": "0.15", "contrast": "1.0", "labels": "known", "seed": "5",
    }  # fmt: skip
    again = importer.params_of(ImportOptions(values=found.report.settings))
    assert again == params
    dataset = Dataset(
        id="d", title="", panel=found.panel, classes=found.classes, truth=found.truth,
        class_counts=found.class_counts, n_cells=24, image_shape=found.image_shape,
        dtype="uint16", volumes=found.volumes, depth=found.depth,
    )  # fmt: skip
    assert planes_of(dataset) == params.planes
    assert dataset.panel.names[3:5] == ("Place z1", "Place z2")
    assert dataset.informative == (1, 3, 4, 5, 6)  # Grain, and every slice of Place
    flat = replace(dataset, volumes=0, depth=0)
    assert planes_of(flat).units == tuple((i,) for i in range(7))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"classes": 5}, "option 'classes' is not known.*form, n_cells"),
        ({"form": "holograms"}, "'form' is 'holograms'; expected one of pictures, volumes, paired"),
        ({"labels": "some"}, "'labels' is 'some'; expected one of known, hidden"),
        ({"contrast": "nan"}, "option 'contrast' is 'nan'"),
        ({"size": 4}, "size is 4; give a number from 16"),
    ],
)
def test_options_that_make_no_cells(values: dict[str, object], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        read(**values)
