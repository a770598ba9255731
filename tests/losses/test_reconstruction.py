import numpy as np
import pytest

from keras_gans.losses import (
    bernoulli_negative_log_likelihood,
    gaussian_negative_log_likelihood,
    mean_absolute_error,
    squared_error,
)


def test_hand_worked_images():
    images = np.array([[[1.0, -1.0]], [[0.5, 0.5]]], "float32")
    others = np.array([[[0.0, 1.0]], [[0.5, 0.5]]], "float32")
    # (|1 - 0| + |-1 - 1|) / 2 = 1.5; equal images are at distance 0.
    np.testing.assert_allclose(mean_absolute_error(images, others), [1.5, 0.0])


@pytest.mark.parametrize(
    "shape", [(3,), (2, 5), (2, 4, 6, 3), (1, 2, 2, 2, 2)], ids=str
)
def test_equals_numpy(shape):
    rng = np.random.default_rng(0)
    images, others = rng.normal(size=(2, *shape)).astype("float32")
    expected = np.abs(images - others).reshape(shape[0], -1).mean(axis=1)
    loss = mean_absolute_error(images, others)
    assert loss.shape == shape[:1]
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_is_symmetric_and_scales_with_the_pixels():
    rng = np.random.default_rng(1)
    images, others = rng.normal(size=(2, 3, 4, 4, 1)).astype("float32")
    loss = mean_absolute_error(images, others)
    np.testing.assert_array_equal(mean_absolute_error(others, images), loss)
    np.testing.assert_allclose(
        mean_absolute_error(3 * images, 3 * others), 3 * loss, rtol=1e-6
    )


def test_squared_error_of_hand_worked_images():
    images = np.array([[[1.0, -1.0]], [[0.5, 0.5]]], "float32")
    others = np.array([[[0.0, 1.0]], [[0.5, 0.5]]], "float32")
    # 1^2 + 2^2, a sum and not a mean.
    np.testing.assert_allclose(squared_error(images, others), [5.0, 0.0])


def test_bernoulli_of_hand_worked_pixels():
    # Probabilities of white: 1/2, and 3/4 as s(log 3).
    logits = np.log(np.array([[1.0, 3.0, 3.0]], "float32"))
    black_and_white = np.array([[1.0, 1.0, -1.0]], "float32")
    # -log 1/2 - log 3/4 - log 1/4
    np.testing.assert_allclose(
        bernoulli_negative_log_likelihood(black_and_white, logits),
        [np.log(2) + np.log(4 / 3) + np.log(4)],
        rtol=1e-6,
    )
    # Grey is half of each: -(log 3/4 + log 1/4) / 2.
    np.testing.assert_allclose(
        bernoulli_negative_log_likelihood(
            np.zeros((1, 1), "float32"), logits[:, 1:2]
        ),
        [(np.log(4 / 3) + np.log(4)) / 2],
        rtol=1e-6,
    )


def test_bernoulli_is_finite_for_any_logit():
    logits = np.array([[1e4, -1e4]], "float32")
    right = np.array([[1.0, -1.0]], "float32")
    np.testing.assert_allclose(
        bernoulli_negative_log_likelihood(right, logits), [0.0]
    )
    np.testing.assert_allclose(
        bernoulli_negative_log_likelihood(-right, logits), [2e4]
    )


def test_bernoulli_likelihoods_of_all_pictures_add_up_to_one():
    logits = np.random.default_rng(0).normal(size=(1, 3)).astype("float32")
    pictures = np.array(np.meshgrid(*[[-1, 1]] * 3), "float32").reshape(3, 8).T
    losses = bernoulli_negative_log_likelihood(
        pictures, np.repeat(logits, 8, axis=0)
    )
    np.testing.assert_allclose(np.sum(np.exp(-losses)), 1.0, rtol=1e-6)


def test_gaussian_of_hand_worked_pixels():
    images = np.array([[1.0, 0.5]], "float32")
    means = np.array([[0.0, 0.5]], "float32")
    # 1 / 2 + 2 / 2 log(2 pi), and 1 / 0.5 + log(2 pi / 4).
    np.testing.assert_allclose(
        gaussian_negative_log_likelihood(images, means),
        [0.5 + np.log(2 * np.pi)],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        gaussian_negative_log_likelihood(images, means, variance=0.25),
        [2.0 + np.log(np.pi / 2)],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    "loss",
    [
        squared_error,
        bernoulli_negative_log_likelihood,
        gaussian_negative_log_likelihood,
    ],
    ids=lambda loss: loss.__name__,
)
def test_sums_grow_with_the_picture(loss):
    rng = np.random.default_rng(0)
    images, others = rng.uniform(-1, 1, (2, 3, 4, 4, 1)).astype("float32")
    wide = [np.concatenate([x, x], axis=2) for x in (images, others)]
    assert loss(images, others).shape == (3,)
    np.testing.assert_allclose(
        loss(*wide), 2 * np.array(loss(images, others)), rtol=1e-5
    )
