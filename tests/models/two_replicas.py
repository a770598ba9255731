"""python -m tests.models.two_replicas: two replicas against one.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from keras_gans.layers.noise import draw_normal
from tests.models import tiny, tiny_autoencoders


def train(strategy):
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = tiny.cyclegan(
            # Fills up, and never gets full: what replicas draw apart does not
            # count yet.
            pool_size=16,
            generator_optimizer=keras.optimizers.SGD(0.01),
            discriminator_optimizer=keras.optimizers.SGD(0.01),
            run_eagerly=False,
        )
    before = tiny.arrays(model.trainable_variables)
    history = model.fit(tiny.dataset(3, 4), verbose=0, shuffle=False).history
    after = tiny.arrays(model.trainable_variables)
    return before, after, history


def train_autoencoder(strategy):
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = tiny_autoencoders.make(
            "undercomplete",
            optimizer=keras.optimizers.SGD(0.01),
            run_eagerly=False,
        )
    history = tiny_autoencoders.fit(model, tiny_autoencoders.dataset(3))
    return tiny.arrays(model.trainable_variables), history


def check_noise(strategy):
    """Replicas draw apart, by one seed or generator for all."""
    with strategy.scope():
        generator = keras.random.SeedGenerator(1)
    for seed in (generator, 1):
        draws = strategy.run(lambda seed=seed: draw_normal((5,), seed))
        first, second = strategy.experimental_local_results(draws)
        assert np.all(first != second)


def largest_difference(first, second):
    return max(np.max(np.abs(x - y)) for x, y in zip(first, second))


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    start, one, one_history = train(None)
    same_start, two, two_history = train(strategy)
    assert largest_difference(start, same_start) == 0.0
    # Both moved by far more than they may differ.
    assert largest_difference(start, one) > 1e-2, largest_difference(start, one)
    assert largest_difference(one, two) < 1e-6, largest_difference(one, two)
    for name in one_history:
        np.testing.assert_allclose(
            two_history[name], one_history[name], rtol=1e-4
        )
    one, one_history = train_autoencoder(None)
    two, two_history = train_autoencoder(strategy)
    assert largest_difference(one, two) < 1e-6, largest_difference(one, two)
    for name in one_history:
        np.testing.assert_allclose(
            two_history[name], one_history[name], rtol=1e-4
        )
    check_noise(strategy)
    print("two replicas equal one")


if __name__ == "__main__":
    main()
