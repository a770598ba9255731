import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from keras_gans.data import binarization

# Every grey level that a file can hold, in [-1, 1].
LEVELS = data.to_float(np.arange(256, dtype="uint8"))


def deviations(binary, levels):
    """How far means are from their grey levels, in standard errors."""
    probability = (levels.astype("float64") + 1) / 2
    is_grey = (probability > 0) & (probability < 1)
    error = (binary.mean(0) + 1) / 2 - probability
    scale = np.sqrt(probability * (1 - probability) / len(binary))
    return (error[is_grey] / scale[is_grey]).round(6)


def test_mean_of_many_draws_is_the_grey_level():
    pictures = np.tile(LEVELS, (10_000, 1))
    binary = data.binarize(pictures, seed=3)
    assert binary.shape == pictures.shape and binary.dtype == np.float32
    assert set(np.unique(binary)) == {-1, 1}
    found = deviations(binary, LEVELS)
    # 254 standard normal numbers, if draws are independent.
    assert np.max(np.abs(found)) < 4.5
    assert 0.8 < np.std(found) < 1.2
    # What is black stays black, and what is white stays white.
    assert np.all(binary[:, 0] == -1) and np.all(binary[:, 255] == 1)


@pytest.mark.parametrize("wrong", ["threshold", "brighter"])
def test_wrong_draws_have_other_means(wrong):
    pictures = np.tile(LEVELS, (10_000, 1))
    binary = {
        "threshold": lambda: np.where(pictures < 0, -1, 1),
        "brighter": lambda: data.binarize(np.minimum(pictures + 0.05, 1), 3),
    }[wrong]()
    assert np.max(np.abs(deviations(binary, LEVELS))) > 4.5


@pytest.mark.parametrize("shape", [(3, 2, 1), (2, 2, 2), (5, 1)])
def test_pixels_and_pictures_are_independent(shape):
    binary = data.binarize(np.zeros((20_000, *shape)), 0).reshape(20_000, -1)
    # Each pixel beside those of its own picture and of the next one.
    size = binary.shape[1]
    both = np.concatenate([binary[:-1], binary[1:]], axis=1)
    correlations = np.corrcoef(both.T)[:size] - np.eye(size, 2 * size)
    assert np.max(np.abs(correlations)) < 4.5 / np.sqrt(20_000)


def test_seed_decides():
    pictures = np.zeros((20, 7, 5, 1), "float32")
    first, again, other = (data.binarize(pictures, s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    # 700 fair coins, with deviation 0.019.
    assert 0.4 < np.mean(first == other) < 0.6


def test_draws_of_a_picture_do_not_depend_on_the_others():
    pictures = np.random.default_rng(0).uniform(-1, 1, (9, 3, 5, 1))
    whole = data.binarize(pictures, 4)
    np.testing.assert_array_equal(whole[:4], data.binarize(pictures[:4], 4))
    changed = pictures.copy()
    changed[5] = 1
    kept = np.arange(9) != 5
    np.testing.assert_array_equal(whole[kept], data.binarize(changed, 4)[kept])


@pytest.mark.parametrize("size", [1, 6, 8, 785])
def test_drawn_at_once_equals_one_by_one(size):
    pictures = np.random.default_rng(1).uniform(-1, 1, (5, size))
    pictures = pictures.astype("float32")

    def draw(first, last):
        return binarization.draw_binary(
            pictures[first:last], 70 + first, 0, "images"
        )

    whole = draw(0, 5)
    single = tf.concat([draw(n, n + 1) for n in range(5)], axis=0)
    np.testing.assert_array_equal(whole, single)
    if size > 1:
        # Not because all numbers give the same.
        moved = binarization.draw_binary(pictures, 71, 0, "images")
        assert np.any(whole != moved)


def test_large_batches_equal_their_parts():
    # Large enough that several threads draw, each a part.
    grey = np.zeros((600, 3001), "float32")
    whole = binarization.draw_binary(grey, 0, 0, "images").numpy()
    part = binarization.draw_binary(grey[:20], 580, 0, "images").numpy()
    np.testing.assert_array_equal(whole[580:], part)


def test_graph_and_eager_draw_the_same():
    grey = np.zeros((4, 9), "float32")

    @tf.function
    def draw(number):
        return binarization.draw_binary(grey, number, 5, "images")

    np.testing.assert_array_equal(
        draw(tf.constant(2**40, "int64")),
        binarization.draw_binary(grey, 2**40, 5, "images"),
    )


def test_streams_differ():
    grey = np.zeros((20, 50), "float32")
    one, other = (
        binarization.draw_binary(grey, 0, 0, stream).numpy()
        for stream in ("images", "fixed")
    )
    assert 0.4 < np.mean(one == other) < 0.6


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (
            np.zeros((2, 3), "uint8"),
            TypeError,
            "`images` must be floats in [-1, 1]. Received: dtype=uint8. Use "
            "`to_float` first.",
        ),
        (
            np.full((2, 3), 1.01),
            ValueError,
            "`images` must be in [-1, 1]. Received: other values, or NaN. "
            "Scale them first.",
        ),
        (
            np.full((2, 3), np.nan),
            ValueError,
            "`images` must be in [-1, 1]. Received: other values, or NaN. "
            "Scale them first.",
        ),
    ],
    ids=["integers", "large", "nan"],
)
def test_other_values_are_refused(images, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        data.binarize(images, 0)
