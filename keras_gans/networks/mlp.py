"""Dense generator and discriminator, for points and small images."""

import math

import keras
from keras import layers

from keras_gans.networks import blocks
from keras_gans.networks import labels as label_wiring


def build_mlp_generator(
    latent_dim, output_shape, hidden_units=(128, 128), num_classes=None
):
    """Maps latents to points of a plane, or to small images.

    Dense layers with ReLU. Points are unbounded (a linear layer), images end
    in tanh. With `num_classes`, the one-hot label is appended to the latents.

    Reference:

    - [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661)
    - [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), the label

    Args:
        latent_dim: Integer >= 1.
        output_shape: `(size,)` for points, `(height, width, channels)` for
            images.
        hidden_units: Tuple of integers >= 1, the hidden layers' widths; may
            be empty. Defaults to `(128, 128)`.
        num_classes: Integer >= 2, or `None` for an unconditional generator.

    Returns:
        A `keras.Model` named `"generator"`, from latents, or from a
        dictionary of `latents` and integer `labels` `(batch,)`, to float32
        `(batch, *output_shape)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    blocks.check_at_least(1, latent_dim=latent_dim)
    _check_shape("output_shape", output_shape)
    blocks.check_widths(hidden_units=hidden_units)
    label_wiring.check_labels(num_classes)
    latents = layers.Input((latent_dim,), name="latents")
    inputs, x = latents, latents
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"latents": latents, "labels": labels}
        x = label_wiring.concatenate(latents, labels, num_classes)
    for i, units in enumerate(hidden_units, start=1):
        x = blocks.dense(x, units, f"dense_{i}", kernel_initializer="he_normal")
        x = layers.ReLU(name=f"dense_{i}_relu")(x)
    if len(output_shape) == 1:
        outputs = blocks.dense(
            x, output_shape[0], "points", dtype=keras.config.floatx()
        )
    else:
        x = blocks.dense(x, math.prod(output_shape), "pixels")
        x = layers.Reshape(tuple(output_shape), name="reshape")(x)
        outputs = blocks.tanh_images(x)
    return keras.Model(inputs, outputs, name="generator")


def build_mlp_discriminator(
    input_shape,
    hidden_units=(128, 128),
    num_classes=None,
    conditioning="concat",
    spectral_norm=False,
    dropout=0.0,
):
    """Judges points of a plane, or small images: one logit each.

    Dense layers with LeakyReLU 0.2 and no normalisation, fit for a gradient
    penalty.

    Reference:

    - [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661)
    - [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), `"concat"`
    - [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637),
      `"projection"`

    Args:
        input_shape: `(size,)` for points, `(height, width, channels)` for
            images.
        hidden_units: Tuple of integers >= 1, the hidden layers' widths; may
            be empty. Defaults to `(128, 128)`.
        num_classes: Integer >= 2, or `None` for an unconditional one.
        conditioning: `"concat"` (one-hot labels appended to the input) or
            `"projection"` (inner product with the last features). Means
            nothing without `num_classes`.
        spectral_norm: Boolean, whether to divide each kernel by its largest
            singular value (`keras.layers.SpectralNormalization`).
        dropout: Float in [0, 1), rate after each hidden layer. Defaults to 0.

    Returns:
        A `keras.Model` named `"discriminator"`, from points or images, or from
        a dictionary of them, as `images`, and integer `labels` `(batch,)`, to
        float32 logits `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    _check_shape("input_shape", input_shape)
    blocks.check_widths(hidden_units=hidden_units)
    label_wiring.check_labels(num_classes, conditioning)
    blocks.check_dropout(dropout)
    inputs = x = images = layers.Input(input_shape, name="images")
    if len(input_shape) == 3:
        x = layers.Flatten(name="flatten")(images)
    if num_classes is not None:
        labels = label_wiring.label_input()
        inputs = {"images": images, "labels": labels}
        if conditioning == "concat":
            x = label_wiring.concatenate(x, labels, num_classes)
    for i, units in enumerate(hidden_units, start=1):
        x = blocks.dense(
            x,
            units,
            f"dense_{i}",
            spectral_norm,
            kernel_initializer="he_normal",
        )
        x = layers.LeakyReLU(0.2, name=f"dense_{i}_relu")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dense_{i}_dropout")(x)
    dtype = keras.config.floatx()
    logits = blocks.dense(x, 1, "logits", spectral_norm, dtype=dtype)
    if num_classes is not None and conditioning == "projection":
        logits = label_wiring.add_projection(
            logits, x, labels, num_classes, spectral_norm, "glorot_uniform"
        )
    return keras.Model(inputs, logits, name="discriminator")


def _check_shape(name, shape):
    if len(shape) not in (1, 3) or any(
        not isinstance(size, int) or size < 1 for size in shape
    ):
        raise ValueError(
            f"`{name}` must be `(size,)` for points or `(height, width, "
            "channels)` for images, all integers >= 1. "
            f"Received: {name}={tuple(shape)}."
        )
