"""The two compressions: round trips against a one-pixel-at-a-time writer, and damage."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pxcore.data.cif_codec import decode_image, decode_mask
from pxcore.errors import DatasetError
from tests.cif_writer import encode_image, encode_mask, nibbles_of

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def strip_of(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


@given(hnp.arrays(np.int64, SHAPES, elements=st.integers(-32768, 65535)))
def test_images_come_back(plane):
    decoded = decode_image(strip_of(encode_image(plane)), *plane.shape)
    np.testing.assert_array_equal(decoded, plane)


@given(hnp.arrays(np.uint8, SHAPES, elements=st.sampled_from([0, 1, 2, 3, 255])))
def test_masks_come_back(plane):
    np.testing.assert_array_equal(decode_mask(strip_of(encode_mask(plane)), *plane.shape), plane)


def test_long_runs():
    plane = np.zeros((40, 40), np.uint8)
    plane[5:30] = 1
    encoded = encode_mask(plane)
    assert len(encoded) == 2 * (1 + 4 + 2)  # runs of at most 256
    np.testing.assert_array_equal(decode_mask(strip_of(encoded), 40, 40), plane)


def test_the_bytes_of_a_worked_example():
    """5, then 3 more to the right, as nibbles by hand: 5 = 101 needs a second one for its sign."""
    assert nibbles_of(5) == [0b1101, 0b0000]
    assert nibbles_of(3) == [0b0011]
    assert nibbles_of(-1) == [0b0111]
    assert nibbles_of(-5) == [0b1011, 0b0111]
    strip = strip_of(bytes([0x0D, 0x03]))
    assert decode_image(strip, 1, 2).tolist() == [[5, 8]]


def test_the_predictor_reaches_across_channel_borders():
    """Each pixel adds to its left neighbour in the whole row and to the row above."""
    strip = strip_of(bytes([0x11, 0x11]))
    assert decode_image(strip, 2, 2).tolist() == [[1, 2], [2, 4]]


def test_too_few_pixels():
    strip = strip_of(encode_image(np.arange(6).reshape(2, 3)))
    with pytest.raises(DatasetError, match="holds 6 pixels; 12 are expected"):
        decode_image(strip, 4, 3)
    with pytest.raises(DatasetError, match="holds 0 pixels"):
        decode_image(strip_of(b""), 1, 1)


def test_a_value_without_end():
    with pytest.raises(DatasetError, match="takes 21 nibbles"):
        decode_image(strip_of(b"\xff" * 10 + b"\x00"), 1, 1)


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x02", b"\x01\x09"])
def test_runs_that_miss_the_end(data):
    with pytest.raises(DatasetError, match="runs of the compressed mask end"):
        decode_mask(strip_of(data), 2, 2)


def test_bytes_after_the_last_pixel_do_not_matter():
    assert decode_mask(strip_of(b"\x01\x03\x05\x07\x09"), 2, 2).tolist() == [[1, 1], [1, 1]]


@given(st.binary(max_size=60), SHAPES)
def test_any_bytes_decode_or_are_refused(data, shape):
    for decode in (decode_image, decode_mask):
        with contextlib.suppress(DatasetError):
            assert decode(strip_of(data), *shape).shape == shape
