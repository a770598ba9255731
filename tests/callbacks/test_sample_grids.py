"""Grids of samples: what is where, and that only training changes them."""

import re

import numpy as np
import pytest

from keras_gans.callbacks import SampleGrids
from tests.callbacks import games, painters


def latents(*values):
    return np.array([[value, 0] for value in values], "float32")


def test_rows_are_labels_in_order_and_columns_share_their_noise(tmp_path):
    grids = SampleGrids(latents(0, 1, 2), tmp_path, labels=[3, 0, 1])
    grids.set_model(painters.painter(conditional=True))
    levels = painters.levels_of(grids.draw(), 3, 3)
    expected = [[150, 170, 190], [0, 20, 40], [50, 70, 90]]
    np.testing.assert_allclose(levels, expected, atol=1)


def test_names_of_the_classes_stand_beside_their_rows(tmp_path):
    names = ("I", "a very long name", "I", "I")

    def margin(class_names, labels):
        grids = SampleGrids(
            latents(0), tmp_path, labels=labels, class_names=class_names
        )
        grids.set_model(painters.painter(conditional=True))
        picture = np.asarray(grids.draw())
        return picture[:, : -(80 + 4)]

    short = margin(names, [0, 2])
    assert margin(names, [0, 1]).shape[1] > short.shape[1]
    # Without names, the numbers: 0 is another drawing than 2.
    numbers = margin((), [0, 2])
    assert np.any(numbers[:84] != numbers[84:168])
    np.testing.assert_array_equal(short[:84], short[84:168])


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(1, 1, 1), (4, 2, 2), (5, 3, 2), (64, 8, 8)]
)
def test_without_labels_the_grid_is_nearly_square(
    count, columns, rows, tmp_path
):
    grids = SampleGrids(latents(*range(count)), tmp_path)
    grids.set_model(painters.painter())
    picture = grids.draw()
    assert picture.size == (4 + 84 * columns, 4 + 84 * rows)
    levels = painters.levels_of(picture, rows, columns).ravel()[:count]
    expected = np.minimum(20 * np.arange(count), 255)
    np.testing.assert_allclose(levels, expected, atol=1)


def test_the_same_noise_shows_only_what_training_changed(tmp_path):
    model = games.gan(games.IMAGE_SHAPE, hidden_units=(4,), run_eagerly=True)
    noise = model.draw_latents(4, seed=0)
    grids = SampleGrids(noise, tmp_path)
    grids.set_model(model)
    before = np.asarray(grids.draw())
    np.testing.assert_array_equal(grids.draw(), before)
    games.play(model, games.corners(32)[0], 1, grids)
    assert np.any(np.asarray(grids.draw()) != before)
    assert grids.path_of(0).read_bytes() != grids.path_of(1).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"latents": np.zeros((0, 2))},
            "`latents` must hold noise for one image or more. "
            "Received: shape (0, 2).",
        ),
        (
            {"labels": [0, 2], "class_names": ["a", "b"]},
            "`class_names` must have a name for each class in `labels`. "
            "Received: 2 names, and label 2.",
        ),
    ],
    ids=["no noise", "no name"],
)
def test_bad_arguments_are_refused(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SampleGrids(
            **{"latents": latents(0), "directory": tmp_path, **arguments}
        )
