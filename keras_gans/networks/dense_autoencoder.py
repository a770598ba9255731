"""Dense encoder and decoder of autoencoders, for small images."""

import math

import keras
from keras import layers

from keras_gans.networks import blocks, codes


def build_dense_encoder(
    image_shape,
    code_dim,
    hidden_units=(256,),
    code_activation="linear",
    variational=False,
):
    """Maps images to codes by dense layers with ReLU.

    Without hidden layers, and with a decoder of the same kind, it is the
    linear autoencoder, as good as principal components at best.

    Reference:

    - [Goodfellow et al., 2016, chapter 14](https://www.deeplearningbook.org/contents/autoencoders.html)
    - [Kingma & Welling, 2014, appendix C](https://arxiv.org/abs/1312.6114),
      `variational`

    Args:
        image_shape: `(height, width, channels)`.
        code_dim: Integer >= 1, numbers in a code.
        hidden_units: Tuple of integers >= 1, the hidden layers' widths; may
            be empty. Defaults to `(256,)`.
        code_activation: `"linear"`; `"relu"`, for codes with true zeros; or
            `"sigmoid"`, for the activity that `SparseAutoencoder` holds to a
            target with `penalty="kl"`.
        variational: Boolean, whether to end in a mean and the logarithm of a
            variance for each number of the code.

    Returns:
        A `keras.Model` named `"encoder"`, from images `(batch, *image_shape)`
        to float32 codes `(batch, code_dim)`, or to a dictionary of `mean` and
        `log_variance` of that shape.

    Raises:
        ValueError: If an argument is out of range.
    """
    codes.check_images(image_shape)
    blocks.check_at_least(1, code_dim=code_dim)
    blocks.check_widths(hidden_units=hidden_units)
    codes.check_code(code_activation, variational)
    images = layers.Input(image_shape, name="images")
    x = layers.Flatten(name="flatten")(images)
    x = _hidden(x, hidden_units)
    outputs = codes.code_head(x, code_dim, code_activation, variational)
    return keras.Model(images, outputs, name="encoder")


def build_dense_decoder(
    code_dim, image_shape, hidden_units=(256,), output_activation="tanh"
):
    """Maps codes to images by dense layers with ReLU.

    Args:
        code_dim: Integer >= 1, numbers in a code.
        image_shape: `(height, width, channels)`.
        hidden_units: Tuple of integers >= 1, the hidden layers' widths, from
            the code on; may be empty. Defaults to `(256,)`.
        output_activation: `"tanh"`, for images in [-1, 1], or `"linear"`, for
            the logits of a Bernoulli likelihood.

    Returns:
        A `keras.Model` named `"decoder"`, from codes `(batch, code_dim)` to
        float32 `(batch, *image_shape)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    blocks.check_at_least(1, code_dim=code_dim)
    codes.check_images(image_shape)
    blocks.check_widths(hidden_units=hidden_units)
    blocks.check_choice(
        "output_activation", output_activation, codes.OUTPUT_ACTIVATIONS
    )
    inputs = layers.Input((code_dim,), name="codes")
    x = _hidden(inputs, hidden_units)
    x = blocks.dense(x, math.prod(image_shape), "pixels")
    x = layers.Reshape(tuple(image_shape), name="reshape")(x)
    outputs = codes.image_head(x, output_activation)
    return keras.Model(inputs, outputs, name="decoder")


def _hidden(x, hidden_units):
    for i, units in enumerate(hidden_units, start=1):
        x = blocks.dense(x, units, f"dense_{i}", kernel_initializer="he_normal")
        x = layers.ReLU(name=f"dense_{i}_relu")(x)
    return x
