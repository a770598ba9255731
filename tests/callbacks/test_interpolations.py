"""Pictures of paths through the latent space."""

import re

import numpy as np
import pytest

from keras_gans.callbacks import draw_interpolations
from keras_gans.latents import interpolate
from tests.callbacks import painters


def expected_levels(model, num_paths, num_steps, seed):
    """Grey levels of paths that are drawn one after the other."""
    ends = np.asarray(model.draw_latents(2 * num_paths, seed))
    paths = [
        interpolate(ends[i], ends[num_paths + i], num_steps)
        for i in range(num_paths)
    ]
    return 20 * np.array(paths)[..., 0]  # (num_paths, num_steps)


def test_each_row_is_a_path():
    model = painters.painter()
    levels = painters.levels_of(draw_interpolations(model, 3, 5, 1), 3, 5)
    expected = expected_levels(model, 3, 5, 1)
    np.testing.assert_allclose(levels, np.clip(expected, 0, 255), atol=1)
    assert np.ptp(expected, axis=1).max() > 20


def test_each_row_has_its_label():
    model = painters.painter(conditional=True)
    labels = np.array([3, 1])
    picture = draw_interpolations(model, 2, 4, 1, labels)
    expected = expected_levels(model, 2, 4, 1) + 50 * labels[:, None]
    np.testing.assert_allclose(
        painters.levels_of(picture, 2, 4), np.clip(expected, 0, 255), atol=1
    )


def test_only_a_seed_repeats_the_paths():
    model = painters.painter()
    first = np.asarray(draw_interpolations(model, 2, 3, seed=1))
    np.testing.assert_array_equal(draw_interpolations(model, 2, 3, 1), first)
    assert np.any(np.asarray(draw_interpolations(model, 2, 3, 2)) != first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3, 1), "`num_paths` must be >= 1. Received: num_paths=0."),
        ((2, 1, 1), "`num_steps` must be >= 2. Received: num_steps=1."),
        (
            (2, 3, 1, [0]),
            "`labels` must have one label for each of 2 paths. "
            "Received: 1 labels.",
        ),
    ],
    ids=["paths", "steps", "labels"],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        draw_interpolations(painters.painter(), *arguments)
