import numpy as np
import pytest

from keras_gans.losses import mean_absolute_error


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
