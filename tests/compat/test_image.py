"""Image operations with tensorflow-addons' names against its answers."""

import re

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import keras_gans.compat.tfa as tfa
from tests.legacy import cases, fixtures


@pytest.mark.parametrize(
    "wrap", [lambda f: f, tf.function], ids=["eager", "graph"]
)
@pytest.mark.parametrize("name", cases.IMAGE_OPERATIONS)
def test_computes_what_tensorflow_addons_computed(name, wrap):
    shape, operation = cases.IMAGE_OPERATIONS[name]
    images = tf.constant(cases.draw(name, shape))
    outputs = wrap(lambda x: operation(tfa, x))(images)
    expected = fixtures.cases(name)["outputs"]
    assert np.any(expected != images)
    np.testing.assert_allclose(outputs, expected, atol=2e-5)


def test_keras_blur_is_another_at_the_edges():
    images = cases.draw("gaussian_filter", (2, 6, 8, 3))
    blurred = ops.convert_to_numpy(ops.image.gaussian_blur(images))
    expected = fixtures.cases("gaussian_filter")["outputs"]
    inside = np.s_[:, 1:-1, 1:-1]
    np.testing.assert_allclose(blurred[inside], expected[inside], atol=1e-5)
    assert np.max(np.abs(blurred - expected)) > 0.1


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda x: tfa.image.rotate(x, np.pi / 2), [[2, 4], [1, 3]]),
        (lambda x: tfa.image.translate(x, [1, 0]), [[0, 1], [0, 3]]),
        (lambda x: tfa.image.gaussian_filter2d(x, 1), [[1, 2], [3, 4]]),
    ],
    ids=["rotate", "translate", "blur of one pixel"],
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_by_hand(operation, expected, dtype):
    outputs = operation(np.array([[1, 2], [3, 4]], dtype))
    assert outputs.dtype == dtype
    np.testing.assert_array_equal(outputs, np.array(expected, dtype))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: tfa.image.gaussian_filter2d(x, sigma=0),
            "`sigma` must be > 0. Received: sigma=0.",
        ),
        (
            lambda x: tfa.image.gaussian_filter2d(x, padding="SAME"),
            "`padding` must be one of ['CONSTANT', 'REFLECT', 'SYMMETRIC']. "
            "Received: padding='SAME'.",
        ),
        (
            lambda x: tfa.image.rotate(x[0, 0], 1.0),
            "Images must be `(batch, height, width, channels)`, `(height, "
            "width, channels)` or `(height, width)`. Received: shape=(4,).",
        ),
    ],
)
def test_what_it_refuses(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call(np.zeros((4, 4), "float32")[None][0][None][0][None])
