"""Wiring that several networks share: convolutions, norms, up-sampling."""

import keras
from keras import layers

from keras_gans.layers import InstanceNormalization, PixelShuffle

NORMALIZATIONS = ("batch", "instance", "none")
UPSAMPLINGS = ("pixel_shuffle", "resize", "transposed")


def check_choice(name, value, choices):
    """Refuses a `value` of argument `name` that is not among `choices`."""
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {list(choices)}. "
            f"Received: {name}={value!r}."
        )


def check_at_least(least, **values):
    """Refuses keyword arguments that are not integers >= `least`."""
    for name, value in values.items():
        if not isinstance(value, int) or value < least:
            raise ValueError(
                f"`{name}` must be an integer >= {least}. "
                f"Received: {name}={value!r}."
            )


def paper_initializer(mean=0.0):
    """N(mean, 0.02), as in DCGAN, pix2pix and CycleGAN.

    A new object for each layer: in Keras 3 one that is shared gives layers of
    equal shape equal weights.
    """
    return keras.initializers.RandomNormal(mean, 0.02)


def conv(
    x, filters, kernel_size, strides=1, use_bias=True, name=None, **kwargs
):
    """A convolution without padding, with the papers' initial weights."""
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="valid",
        use_bias=use_bias,
        kernel_initializer=paper_initializer(),
        name=name,
        **kwargs,
    )(x)


def normalize(x, normalization, affine, name):
    """Instance or batch normalisation as the papers set it, or nothing."""
    if normalization == "none":
        return x
    if normalization == "batch":
        # Torch's momentum 0.1 is 0.9 in Keras's terms.
        layer = layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            center=affine,
            scale=affine,
            gamma_initializer=paper_initializer(mean=1.0),
            name=name,
        )
    else:
        layer = InstanceNormalization(
            epsilon=1e-5,
            center=affine,
            scale=affine,
            gamma_initializer=paper_initializer(mean=1.0),
            name=name,
        )
    return layer(x)


def upsample(x, filters, upsampling, use_bias, name):
    """Doubles height and width.

    `transposed` is the papers' 3x3 transposed convolution of stride 2, with
    padding 1 and output padding 1 in PyTorch's terms; `resize` is nearest
    neighbour then a 3x3 convolution (fewer checkerboards); `pixel_shuffle` a
    3x3 convolution to four times the channels, then depth to space.
    """
    if upsampling == "transposed":
        x = layers.Conv2DTranspose(
            filters,
            3,
            strides=2,
            padding="valid",
            use_bias=use_bias,
            kernel_initializer=paper_initializer(),
            name=name,
        )(x)
        # PyTorch's padding drops the first row and column; Keras's `same`
        # would drop the last, and shift the picture by one pixel.
        return layers.Cropping2D(((1, 0), (1, 0)), name=f"{name}_crop")(x)
    if upsampling == "resize":
        x = layers.UpSampling2D(2, name=f"{name}_resize")(x)
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        return conv(x, filters, 3, use_bias=use_bias, name=name)
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    x = conv(x, 4 * filters, 3, use_bias=use_bias, name=name)
    return PixelShuffle(name=f"{name}_shuffle")(x)
