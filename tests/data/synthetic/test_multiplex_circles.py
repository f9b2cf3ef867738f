"""The multiplexed images: what is planted can be counted in the pixels, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pxcore.data.synthetic import (
    MultiplexParams,
    multiplex_circles,
    multiplex_images,
    multiplex_labels,
    multiplex_oracle,
    multiplex_panel,
    multiplex_truth,
    suited,
)
from pxcore.errors import DatasetError
from pxcore.types.cells import NOTHING

RADIUS, CIRCLES = suited(48)
SMALL = MultiplexParams(n_images=90, size=48, radius=RADIUS, n_circles=CIRCLES, seed=3)
SHARP = replace(SMALL, sigma=0.0, noise=0.0)
"""Two brightnesses in each channel of an image, so that circles can be counted."""


def informative(params: MultiplexParams) -> list[int]:
    return sorted(i for channels in multiplex_panel(params).informative for i in channels)


def bright_share(params: MultiplexParams) -> np.ndarray:
    """Return (N, C): share of bright ones among the pixels of circles."""
    images = multiplex_circles(params).images
    seen, bright = images > 10, images > 127
    return bright.sum(axis=(2, 3)) / seen.sum(axis=(2, 3))


def test_the_informative_channels_are_two_of_each_class_and_none_twice() -> None:
    panel = multiplex_panel(SMALL)
    assert [len(channels) for channels in panel.informative] == [2, 2, 2]
    assert len(set(informative(SMALL))) == 6
    assert informative(SMALL) != informative(replace(SMALL, seed=4))
    said = multiplex_truth(SMALL)
    assert [i for i, text in enumerate(said) if not text.startswith(NOTHING)] == informative(SMALL)
    assert "80% of the circles are bright in class A" in said[panel.informative[0][0]]


def test_circles_are_bright_where_their_class_says_so_and_only_there() -> None:
    params = replace(SHARP, n_images=300)
    share, labels = bright_share(params), multiplex_labels(params)
    for label, channels in enumerate(multiplex_panel(params).informative):
        mine = share[labels == label][:, list(channels)].mean(axis=0)
        others = share[labels != label].mean(axis=0)
        np.testing.assert_allclose(mine, 0.8, atol=0.04)
        np.testing.assert_allclose(others[list(channels)], 0.5, atol=0.04)
    rest = np.delete(np.arange(30), informative(params))
    np.testing.assert_allclose(share[:, rest].mean(axis=0), 0.5, atol=0.04)


def test_the_share_of_bright_circles_is_kept_in_every_image() -> None:
    """Five circles of 5 pixels: four are bright in the channels of the class, two in the others."""
    params = replace(SHARP, radius=1, n_circles=(5, 5))
    images, labels = multiplex_circles(params).images, multiplex_labels(params)
    apart = (images[:, 0] > 10).sum(axis=(1, 2)) == 25  # no circle covers another
    assert apart.sum() > 50
    bright = (images > 127).sum(axis=(2, 3)) // 5  # (N, C)
    for label, channels in enumerate(multiplex_panel(params).informative):
        wanted = np.full(30, 2)
        wanted[list(channels)] = 4
        assert (bright[apart & (labels == label)] == wanted).all()


def test_the_share_of_bright_circles_may_be_drawn_circle_by_circle() -> None:
    """Of five circles, each bright with 1/2: their number is spread as five tossed coins are."""
    params = replace(SHARP, radius=1, n_circles=(5, 5), shares="drawn")
    images = multiplex_circles(params).images
    apart = (images[:, 0] > 10).sum(axis=(1, 2)) == 25
    rest = np.delete(np.arange(30), informative(params))
    bright = ((images > 127).sum(axis=(2, 3)) // 5)[apart][:, rest]
    share = np.bincount(bright.ravel(), minlength=6) / bright.size
    np.testing.assert_allclose(share, np.array([1, 5, 10, 10, 5, 1]) / 32, atol=0.03)


@pytest.mark.parametrize(("polarity", "wanted"), [("left", {0.2}), ("both", {0.2, 0.8})])
def test_polarity_turns_channels_to_the_dim_side(polarity: str, wanted: set[float]) -> None:
    params = replace(SHARP, polarity=polarity)
    share, labels = bright_share(params), multiplex_labels(params)
    found = set()
    for label, channels in enumerate(multiplex_panel(params).informative):
        for channel in channels:
            mean = share[labels == label, channel].mean()
            found |= {level for level in (0.2, 0.8) if abs(mean - level) < 0.08}
    assert found == wanted


def test_other_channels_may_be_fixed_or_drawn_for_each_image() -> None:
    rest = np.delete(np.arange(30), informative(SHARP))
    fixed = bright_share(replace(SHARP, background="fixed"))[:, rest]
    each = bright_share(replace(SHARP, background="random"))[:, rest]
    means = fixed.mean(axis=0)
    assert np.all(np.minimum(abs(means - 0.2), abs(means - 0.8)) < 0.08)
    assert {round(float(mean), 0) for mean in means} == {0.0, 1.0}
    assert np.all(abs(each.mean(axis=0) - 0.5) < 0.15)
    assert each.std(axis=0).mean() > 0.28 > fixed.std(axis=0).mean()  # two heaps 0.6 apart


def test_all_channels_have_their_circles_at_the_same_places() -> None:
    images = multiplex_circles(SHARP).images > 10
    assert (images == images[:, :1]).all()
    first = next(multiplex_images(replace(SHARP, n_circles=(1, 1)))) > 10
    assert first[0].sum() == 29  # a disc of radius 3, whole
    assert first[0].any(axis=0).sum() == first[0].any(axis=1).sum() == 7


def test_channels_are_drawn_for_themselves_unless_asked_otherwise() -> None:
    def alike(params: MultiplexParams) -> float:
        rest = np.delete(np.arange(30), informative(params))
        images = multiplex_circles(params).images[:, rest]
        return float((images == images[:, :1]).all(axis=(2, 3)).mean())

    assert alike(SHARP) < 0.1  # the first one is like itself
    assert alike(replace(SHARP, shared_background=True)) == 1.0


def test_modes_are_drawn_for_each_image_or_each_channel() -> None:
    def brightest(params: MultiplexParams) -> np.ndarray:
        return multiplex_circles(params).images.max(axis=(2, 3)).astype(float)

    assert brightest(replace(SHARP, modes="per_channel")).std(axis=0).max() < 1e-9
    drawn = brightest(SHARP) / 255
    assert drawn.std(axis=0).min() > 0.03
    assert 0.69 < drawn.min() < 0.72
    assert 0.88 < drawn.max() < 0.91


def test_an_image_depends_on_nothing_but_its_number() -> None:
    few = list(multiplex_images(replace(SMALL, n_images=6)))
    again = multiplex_circles(replace(SMALL, n_images=6)).images
    np.testing.assert_array_equal(np.stack(few), again)
    some = list(multiplex_images(replace(SMALL, n_images=6), 2, 4))
    np.testing.assert_array_equal(np.stack(some), again[2:4])
    assert few[0].dtype == np.uint8
    assert few[0].shape == (30, 48, 48)
    assert np.bincount(multiplex_labels(SMALL)).tolist() == [30, 30, 30]


def test_parts_share_what_is_planted_and_no_image() -> None:
    parts = [replace(SMALL, n_images=30, part=part) for part in range(3)]
    assert len({str(multiplex_panel(one).informative) for one in parts}) == 1
    drawn = [multiplex_circles(one).images.reshape(30, -1) for one in parts]
    seen = {image.tobytes() for images in drawn for image in images}
    assert len(seen) == 90
    ahead = multiplex_circles(replace(parts[0], seed=4)).images  # seeds of parts do not overlap
    assert not seen & {image.tobytes() for image in ahead.reshape(30, -1)}


def test_an_oracle_of_channel_means_tells_the_classes_and_knows_the_channels() -> None:
    """Logistic regression on one mean a channel: what the images hold, without any network."""
    train, test = (
        multiplex_circles(replace(SMALL, n_images=n, part=part)) for n, part in ((600, 0), (300, 2))
    )
    found = multiplex_oracle(train, test)
    assert found.accuracy > 0.95
    assert sorted(np.argsort(found.weight)[-6:].tolist()) == informative(SMALL)
    turned = replace(test, labels=(test.labels + 1) % 3)
    assert multiplex_oracle(train, turned).accuracy < 0.05, "of the test images"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"channels": 5}, "channels is 5; give a number from 6 to 256"),
        ({"radius": 30}, "radius is 30; give a number from 1 to 23"),
        ({"freq": 0.7}, "freq is 0.7"),
        ({"n_circles": (30, 12)}, "n_circles is 30 to 12; give two numbers"),
        ({"n_circles": (0, 3)}, "n_circles is 0 to 3"),
        ({"high": (0.9, 1.4)}, "high is 0.9 to 1.4"),
        ({"background": "grey"}, "background is 'grey'; expected one of mid, random, fixed"),
    ],
)
def test_what_makes_no_images_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        replace(SMALL, **wrong)
