"""python -m tests.models.two_replicas: two replicas against one.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from tests.models import tiny


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
    print("two replicas equal one")


if __name__ == "__main__":
    main()
