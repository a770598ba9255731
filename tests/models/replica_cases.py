"""Small models of each kind, to be trained by one replica and by several."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from keras_gans.models import GAN, Pix2Pix
from keras_gans.networks import (
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_mlp_discriminator,
    build_mlp_generator,
    build_patchgan_discriminator,
    build_unet_generator,
)
from tests.models import tiny, tiny_autoencoders

_RATE = 0.01
BATCH_SIZE = 4


def _compile_game(model, rate=_RATE, **arguments):
    model.compile(
        keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), **arguments
    )
    return model


def cyclegan(pool_size):
    return tiny.cyclegan(
        pool_size=pool_size,
        generator_optimizer=keras.optimizers.SGD(_RATE),
        discriminator_optimizer=keras.optimizers.SGD(_RATE),
        run_eagerly=False,
    )


def gan(accumulate_steps=1):
    """Draws of every kind: noise, instance noise, and a penalty's."""
    keras.utils.set_random_seed(0)
    return _compile_game(
        GAN(
            build_mlp_generator(3, (8, 8, 3), (8,)),
            build_mlp_discriminator((8, 8, 3), (8,)),
            average_decay=0.5,
            seed=0,
        ),
        penalty="gradient",
        instance_noise=0.1,
        accumulate_steps=accumulate_steps,
    )


def batch_norm_gan():
    keras.utils.set_random_seed(0)
    return _compile_game(
        GAN(
            build_dcgan_generator(3, (8, 8, 3), 4),
            build_dcgan_discriminator((8, 8, 3), 4),
            seed=0,
        ),
        rate=0.1,
    )


def pix2pix():
    keras.utils.set_random_seed(0)
    return _compile_game(
        Pix2Pix(
            build_unet_generator(
                (8, 8, 3), 3, 4, normalization="instance", dropout=0.0
            ),
            build_patchgan_discriminator((8, 8, 6), 4, 1),
        )
    )


def variational_autoencoder():
    return tiny_autoencoders.make(
        "variational",
        optimizer=keras.optimizers.SGD(1e-3),
        run_eagerly=False,
    )


def _pairs(num_batches):
    return tiny.dataset(num_batches, BATCH_SIZE)


def _pictures(num_batches):
    return _pairs(num_batches).map(lambda first, second: first)


def _full_batches(num_batches):
    """Pictures, of which it is known that all batches are of one size."""
    return _pictures(num_batches).rebatch(BATCH_SIZE, drop_remainder=True)


# name -> (model, data), functions.
CASES = {
    "cyclegan": (lambda: cyclegan(pool_size=0), _pairs),
    # Fills up, and never gets full: what replicas draw apart does not count.
    "cyclegan_filling_its_pools": (lambda: cyclegan(pool_size=16), _pairs),
    "gan": (gan, _pictures),
    "gan_in_parts": (lambda: gan(accumulate_steps=2), _full_batches),
    "batch_norm_gan": (batch_norm_gan, _pictures),
    "pix2pix": (pix2pix, _pairs),
    "variational_autoencoder": (
        variational_autoencoder,
        tiny_autoencoders.dataset,
    ),
}


def train(name, strategy, num_batches=3):
    """Returns the trainable weights before and after, and the history."""
    make, data = CASES[name]
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = make()
    before = tiny.arrays(model.trainable_variables)
    history = model.fit(data(num_batches), verbose=0, shuffle=False).history
    return before, tiny.arrays(model.trainable_variables), history


def largest_difference(first, second):
    return max(np.max(np.abs(x - y)) for x, y in zip(first, second))


def check_equal(name, strategy):
    """Trains with and without `strategy`, and compares."""
    start, one, one_history = train(name, None)
    same_start, many, many_history = train(name, strategy)
    assert largest_difference(start, same_start) == 0.0, name
    # They moved by far more than they may differ.
    assert largest_difference(start, one) > 1e-3, name
    difference = largest_difference(one, many)
    assert difference < 1e-6, f"{name}: {difference}"
    for log, values in one_history.items():
        if log.endswith("_deviation"):
            continue  # It is of the answers of each replica by itself.
        np.testing.assert_allclose(
            np.ravel(many_history[log]), values, rtol=1e-4, err_msg=log
        )


def two_cpus():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    return strategy
