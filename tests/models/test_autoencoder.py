import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.models import Autoencoder
from tests.models import tiny_autoencoders as tiny


def linear(code_dim, shape=(2, 2, 1)):
    images, codes = layers.Input(shape), layers.Input((code_dim,))
    code = layers.Dense(code_dim, use_bias=False)(layers.Flatten()(images))
    pixels = layers.Dense(int(np.prod(shape)), use_bias=False)(codes)
    return (
        keras.Model(images, code),
        keras.Model(codes, layers.Reshape(shape)(pixels)),
    )


def test_hand_worked_loss():
    encoder, decoder = linear(code_dim=1)
    # The code is the first pixel; all pixels of the answer are its half.
    encoder.set_weights([np.array([[1.0], [0.0], [0.0], [0.0]])])
    decoder.set_weights([np.full((1, 4), 0.5)])
    model = Autoencoder(encoder, decoder)
    model.compile(run_eagerly=True)
    images = np.array([[1, 0, 0.5, -1], [0, 1, 0, 0]], "float32")
    # Answers 0.5 and 0: 0.25 + 0.25 + 0 + 2.25 = 2.75 and 1, on average 1.875.
    logs = tiny.step(model, images.reshape(2, 2, 2, 1))
    np.testing.assert_allclose(logs["loss"], 1.875)
    np.testing.assert_allclose(logs["reconstruction_loss"], 1.875)
    np.testing.assert_allclose(logs["mse"], 1.875 / 4)


def test_principal_components_are_the_best_linear_networks():
    """The loss is what they leave over, and has no slope there."""
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(256, 4)) * [0.3, 0.2, 0.1, 0.05]
    pixels = np.clip(pixels @ np.linalg.qr(rng.normal(size=(4, 4)))[0], -1, 1)
    _, singular_values, components = np.linalg.svd(pixels)
    encoder, decoder = linear(code_dim=2)
    encoder.set_weights([components[:2].T])
    decoder.set_weights([components[:2]])
    model = Autoencoder(encoder, decoder)
    images = tf.constant(pixels.reshape(-1, 2, 2, 1), "float32")
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss, _, _ = model._objective(images, training=True)
    # What the two largest leave over (Eckart & Young, 1936).
    best = np.sum(singular_values[2:] ** 2) / len(pixels)
    np.testing.assert_allclose(loss, best, rtol=1e-4)
    for slope in tape.gradient(loss, [v.value for v in variables]):
        np.testing.assert_allclose(slope, 0, atol=1e-5)
    for _ in range(5):
        encoder.set_weights([components[:2].T + 0.1 * rng.normal(size=(4, 2))])
        assert model._objective(images, training=True)[0] > 1.001 * best


@pytest.mark.parametrize("code_dim", [4, 5])
def test_a_code_that_is_not_smaller_is_warned_of(code_dim):
    message = (
        "An undercomplete autoencoder has a code of fewer numbers than its "
        "input (Goodfellow et al., 2016, section 14.1); this one has a code of "
        f"{code_dim} for images of 4, and may learn to copy them."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        Autoencoder(*linear(code_dim))


def test_smaller_codes_and_free_sizes_are_not_warned_of():
    images = layers.Input((None, None, 1))
    maps = layers.Input((None, None, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Autoencoder(*linear(3))
        Autoencoder(
            keras.Model(images, layers.Conv2D(8, 2, 2)(images)),
            keras.Model(maps, layers.Conv2DTranspose(1, 2, 2)(maps)),
        )
