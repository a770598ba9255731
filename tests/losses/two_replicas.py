"""python -m tests.losses.two_replicas: what replicas share, and what not.

A process of its own: logical devices must be set before TensorFlow starts.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_gans import noise
from keras_gans.losses import adversarial


def relativistic_loss_and_gradients(real_logits, fake_logits, replicas):
    with tf.GradientTape() as tape:
        tape.watch([real_logits, fake_logits])
        per_image = adversarial.relativistic_average_discriminator_loss(
            real_logits, fake_logits
        )
        loss = tf.reduce_mean(per_image) / replicas
    return per_image, *tape.gradient(loss, [real_logits, fake_logits])


def check_relativistic_mean(strategy):
    logits = np.random.default_rng(0).normal(size=(2, 6, 3, 3, 1))
    real, fake = logits.astype("float32")
    whole = relativistic_loss_and_gradients(
        tf.constant(real), tf.constant(fake), 1
    )

    def part(array):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                np.split(array, 2)[context.replica_id_in_sync_group]
            )
        )

    @tf.function
    def run(real, fake):
        return strategy.run(
            relativistic_loss_and_gradients, args=(real, fake, 2)
        )

    for parts, expected in zip(run(part(real), part(fake)), whole):
        np.testing.assert_allclose(
            tf.concat(strategy.experimental_local_results(parts), axis=0),
            expected,
            rtol=1e-5,
            atol=1e-7,
        )
    # The mean of a half alone would have shown.
    half = relativistic_loss_and_gradients(
        tf.constant(real[:3]), tf.constant(fake[:3]), 2
    )
    assert np.max(np.abs(half[0] - whole[0][:3])) > 1e-3


def check_draws(strategy):
    with strategy.scope():
        seed_generator = keras.random.SeedGenerator(0)

    @tf.function
    def run():
        return strategy.run(noise.draw_uniform, args=([1000], seed_generator))

    draws = [
        part.numpy()
        for _ in range(3)
        for part in strategy.experimental_local_results(run())
    ]
    # Neither at the same time, nor the other's of the time before.
    for i, first in enumerate(draws):
        for second in draws[:i]:
            assert np.max(np.abs(np.corrcoef(first, second)[0, 1])) < 0.2
    # Together they are what one would draw for the whole batch.
    alone = keras.random.SeedGenerator(0)
    whole = [noise.draw_uniform([2000], alone) for _ in range(3)]
    np.testing.assert_array_equal(np.concatenate(draws), np.ravel(whole))


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    check_relativistic_mean(strategy)
    check_draws(strategy)
    print("two replicas share means and not draws")


if __name__ == "__main__":
    main()
