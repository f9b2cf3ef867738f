"""The demonstration cells: the generator's own, one by one, with their truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pxcore.data.importers import demo
from pxcore.data.importers.importer import ImportOptions
from pxcore.data.synthetic import IfcParams, ifc_cells
from pxcore.errors import DatasetError


def read(**values):
    options = tuple((name, str(value)) for name, value in values.items())
    return demo.read(Path("demo"), ImportOptions(values=options))


def test_the_cells_are_the_generators():
    source = read(n_cells=300, seed=3, n_noise=2, size=24, classes=5, donors=2)
    drawn = ifc_cells(IfcParams(n_cells=300, seed=3, n_noise=2, size=24, n_classes=5, n_donors=2))
    cells = list(source.cells())
    np.testing.assert_array_equal(np.stack([cell.images for cell in cells]), drawn.images)
    np.testing.assert_array_equal(np.stack([cell.masks for cell in cells]), drawn.masks)
    assert [cell.label for cell in cells] == [drawn.classes[i] for i in drawn.labels]
    assert [cell.group for cell in cells] == [drawn.group_names[i] for i in drawn.groups]
    assert [cell.object_number for cell in cells] == list(range(300))
    assert source.channel_names == drawn.panel.names
    assert source.truth == drawn.truth
    assert source.classes == drawn.classes
    assert source.roles == tuple(channel.role for channel in drawn.panel.channels)
    assert source.n_cells == len(source.sizes) == 300
    assert {tuple(size) for size in source.sizes} == {(24, 24)}


def test_without_options_it_is_the_default():
    source = read()
    assert source.n_cells == 1200
    first = next(source.cells())
    np.testing.assert_array_equal(first.images, ifc_cells().images[0])


def test_the_word_is_recognised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert demo.IMPORTER.recognise(Path("demo"))
    assert not demo.IMPORTER.recognise(Path("demo.h5"))
    assert not demo.IMPORTER.recognise(tmp_path / "demo")
    (tmp_path / "demo").mkdir()
    assert not demo.IMPORTER.recognise(Path("demo")), "a real folder of that name comes first"
    assert not demo.IMPORTER.untrusted


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cells": 5}, "option 'cells' is not known.*n_cells, seed"),
        ({"n_cells": "many"}, "option 'n_cells' is 'many'; expected a whole number"),
        ({"classes": 99}, "n_classes is 99; give a number from 3 to 8"),
    ],
)
def test_options_that_make_no_cells(values, said):
    with pytest.raises(DatasetError, match=said):
        read(**values)
