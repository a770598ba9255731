"""Convolutional encoder and decoder of autoencoders."""

import math

import keras
from keras import layers

from keras_gans.layers import Conv2DTranspose
from keras_gans.networks import blocks, codes


def build_convolutional_encoder(
    image_shape,
    code_dim,
    filters=(32, 64),
    code_activation="linear",
    variational=False,
):
    """Maps images to codes by convolutions of stride 2 with ReLU.

    Each convolution halves height and width; a dense layer makes the code.
    Widths are those of the Keras example of a variational autoencoder. Its
    kernels are 3x3; with 4x4, which stride 2 divides, the decoder covers all
    pixels evenly, and leaves no checkerboard (Odena et al., 2016).

    Reference:

    - [Chollet, 2020](https://keras.io/examples/generative/vae/)
    - [Odena et al., 2016](https://distill.pub/2016/deconv-checkerboard/)

    Args:
        image_shape: `(height, width, channels)`; height and width must be
            multiples of 2 to the power of `len(filters)`.
        code_dim: Integer >= 1, numbers in a code.
        filters: Tuple of integers >= 1, the widths of the convolutions.
            Defaults to `(32, 64)`.
        code_activation: As of `build_dense_encoder`.
        variational: As of `build_dense_encoder`.

    Returns:
        A `keras.Model` named `"encoder"`, from images `(batch, *image_shape)`
        to float32 codes `(batch, code_dim)`, or to a dictionary of `mean` and
        `log_variance` of that shape.

    Raises:
        ValueError: If an argument is out of range.
    """
    _check_sides(image_shape, filters)
    blocks.check_at_least(1, code_dim=code_dim)
    codes.check_code(code_activation, variational)
    images = x = layers.Input(image_shape, name="images")
    for i, width in enumerate(filters, start=1):
        x = blocks.conv(
            x,
            width,
            4,
            2,
            name=f"conv_{i}",
            padding="same",
            kernel_initializer="he_normal",
        )
        x = layers.ReLU(name=f"conv_{i}_relu")(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = codes.code_head(x, code_dim, code_activation, variational)
    return keras.Model(images, outputs, name="encoder")


def build_convolutional_decoder(
    code_dim, image_shape, filters=(64, 32), output_activation="tanh"
):
    """Maps codes to images by transposed convolutions with ReLU.

    The mirror image of the encoder: a dense layer makes the smallest feature
    maps, of the first width, and each transposed convolution doubles height
    and width, to the next width and at last to the channels of the images.

    Args:
        code_dim: Integer >= 1, numbers in a code.
        image_shape: `(height, width, channels)`; height and width must be
            multiples of 2 to the power of `len(filters)`.
        filters: Tuple of integers >= 1, the widths from the code on. Defaults
            to `(64, 32)`.
        output_activation: As of `build_dense_decoder`.

    Returns:
        A `keras.Model` named `"decoder"`, from codes `(batch, code_dim)` to
        float32 `(batch, *image_shape)`.

    Raises:
        ValueError: If an argument is out of range.
    """
    blocks.check_at_least(1, code_dim=code_dim)
    _check_sides(image_shape, filters)
    blocks.check_choice(
        "output_activation", output_activation, codes.OUTPUT_ACTIVATIONS
    )
    height, width, channels = image_shape
    scale = 2 ** len(filters)
    smallest = (height // scale, width // scale, filters[0])
    inputs = layers.Input((code_dim,), name="codes")
    x = blocks.dense(
        inputs, math.prod(smallest), "stem", kernel_initializer="he_normal"
    )
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.Reshape(smallest, name="reshape")(x)
    for i, maps in enumerate(filters[1:], start=1):
        x = _double(x, maps, f"up_{i}", "he_normal")
        x = layers.ReLU(name=f"up_{i}_relu")(x)
    x = _double(x, channels, "head", "glorot_uniform")
    outputs = codes.image_head(x, output_activation)
    return keras.Model(inputs, outputs, name="decoder")


def _double(x, filters, name, kernel_initializer):
    return Conv2DTranspose(
        filters,
        4,
        strides=2,
        padding="same",
        kernel_initializer=kernel_initializer,
        name=name,
    )(x)


def _check_sides(image_shape, filters):
    codes.check_images(image_shape)
    blocks.check_widths(filters=filters)
    blocks.check_at_least(1, **{"len(filters)": len(filters)})
    scale = 2 ** len(filters)
    if image_shape[0] % scale or image_shape[1] % scale:
        raise ValueError(
            f"Height and width must be multiples of {scale}, because each of "
            f"{len(filters)} convolutions halves them. Received: "
            f"image_shape={tuple(image_shape)}. Resize the images, or give "
            "fewer `filters`."
        )
