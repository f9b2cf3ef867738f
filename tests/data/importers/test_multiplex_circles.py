"""The importer of drawn multiplexed images: its settings, all told, and the truth they plant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pxcore.data.importers import multiplex_circles as importer
from pxcore.data.importers.importer import ImportOptions, Source
from pxcore.data.synthetic import MultiplexParams, multiplex_circles, multiplex_panel
from pxcore.errors import DatasetError
from pxcore.types import Dataset, Panel
from pxcore.types.cells import Channel
from tests.import_runs import run

SMALL = {"n_images": 12, "size": 24, "channels": 8, "seed": 5}


def read(**values: object) -> Source:
    options = tuple((name, str(value)) for name, value in values.items())
    return importer.read(Path("multiplex_circles"), ImportOptions(values=options))


def test_the_images_are_the_generators() -> None:
    source = read(**SMALL, part=2, n_circles="3-5", sigma="0.1", polarity="both")
    params = MultiplexParams(
        **SMALL, part=2, radius=3, n_circles=(3, 5), sigma=0.1, polarity="both"
    )
    drawn = multiplex_circles(params)
    cells = list(source.cells())
    np.testing.assert_array_equal(np.stack([cell.images for cell in cells]), drawn.images)
    assert [cell.label for cell in cells] == [params.class_names[i] for i in drawn.labels]
    assert source.channel_names == ("P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08")
    assert source.settings == params.texts


def test_every_setting_is_told_and_makes_the_same_again() -> None:
    given = dict(read(**SMALL, modes="per_channel", shared_background="yes").settings)
    assert list(given) == list(importer.OPTIONS)
    assert given["low"] == "0.1-0.3"
    assert given["shared_background"] == "yes"
    again = importer.params_of(ImportOptions(values=tuple(given.items())))
    assert again.texts == tuple(given.items())


@pytest.mark.parametrize(
    ("size", "radius", "n_circles"), [(48, "3", "12-30"), (224, "5", "20-149")]
)
def test_circles_suit_the_size(size: int, radius: str, n_circles: str) -> None:
    given = dict(read(size=size).settings)
    assert (given["radius"], given["n_circles"]) == (radius, n_circles)
    assert given["n_images"] == "1200"


def test_half_a_circle_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"'n_circles' is '12\.7-30'; expected whole numbers"):
        read(n_circles="12.7-30")


def test_an_import_keeps_settings_and_truth(tmp_path: Path) -> None:
    options = tuple((name, str(value)) for name, value in SMALL.items())
    found = run(tmp_path, "multiplex_circles", options=options)
    params = replace(MultiplexParams(**SMALL), radius=3, n_circles=(12, 30))
    assert found.report.settings == params.texts
    assert found.report.format == "multiplex_circles"
    assert found.class_counts == (4, 4, 4)
    dataset = Dataset(
        id="d", title="", panel=found.panel, classes=found.classes, truth=found.truth,
        class_counts=found.class_counts, n_cells=12, image_shape=(8, 24, 24), dtype="uint8",
    )  # fmt: skip
    planted = multiplex_panel(params).informative
    assert dataset.informative == tuple(sorted(i for channels in planted for i in channels))
    plain = replace(dataset, truth=(), panel=Panel((Channel(name="a"),)))
    assert plain.informative == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"n_cells": 5}, "option 'n_cells' is not known.*n_images, size"),
        ({"size": "big"}, "option 'size' is 'big'; expected a whole number"),
        ({"sigma": "nan"}, "option 'sigma' is 'nan'; expected a number"),
        ({"low": "0.1"}, "option 'low' is '0.1'; expected two numbers"),
        ({"modes": "none"}, "option 'modes' is 'none'; expected one of per_image, per_channel"),
        ({"shared_background": "maybe"}, "expected one of no, yes"),
        ({"size": 8, "radius": 5}, "radius is 5; give a number from 1 to 3"),
    ],
)
def test_options_that_make_no_images(values: dict[str, object], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        read(**values)
