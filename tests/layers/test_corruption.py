"""Layers of noise: statistics, seeds, range."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import (
    Corruption,
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
)

LAYERS = {
    "gaussian": lambda **k: GaussianCorruption(0.2, **k),
    "masking": lambda **k: MaskingCorruption(0.3, **k),
    "salt_and_pepper": lambda **k: SaltAndPepperCorruption(0.3, **k),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def grey(value=0.0, shape=(10, 50, 50, 2)):
    """50,000 equal values, which none of the layers makes by itself."""
    return np.full(shape, value, "float32")


def test_base_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Corruption()


@pytest.mark.parametrize("stddev", [0.0, 0.05, 0.1])
def test_gaussian_noise_is_a_share_of_the_range(stddev):
    """Of deviation 0.1 in [0, 1], and so 0.2 in [-1, 1]; mean 0."""
    noise = np.array(GaussianCorruption(stddev, seed=0)(grey(0.1))) - 0.1
    # 4 deviations of either estimate; nothing reaches the ends.
    deviation = 2 * stddev
    assert abs(noise.mean()) <= 4 * deviation / np.sqrt(noise.size) + 1e-7
    np.testing.assert_allclose(
        noise.std(), deviation, rtol=4 / np.sqrt(2 * noise.size), atol=1e-7
    )
    # Normal: a share of 0.6827 lies within one deviation.
    if stddev:
        share = np.mean(np.abs(noise) < deviation)
        assert abs(share - 0.6827) < 4 * 0.4654 / np.sqrt(noise.size)


def test_gaussian_noise_is_clipped():
    """On black, half of the draws are lost, and nothing is out of range."""
    noisy = np.array(GaussianCorruption(0.3, seed=0)(grey(-1.0)))
    assert noisy.min() == -1
    assert noisy.max() <= 1
    assert abs(np.mean(noisy == -1) - 0.5) < 4 * 0.5 / np.sqrt(noisy.size)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_masking_makes_a_share_black(rate):
    masked = np.array(MaskingCorruption(rate, seed=0)(grey(0.5)))
    assert set(np.unique(masked)) <= {-1.0, 0.5}
    deviation = np.sqrt(rate * (1 - rate) / masked.size)
    assert abs(np.mean(masked == -1) - rate) <= 4 * deviation


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_salt_and_pepper_are_equally_likely(rate):
    noisy = np.array(SaltAndPepperCorruption(rate, seed=0)(grey(0.5)))
    assert set(np.unique(noisy)) <= {-1.0, 0.5, 1.0}
    half = rate / 2
    deviation = np.sqrt(half * (1 - half) / noisy.size)
    for grain in (-1, 1):
        assert abs(np.mean(noisy == grain) - half) <= 4 * deviation


@every_layer
def test_channels_and_images_are_corrupted_apart(name):
    changed = np.array(LAYERS[name](seed=0)(grey(0.0))) != 0
    if name == "gaussian":
        changed = np.array(LAYERS[name](seed=0)(grey(0.0))) > 0
    share = changed.mean()
    both = (changed[..., 0] & changed[..., 1]).mean()
    across = (changed[:5] & changed[5:]).mean()
    # Independent events: the product of their shares, on 25,000 pairs.
    np.testing.assert_allclose([both, across], share**2, atol=4 * 0.5 / 158)


@every_layer
def test_every_call_has_new_noise_and_a_seed_the_same(name):
    layer = LAYERS[name](seed=0)
    first, second = np.array(layer(grey())), np.array(layer(grey()))
    assert np.any(first != second)
    np.testing.assert_array_equal(LAYERS[name](seed=0)(grey()), first)
    assert np.any(np.array(LAYERS[name](seed=1)(grey())) != first)
    before = layer.seed_generator.state.numpy()
    fixed = np.array(layer(grey(), seed=5))
    np.testing.assert_array_equal(layer(grey(), seed=5), fixed)
    assert np.any(np.array(layer(grey(), seed=6)) != fixed)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), before)


@every_layer
def test_it_corrupts_outside_of_training_too(name):
    images = keras.Input((4, 4, 1))
    model = keras.Model(images, LAYERS[name](seed=0)(images))
    noisy = model.predict(grey(0.0, (2, 4, 4, 1)), verbose=0)
    assert np.any(noisy != 0)


@every_layer
def test_graph_draws_as_eager(name):
    layers = [LAYERS[name](seed=4) for _ in range(2)]
    in_graph = tf.function(layers[1])
    images = grey(0.0, (2, 4, 4, 1))
    for _ in range(2):
        np.testing.assert_array_equal(in_graph(images), layers[0](images))


@every_layer
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_in_range(name, dtype):
    noisy = LAYERS[name](seed=0, dtype=dtype)(grey(0.9, (2, 8, 8, 1)))
    assert noisy.dtype == dtype
    assert np.max(np.abs(tf.cast(noisy, "float32"))) <= 1


@every_layer
def test_config_round_trip(name):
    layer = LAYERS[name](seed=3, name="noise")
    config = keras.saving.serialize_keras_object(layer)
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(grey()), layer(grey()))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: GaussianCorruption(-0.1),
            "`stddev` must be >= 0. Received: stddev=-0.1.",
        ),
        (
            lambda: GaussianCorruption(float("nan")),
            "`stddev` must be >= 0. Received: stddev=nan.",
        ),
        (
            lambda: MaskingCorruption(1.5),
            "`rate` must be in [0, 1]. Received: rate=1.5.",
        ),
        (
            lambda: SaltAndPepperCorruption(-1),
            "`rate` must be in [0, 1]. Received: rate=-1.",
        ),
    ],
    ids=["negative", "nan", "masking", "salt_and_pepper"],
)
def test_levels_are_checked(build, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build()
