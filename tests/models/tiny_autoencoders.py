"""Autoencoders that take milliseconds, and what the tests ask of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_gans.layers import GaussianCorruption
from keras_gans.models import (
    Autoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from tests.models.tiny import arrays

SHAPE = (4, 6, 2)
CODE_DIM = 3
KINDS = ("undercomplete", "denoising", "sparse_l1", "sparse_kl", "variational")
LOGS = {"loss", "reconstruction_loss", "mse"}
TEST_LOGS = {"psnr", "ssim"}
MORE_LOGS = {
    "undercomplete": set(),
    "denoising": set(),
    "sparse_l1": {"sparsity_loss", "activity", "active_share"},
    "sparse_kl": {"sparsity_loss", "activity", "active_share"},
    "variational": {"kl_loss", "elbo"},
}


def encoder(
    shape=SHAPE,
    code_dim=CODE_DIM,
    activation=None,
    variational=False,
    dropout=0,
):
    """One hidden layer; no unit can die, no weight is idle."""
    images = layers.Input(shape)
    x = layers.Dense(5, "tanh")(layers.Flatten()(images))
    if dropout:
        x = layers.Dropout(dropout)(x)

    def head(activation=None):
        dtype = keras.config.floatx()
        return layers.Dense(code_dim, activation, dtype=dtype)(x)

    if variational:
        outputs = {"mean": head(), "log_variance": head()}
        return keras.Model(images, outputs)
    return keras.Model(images, head(activation))


def decoder(shape=SHAPE, code_dim=CODE_DIM, activation="tanh"):
    codes = layers.Input((code_dim,))
    x = layers.Dense(5, "tanh")(codes)
    x = layers.Dense(int(np.prod(shape)), activation, dtype="float32")(x)
    return keras.Model(codes, layers.Reshape(shape, dtype="float32")(x))


def make(kind, seed=0, dropout=0, model=None, **compile_with):
    """Compiled, in eager mode unless told otherwise.

    Args:
        kind: One of `KINDS`.
        seed: Integer, of the weights and of the noise.
        dropout: Float, rate of the encoder's dropout.
        model: Dictionary of further arguments of the model.
        **compile_with: Of `compile`.
    """
    keras.utils.set_random_seed(seed)
    model = model or {}
    compile_with = {"run_eagerly": True, **compile_with}
    if kind == "undercomplete":
        autoencoder = Autoencoder(encoder(dropout=dropout), decoder(), **model)
    elif kind == "denoising":
        corruption = GaussianCorruption(0.2, seed=seed)
        autoencoder = DenoisingAutoencoder(
            encoder(dropout=dropout),
            decoder(),
            **{"corruption": corruption, **model},
        )
    elif kind == "variational":
        autoencoder = VariationalAutoencoder(
            encoder(variational=True, dropout=dropout),
            decoder(activation=None),
            **{"seed": seed, **model},
        )
    else:
        penalty = kind.removeprefix("sparse_")
        activation = "sigmoid" if penalty == "kl" else None
        autoencoder = SparseAutoencoder(
            encoder(activation=activation, dropout=dropout), decoder(), **model
        )
        compile_with = {"penalty": penalty, **compile_with}
    autoencoder.compile(**compile_with)
    return autoencoder


def images(count=4, seed=0, shape=SHAPE):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, *shape)).astype("float32")


def dataset(num_batches, batch_size=4):
    pictures = images(num_batches * batch_size)
    return tf.data.Dataset.from_tensor_slices(pictures).batch(batch_size)


def fit(autoencoder, data, **kwargs):
    return autoencoder.fit(data, shuffle=False, verbose=0, **kwargs).history


def evaluate(autoencoder, data):
    return autoencoder.evaluate(data, verbose=0, return_dict=True)


def step(autoencoder, pictures):
    """One eager training step; its logs alone."""
    autoencoder.reset_metrics()
    logs = autoencoder.train_step(tf.constant(pictures))
    return {name: float(value) for name, value in logs.items()}


def state(autoencoder):
    """All that training changes, trackers apart."""
    trackers = {id(v) for v in autoencoder.metrics_variables}
    variables = [v for v in autoencoder.variables if id(v) not in trackers]
    return arrays(variables + autoencoder.optimizer.variables)


def assert_same_state(autoencoder, other):
    ours, theirs = state(autoencoder), state(other)
    assert len(ours) == len(theirs)
    for value, expected in zip(ours, theirs):
        np.testing.assert_array_equal(value, expected)


def gradients(autoencoder, loss_of, variables):
    """Gradients of `loss_of(logs)` of an objective, `None` where none come."""
    with tf.GradientTape() as tape:
        loss, logs, _ = autoencoder._objective(
            # An odd number of them: signs do not add up to zero.
            tf.constant(images(5)),
            training=True,
        )
        loss = loss_of({"loss": loss, **logs})
    return tape.gradient(loss, [variable.value for variable in variables])
