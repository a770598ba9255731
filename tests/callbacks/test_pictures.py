"""The layout of many images in one picture, to the pixel."""

import re

import numpy as np
import pytest

from keras_gans.callbacks import draw_columns, draw_grid

WHITE = 255


def grey_images(*levels, shape=(40, 20, 1)):
    """Images of one uint8 level each, as floats in [-1, 1]."""
    floats = np.array(levels, "float32") / 127.5 - 1
    return np.ones((len(levels), *shape)) * floats[:, None, None, None]


def test_grid_is_exact_to_the_pixel():
    """Three images of 40x20, doubled to 80x40, gaps of 4 around them."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (3, 40, 20, 3))
    expected = np.full((4 + 2 * 84, 4 + 2 * 44, 3), WHITE)
    doubled = levels.repeat(2, axis=1).repeat(2, axis=2)
    expected[4:84, 4:44] = doubled[0]
    expected[4:84, 48:88] = doubled[1]
    expected[88:168, 4:44] = doubled[2]
    picture = np.asarray(draw_grid(levels / 127.5 - 1, 2))
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize(
    ("height", "drawn_height"), [(28, 84), (64, 128), (80, 80), (100, 100)]
)
def test_small_images_are_enlarged_by_whole_factors(height, drawn_height):
    picture = draw_grid(grey_images(0, shape=(height, height, 3)), 1)
    assert picture.size == (drawn_height + 8, drawn_height + 8)


def test_row_names_stand_left_of_their_rows():
    images = grey_images(0, 0, 0, 0, shape=(80, 80, 1))
    plain = np.asarray(draw_grid(images, 2))
    named = np.asarray(draw_grid(images, 2, ["shirt", "ankle boot"]))
    margin = named.shape[1] - plain.shape[1]
    np.testing.assert_array_equal(named[:, margin:], plain)
    ink = named[:, :margin, 0] < 128
    rows, columns = np.nonzero(ink)
    # Two lines of writing, each in the middle of its row of 84 pixels.
    first, second = rows[rows < 84], rows[rows >= 84]
    assert abs(first.mean() - 44) < 8
    assert abs(second.mean() - 128) < 8
    assert columns.min() >= 4
    assert columns.max() < margin
    # The longer name has more ink, and decides about the margin.
    assert len(second) > len(first)


@pytest.mark.parametrize(
    ("channels", "shown"),
    [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 1, 2]), (5, [0, 1, 2])],
)
def test_any_number_of_channels_is_shown(channels, shown):
    levels = 50 * np.arange(channels)
    images = np.ones((1, 80, 80, 1)) * (levels / 127.5 - 1)
    pixel = draw_grid(images, 1).getpixel((40, 40))
    np.testing.assert_array_equal(pixel, levels[shown])


def test_columns_keep_their_order_below_their_titles():
    columns = [
        ("a", grey_images(10, 20, shape=(96, 96, 1))),
        ("a to b", grey_images(30, 40, shape=(96, 96, 3))),
    ]
    picture = np.asarray(draw_columns(columns))
    assert picture.shape == (22 + 2 * 100, 4 + 2 * 100, 3)
    centres = picture[22 + 48 :: 100, 4 + 48 :: 100, 0]
    np.testing.assert_array_equal(centres, [[10, 30], [20, 40]])
    header = picture[:22, :, 0] < 128
    assert header[:, 4:104].any()
    assert header[:, 104:].sum() > header[:, :104].sum()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.zeros((3, 2)), 2),
            "`images` must have shape (n, height, width, channels), n at "
            "least 1. Received: shape (3, 2).",
        ),
        (
            (np.zeros((0, 8, 8, 1)), 2),
            "`images` must have shape (n, height, width, channels), n at "
            "least 1. Received: shape (0, 8, 8, 1).",
        ),
        (
            (np.zeros((3, 8, 8, 1)), 0),
            "`num_columns` must be >= 1. Received: num_columns=0.",
        ),
        (
            (np.zeros((3, 8, 8, 1)), 2, ["a"]),
            "`row_names` must have a name for each of 2 rows. "
            "Received: 1 names.",
        ),
    ],
    ids=["points", "none", "columns", "names"],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        draw_grid(*arguments)
