"""CycleGANs that take milliseconds, and what the tests ask of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_gans.layers import InstanceNormalization
from keras_gans.models import CycleGAN
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
)

SIZE = 8
LOGS = {
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
    "cycle_loss",
    "identity_loss",
}


def generator(inputs=3, outputs=3, dropout=0.0):
    """Two convolutions; no unit can die, no weight is idle."""
    images = layers.Input((SIZE, SIZE, inputs))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(images)
    x = InstanceNormalization(center=True, scale=True)(x)
    x = layers.LeakyReLU(0.2)(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(outputs, 3, padding="same")(x)
    return keras.Model(
        images, layers.Activation("tanh", dtype=keras.config.floatx())(x)
    )


def discriminator(inputs=3, dropout=0.0):
    images = layers.Input((SIZE, SIZE, inputs))
    x = layers.Conv2D(4, 4, 2, padding="same")(images)
    x = layers.LeakyReLU(0.2)(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    logits = layers.Conv2D(1, 3, padding="same", dtype=keras.config.floatx())
    return keras.Model(images, logits(x))


def cyclegan(
    seed=0,
    pool_size=2,
    dropout=0.0,
    channels_a=3,
    channels_b=3,
    **compile_arguments,
):
    """Compiled, in eager mode unless told otherwise."""
    keras.utils.set_random_seed(seed)
    model = CycleGAN(
        generator(channels_a, channels_b, dropout),
        generator(channels_b, channels_a, dropout),
        discriminator(channels_a, dropout),
        discriminator(channels_b, dropout),
        pool_size=pool_size,
        seed=seed,
    )
    model.compile(**{"run_eagerly": True, **compile_arguments})
    return model


def paper_cyclegan(seed=0, pool_size=2, network=None, **compile_arguments):
    """From the package's own builders, as small as they go."""
    keras.utils.set_random_seed(seed)
    network = {"affine": True, "use_bias": False, **(network or {})}
    shape = (SIZE, SIZE, 3)
    model = CycleGAN(
        *[build_resnet_generator(shape, None, 4, 1, **network) for _ in "ab"],
        *[build_patchgan_discriminator(shape, 4, 1, **network) for _ in "ab"],
        pool_size=pool_size,
        seed=seed,
    )
    model.compile(**{"run_eagerly": True, **compile_arguments})
    return model


def images(count=2, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, SIZE, SIZE, channels)).astype("float32")


def pair(count=2, seed=0):
    return images(count, seed=seed), images(count, seed=seed + 1000)


def dataset(num_batches, batch_size=2, seed=0):
    return tf.data.Dataset.from_tensor_slices(
        pair(num_batches * batch_size, seed)
    ).batch(batch_size)


def arrays(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def step(model, real_a, real_b):
    """One eager training step; its logs alone."""
    model.reset_metrics()
    logs = model.train_step((real_a, real_b))
    return {name: float(value) for name, value in logs.items()}


def networks_of(model):
    return {
        name: getattr(model, name)
        for name in (
            "generator_ab",
            "generator_ba",
            "discriminator_a",
            "discriminator_b",
        )
    }


def moved(model, action):
    """Names of the networks of which `action` changes a trainable weight."""

    def weights():
        return {
            name: arrays(network.trainable_variables)
            for name, network in networks_of(model).items()
        }

    before = weights()
    action()
    after = weights()
    return {
        name
        for name in before
        if any(np.any(x != y) for x, y in zip(before[name], after[name]))
    }


def state(model):
    """All that training changes, trackers apart."""
    trackers = {id(v) for v in model.metrics_variables}
    variables = [v for v in model.variables if id(v) not in trackers]
    variables += model.generator_optimizer.variables
    variables += model.discriminator_optimizer.variables
    return arrays(variables)


def assert_same_state(model, other):
    ours, theirs = state(model), state(other)
    assert len(ours) == len(theirs)
    for value, expected in zip(ours, theirs):
        np.testing.assert_array_equal(value, expected)


def all_finite(model):
    return all(np.all(np.isfinite(value)) for value in state(model))
