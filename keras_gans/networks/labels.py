"""Wiring that brings class labels into the networks of a conditional GAN."""

import keras
from keras import layers

from keras_gans.networks import blocks

CONDITIONINGS = ("concat", "projection")


def check_labels(num_classes, conditioning="concat"):
    """Refuses a `num_classes` or `conditioning` that means nothing."""
    if num_classes is not None:
        blocks.check_at_least(2, num_classes=num_classes)
    blocks.check_choice("conditioning", conditioning, CONDITIONINGS)


def label_input():
    """Integers `(batch,)`, 0 <= label < num_classes.

    Keras fits a column `(batch, 1)` to it.
    """
    return layers.Input((), dtype="int32", name="labels")


def one_hot(labels, num_classes):
    """Labels as rows of one 1 and zeros; only zeros if out of range."""
    return layers.CategoryEncoding(
        num_classes,
        output_mode="one_hot",
        name="one_hot",
        dtype=keras.config.floatx(),
    )(labels)


def concatenate(x, labels, num_classes):
    """Appends one-hot labels to vectors, or to every pixel of images.

    Reference:

    - [Mirza & Osindero, 2014](https://arxiv.org/abs/1411.1784), who append
      to vectors; planes are the same thing for convolutions.
    """
    codes = one_hot(labels, num_classes)
    if len(x.shape) == 4:
        _, height, width, _ = x.shape
        codes = layers.Reshape((1, 1, num_classes), name="label_pixel")(codes)
        codes = layers.UpSampling2D((height, width), name="label_planes")(codes)
    return layers.Concatenate(name="with_labels")([x, codes])


def add_projection(
    logits, features, labels, num_classes, spectral_norm, kernel_initializer
):
    """Adds the inner product of the features and an embedding of the label.

    Reference:

    - [Miyato & Koyama, 2018, eq. 3](https://arxiv.org/abs/1802.05637)

    Args:
        logits: `(batch, 1)`.
        features: `(batch, channels)`, pooled over the pixels.
        labels: `(batch,)`.
        num_classes: Integer.
        spectral_norm: Boolean, for the embedding too.
        kernel_initializer: A new `keras.initializers.Initializer`.
    """
    dtype = keras.config.floatx()
    # A matrix times a one-hot vector is an embedding; unlike `Embedding`,
    # `Dense` can be wrapped: the wrapper casts outputs to the input's dtype.
    embedding = blocks.dense(
        one_hot(labels, num_classes),
        features.shape[-1],
        "label_embedding",
        spectral_norm,
        use_bias=False,
        kernel_initializer=kernel_initializer,
        dtype=dtype,
    )
    product = layers.Dot(axes=1, dtype=dtype, name="projection")
    return layers.Add(dtype=dtype, name="conditional_logits")(
        [logits, product([embedding, features])]
    )
