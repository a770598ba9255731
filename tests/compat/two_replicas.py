"""python -m tests.compat.two_replicas: two replicas train as one would.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import keras
import numpy as np
import tensorflow as tf

import keras_gans.compat.tfa as tfa
from tests.legacy import cases

X = cases.draw("x", (8, 5))


def train(strategy, called):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        layer = tfa.layers.WeightNormalization(keras.layers.Dense(1))
        model = keras.Sequential([keras.Input((5,)), layer])
        model.compile(tfa.optimizers.AdamW(0.01, learning_rate=0.1), "mse")
    if called:
        model(X)
    before = model.get_weights()
    targets = np.ones((8, 1), "float32")
    model.fit(X, targets, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return before, model.get_weights()


def main():
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    mirrored = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], tf.distribute.ReductionToOneDevice()
    )
    before, together = train(mirrored, called=True)
    _, alone = train(tf.distribute.get_strategy(), called=True)
    for start, ours, theirs in zip(before, together, alone):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
        assert ours.dtype == bool or np.any(ours != start)
    try:
        train(mirrored, called=False)
    except RuntimeError as error:
        assert "Call the model on one batch before `fit`" in str(error), error
    else:
        raise AssertionError("Each replica took its own data.")
    print("two replicas train as one")


if __name__ == "__main__":
    main()
