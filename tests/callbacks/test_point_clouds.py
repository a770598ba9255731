"""Pictures of points, by the colours at places where we know the answer."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.callbacks import PointClouds
from keras_gans.models import GAN
from tests.callbacks.games import Mixture

# Its frame is the square from -1.7 to 1.7.
MIXTURE = Mixture(np.array([[-1.0, -1.0], [1.0, 1.0]]), 0.05)


def linear(name, kernel, bias):
    dense = layers.Dense(np.shape(kernel)[1], name=name)
    network = keras.Sequential([layers.Input((2,)), dense])
    dense.set_weights([np.array(kernel), np.array(bias)])
    return network


def draw(folder, kernel=(0.0, 0.0), bias=0.0, loss="non_saturating", shift=9.0):
    """Picture for the logit kernel . (x, y) + bias, as an integer array.

    Points are the latents, moved by `shift`: by default, out of sight.
    """
    model = GAN(
        linear("generator", np.eye(2), [shift, shift]),
        linear("discriminator", np.array(kernel)[:, None], [bias]),
    )
    model.compile(adversarial_loss=loss)
    noise = np.array([[-1.0, -1.0], [1.0, -1.0]], "float32")
    clouds = PointClouds(MIXTURE, noise, folder)
    clouds.set_model(model)
    return np.asarray(clouds.draw()).astype(int)


def at(picture, x, y):
    """Colour at a place of the plane; axes are a fixed part of the picture."""
    height, width, _ = picture.shape
    across, up = (x + 1.7) / 3.4, (y + 1.7) / 3.4
    row = height * (1 - 0.06 - 0.83 * up)
    return picture[round(row), round(width * (0.08 + 0.76 * across))]


def is_blue(color):
    return color[2] > color[0] + 10


def is_red(color):
    return color[0] > color[2] + 10


@pytest.mark.parametrize(
    "loss",
    ["non_saturating", "hinge", "least_squares", "wasserstein"],
)
def test_blue_is_where_the_discriminator_says_real(loss, tmp_path):
    to_the_right = draw(tmp_path, (5.0, 0.0), loss=loss)
    assert is_red(at(to_the_right, -1.5, 0.7))
    assert is_blue(at(to_the_right, 1.5, -0.7))
    upwards = draw(tmp_path, (0.0, 5.0), loss=loss)
    assert is_red(at(upwards, 0.7, -1.5))
    assert is_blue(at(upwards, -0.7, 1.5))


@pytest.mark.parametrize(
    ("loss", "has_line"), [("non_saturating", True), ("wasserstein", False)]
)
def test_only_probabilities_have_a_line_where_nobody_can_tell(
    loss, has_line, tmp_path
):
    picture = draw(tmp_path, (5.0, 0.0), bias=-2.5, loss=loss)
    # The logit is 0 at x = 0.5; dashes, so not in every row.
    line = [at(picture, 0.5, y).max() for y in np.linspace(-1.5, 0.7, 60)]
    assert (min(line) < 150) == has_line
    beside = [at(picture, 0.2, y).max() for y in np.linspace(-1.5, 0.7, 60)]
    assert min(beside) > 150


def test_the_loss_says_what_a_probability_is(tmp_path):
    """A logit of 0.47: as least squares below 0.5, else sigmoid, 0.62."""
    as_it_is = draw(tmp_path, bias=0.47, loss="least_squares")
    by_sigmoid = draw(tmp_path, bias=0.47)
    red, _, blue = at(as_it_is, 0, 0)
    assert red > blue
    red, _, blue = at(by_sigmoid, 0, 0)
    assert red < blue


def test_a_critic_without_an_opinion_can_be_drawn(tmp_path):
    picture = draw(tmp_path, loss="wasserstein")
    np.testing.assert_array_equal(at(picture, 0.5, 0), at(picture, -1, 1))


def test_points_and_circles_are_where_they_belong(tmp_path):
    empty = draw(tmp_path)
    picture = draw(tmp_path, shift=0.0)
    # One at the first centre, and one where no centre is.
    for x, y in ((-1, -1), (1, -1)):
        assert at(picture, x, y).max() < at(empty, x, y).max() - 80
    np.testing.assert_array_equal(at(picture, 1, 1), at(empty, 1, 1))
    # A circle of 3 * 0.05 around each centre, and none elsewhere.
    for x, y in ((-1, -1), (1, 1)):
        ring = [at(empty, x + dx, y).max() for dx in (-0.15, 0.15)]
        assert max(ring) < 120
    assert min(at(empty, 1 + dx, -1).max() for dx in (-0.15, 0.15)) > 200


def test_title_counts_modes_and_points(tmp_path):
    clouds = PointClouds(MIXTURE, np.zeros((1, 2)), tmp_path)
    clouds.epoch = 7
    # Two in the first circle, one just outside of it, one out of the frame.
    points = np.array([[-1, -1], [-1, -0.9], [-1, -0.8], [5, 0]])
    assert clouds._title(points) == (
        "Epoch 7: 1 of 2 modes found\n"
        "Of 4 points, 2 in a circle, 1 outside of the picture"
    )
