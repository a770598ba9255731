import keras
import numpy as np
import tensorflow as tf

from keras_gans.layers import GaussianSampling


def moments(mean, log_variance, count=20_000, seed=0):
    """Of each number, over the draws of one call."""
    shape = (count, len(mean))
    draws = GaussianSampling(seed)(
        np.broadcast_to(np.float32(mean), shape).copy(),
        np.broadcast_to(np.float32(log_variance), shape).copy(),
    )
    return np.mean(draws, axis=0), np.std(draws, axis=0)


def test_mean_and_deviation_are_the_given_ones():
    # exp(lv / 2) for 0, log 4 and log 0.25: 1, 2 and 0.5.
    deviations = np.array([1.0, 2.0, 0.5])
    mean, deviation = moments([0.0, 3.0, -1.0], np.log(deviations**2))
    error = deviations / np.sqrt(20_000)
    np.testing.assert_array_less(np.abs(mean - [0, 3, -1]), 4 * error)
    np.testing.assert_array_less(np.abs(deviation - deviations), 4 * error)


def test_gradients_pass_to_both():
    """dz/dm = 1, and dz/dlv = (z - m) / 2."""
    mean = tf.constant([[0.5, -1.0]])
    log_variance = tf.constant([[0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch([mean, log_variance])
        draws = GaussianSampling(seed=0)(mean, log_variance)
    slopes = tape.gradient(draws, [mean, log_variance])
    np.testing.assert_array_equal(slopes[0], [[1.0, 1.0]])
    np.testing.assert_allclose(slopes[1], (draws - mean) / 2, rtol=1e-6)


def test_every_call_has_new_noise_and_a_seed_the_same():
    layer = GaussianSampling(seed=0)
    zeros = np.zeros((4, 3), "float32")
    first, second = np.array(layer(zeros, zeros)), np.array(layer(zeros, zeros))
    assert np.all(first != second)
    np.testing.assert_array_equal(GaussianSampling(seed=0)(zeros, zeros), first)
    before = layer.seed_generator.state.numpy()
    fixed = layer(zeros, zeros, seed=3)
    np.testing.assert_array_equal(layer(zeros, zeros, seed=3), fixed)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), before)


def test_shapes_and_config():
    mean, log_variance = keras.Input((5,)), keras.Input((5,))
    layer = GaussianSampling(seed=2, name="sampling")
    assert layer(mean, log_variance).shape == (None, 5)
    twin = GaussianSampling.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()


def test_half_precision_stays_half():
    zeros = np.zeros((4, 3), "float16")
    draws = GaussianSampling(dtype="float16")(zeros, zeros)
    assert draws.dtype == "float16"
    assert np.all(np.isfinite(draws))
