"""Wiring that several networks share: convolutions, norms, up-sampling."""

import keras
from keras import layers, ops

from keras_gans import replicas
from keras_gans.layers import (
    Conv2D,
    Conv2DTranspose,
    InstanceNormalization,
    PixelShuffle,
)

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


def check_widths(**values):
    """Refuses keyword arguments that are not tuples of integers >= 1."""
    for name, widths in values.items():
        if any(not isinstance(width, int) or width < 1 for width in widths):
            raise ValueError(
                f"`{name}` must be a tuple of integers >= 1. "
                f"Received: {name}={widths!r}."
            )


def check_dropout(dropout):
    """Refuses a rate outside of [0, 1)."""
    if not 0 <= dropout < 1:
        raise ValueError(
            f"`dropout` must be in [0, 1). Received: dropout={dropout}."
        )


def split_side(image_shape):
    """Splits the side of square images into a base and doublings.

    The base is 4, 5, 6 or 7, so that there is one way to do it: 28 is 7 times
    2**2, 32 is 4 times 2**3. This alone decides which sizes the GAN networks
    have.

    Args:
        image_shape: `(side, side, channels)`.

    Returns:
        A pair of integers: the base, the number of doublings (>= 1).

    Raises:
        ValueError: If the images are not square or not of such a side.
    """
    if len(image_shape) == 3:
        height, width, channels = image_shape
        check_at_least(1, channels=channels)
        if isinstance(height, int) and height == width and height >= 8:
            base, num_doublings = height, 0
            while base >= 8 and base % 2 == 0:
                base, num_doublings = base // 2, num_doublings + 1
            if base < 8:
                return base, num_doublings
    raise ValueError(
        "`image_shape` must be `(side, side, channels)`, with a side of 4, 5, "
        "6 or 7 times a power of two and at least 8, such as 28, 32 or 64. "
        f"Received: image_shape={tuple(image_shape)}. Resize the images."
    )


def paper_initializer(mean=0.0):
    """N(mean, 0.02), as in DCGAN, pix2pix and CycleGAN.

    A new object for each layer: in Keras 3 one that is shared gives layers of
    equal shape equal weights.
    """
    return keras.initializers.RandomNormal(mean, 0.02)


def conv(
    x,
    filters,
    kernel_size,
    strides=1,
    use_bias=True,
    name=None,
    padding="valid",
    kernel_initializer=None,
    spectral_norm=False,
    **kwargs,
):
    """A convolution, by default unpadded, with the papers' initial weights."""
    layer = Conv2D(
        filters,
        kernel_size,
        strides,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer or paper_initializer(),
        name=name,
        **kwargs,
    )
    return _normalize_spectrum(layer, spectral_norm)(x)


def depthwise_conv(
    x,
    kernel_size,
    strides=1,
    use_bias=True,
    name=None,
    padding="valid",
    depthwise_initializer=None,
):
    """A convolution of each channel by itself, by default unpadded."""
    return layers.DepthwiseConv2D(
        kernel_size,
        strides,
        padding=padding,
        use_bias=use_bias,
        depthwise_initializer=depthwise_initializer or paper_initializer(),
        name=name,
    )(x)


def conv_transpose(x, filters, kernel_size, strides, padding, use_bias, name):
    """A transposed convolution with the papers' initial weights."""
    return Conv2DTranspose(
        filters,
        kernel_size,
        strides,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=paper_initializer(),
        name=name,
    )(x)


def dense(x, units, name, spectral_norm=False, **kwargs):
    """A dense layer."""
    layer = layers.Dense(units, name=name, **kwargs)
    return _normalize_spectrum(layer, spectral_norm)(x)


def _normalize_spectrum(layer, spectral_norm):
    if not spectral_norm:
        return layer
    # float32 whatever the precision policy: the wrapper writes the kernel that
    # it has normalised back, and would round the weights to half precision in
    # every step. What it wraps computes in the policy's precision.
    return layers.SpectralNormalization(
        layer,
        name=f"{layer.name}_spectral_norm",
        dtype=keras.config.floatx(),
    )


def global_sum_pooling(x):
    """Adds up all pixels, in full precision: `(batch, channels)`."""
    return ops.sum(ops.cast(x, keras.config.floatx()), axis=(1, 2))


def tanh_images(x):
    """The end of a generator: images in [-1, 1].

    float32 whatever the precision policy: losses and files expect it.
    """
    return layers.Activation("tanh", dtype=keras.config.floatx(), name="tanh")(
        x
    )


def normalize(x, normalization, affine, name):
    """Instance or batch normalisation as the papers set it, or nothing.

    Built under a strategy, batch norms go by the global batch.
    """
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
            synchronized=replicas.count() > 1,
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
        x = Conv2DTranspose(
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
