"""Ends of the networks of autoencoders, dense and convolutional alike."""

import keras
from keras import layers

from keras_gans.networks import blocks

CODE_ACTIVATIONS = ("linear", "relu", "sigmoid")
OUTPUT_ACTIVATIONS = ("linear", "tanh")


def check_images(image_shape):
    """Refuses what is not `(height, width, channels)`, integers >= 1."""
    if len(image_shape) != 3 or any(
        not isinstance(size, int) or size < 1 for size in image_shape
    ):
        raise ValueError(
            "`image_shape` must be `(height, width, channels)`, all integers "
            f">= 1. Received: image_shape={tuple(image_shape)}."
        )


def check_code(code_activation, variational):
    """Refuses unknown activations, and any but a linear one for a mean."""
    blocks.check_choice("code_activation", code_activation, CODE_ACTIVATIONS)
    if variational and code_activation != "linear":
        raise ValueError(
            '`code_activation` must be "linear" with `variational=True`: a '
            "mean and the logarithm of a variance are any numbers. Received: "
            f"code_activation={code_activation!r}."
        )


def code_head(x, code_dim, code_activation, variational):
    """Features `(batch, size)` to a code, or to the distribution of one.

    float32 whatever the precision policy: losses expect it.
    """
    dtype = keras.config.floatx()
    if variational:
        return {
            name: blocks.dense(x, code_dim, name, dtype=dtype)
            for name in ("mean", "log_variance")
        }
    return blocks.dense(
        x, code_dim, "code", activation=code_activation, dtype=dtype
    )


def image_head(x, output_activation):
    """The end of a decoder: images in [-1, 1], or float32 logits of them."""
    if output_activation == "tanh":
        return blocks.tanh_images(x)
    return layers.Activation(
        "linear", dtype=keras.config.floatx(), name="logits"
    )(x)
