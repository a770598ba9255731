"""The U-Net generator of pix2pix (Isola et al., 2017)."""

import keras
from keras import layers

from keras_gans.networks import blocks

DROPOUT_LAYOUTS = ("paper", "pytorch")


def build_unet_generator(
    image_shape=(256, 256, 3),
    output_channels=None,
    filters=64,
    num_levels=None,
    normalization="batch",
    dropout_layout="paper",
    dropout=0.5,
    upsampling="transposed",
):
    """Translates images through a bottleneck, with a way round it per level.

    Convolutions of stride 2 halve the image `num_levels` times, up-samplings
    double it as often, and each of these also sees the features of its own
    size from the way down: outlines that input and output share need not pass
    the bottleneck. The defaults have 54,413,955 trainable parameters.

    The first and the innermost convolution have no norm. At one image of one
    pixel a norm would subtract the pixel from itself, and so erase all that
    came through the bottleneck.

    Biases are those of the authors' PyTorch code: in every convolution, but
    with batch normalisation in the last alone. Batch normalisation has a
    learned scale and offset, instance normalisation has none.

    Reference:

    - [Isola et al., 2017, appendix 6.1.1](https://arxiv.org/abs/1611.07004)

    Args:
        image_shape: `(height, width, channels)` of the input, height and
            width multiples of 2 to the power of `num_levels`. Defaults to
            `(256, 256, 3)`.
        output_channels: Integer >= 1, channels of the output. Defaults to
            those of the input.
        filters: Integer >= 1, width of the first convolution; each one after
            it is twice as wide, up to 8 times the first. Defaults to 64.
        num_levels: Integer >= 2, or `None` for as many as bring the shorter
            side to one pixel: 6, 7, 8, 9 at 64, 128, 256, 512 pixels. Sides
            that are not so divisible, such as 96 or 320 x 256, need a number.
        normalization: `"batch"` (the paper), `"instance"` or `"none"`.
        dropout_layout: `"paper"` drops out after the first three up-samplings,
            as the Torch code does. `"pytorch"`, the authors' PyTorch code,
            leaves the first one alone and drops out after the others of the
            full width, of which there are `num_levels - 5`: three at 256
            pixels, none at fewer than 6 levels.
        dropout: Float in [0, 1), rate; 0 for none. Defaults to 0.5.
        upsampling: `"transposed"` (the paper, 4x4 kernels), `"resize"` or
            `"pixel_shuffle"`.

    Returns:
        A `keras.Model` from images to float32 images `(batch, height, width,
        output_channels)` in [-1, 1], named `"generator"`.

    Raises:
        ValueError: If an argument is out of range.
    """

    def up_conv(x, filters, use_bias, name):
        return _upsample(x, filters, upsampling, use_bias, name)

    return wire_generator(
        image_shape,
        output_channels,
        filters,
        num_levels,
        normalization,
        dropout_layout,
        dropout,
        upsampling,
        _full_down_conv,
        up_conv,
    )


def _full_down_conv(x, filters, use_bias, name):
    # Of a 4x4 kernel at stride 2, `same` is PyTorch's padding of 1.
    return blocks.conv(x, filters, 4, 2, use_bias, name, padding="same")


def wire_generator(
    image_shape,
    output_channels,
    filters,
    num_levels,
    normalization,
    dropout_layout,
    dropout,
    upsampling,
    down_conv,
    up_conv,
):
    """The generator with any convolutions between its first and last one.

    Args:
        upsampling: Of the last convolution, which is a full one.
        down_conv: Function of features, a number of channels, `use_bias` and a
            layer name, to features of half the height and width.
        up_conv: The same, to features of twice the height and width.

    The others are those of `build_unet_generator`, as is what it returns and
    raises.
    """
    height, width, channels = image_shape
    output_channels = channels if output_channels is None else output_channels
    blocks.check_at_least(1, height=height, width=width, channels=channels)
    blocks.check_at_least(1, filters=filters, output_channels=output_channels)
    if num_levels is None:
        num_levels = max(2, min(height, width).bit_length() - 1)
    blocks.check_at_least(2, num_levels=num_levels)
    _check_sides(image_shape, num_levels)
    blocks.check_choice("normalization", normalization, blocks.NORMALIZATIONS)
    blocks.check_choice("dropout_layout", dropout_layout, DROPOUT_LAYOUTS)
    blocks.check_choice("upsampling", upsampling, blocks.UPSAMPLINGS)
    blocks.check_dropout(dropout)
    is_batch = normalization == "batch"

    def normalize(x, name):
        return blocks.normalize(x, normalization, is_batch, f"{name}_norm")

    widths = [filters * min(2**i, 8) for i in range(num_levels)]
    images = layers.Input((height, width, channels), name="images")
    x = _full_down_conv(images, widths[0], not is_batch, "down_1")
    skips = []
    for i in range(2, num_levels + 1):
        skips.append(x)
        x = layers.LeakyReLU(0.2, name=f"down_{i}_relu")(x)
        x = down_conv(x, widths[i - 1], not is_batch, f"down_{i}")
        if i < num_levels:
            x = normalize(x, f"down_{i}")
    dropout_levels = _dropout_levels(dropout_layout, num_levels)
    for i, skip in enumerate(reversed(skips), start=1):
        x = layers.ReLU(name=f"up_{i}_relu")(x)
        x = up_conv(x, skip.shape[-1], not is_batch, f"up_{i}")
        x = normalize(x, f"up_{i}")
        if dropout and i in dropout_levels:
            x = layers.Dropout(dropout, name=f"up_{i}_dropout")(x)
        # The skip first, as in PyTorch. What is joined goes through the ReLU
        # of the next level together.
        x = layers.Concatenate(name=f"up_{i}_join")([skip, x])
    x = layers.ReLU(name="head_relu")(x)
    x = _upsample(x, output_channels, upsampling, True, "head")
    return keras.Model(images, blocks.tanh_images(x), name="generator")


def _upsample(x, filters, upsampling, use_bias, name):
    if upsampling == "transposed":
        return blocks.conv_transpose(x, filters, 4, 2, "same", use_bias, name)
    return blocks.upsample(x, filters, upsampling, use_bias, name)


def _dropout_levels(dropout_layout, num_levels):
    """Numbers of the up-samplings that drop out, the innermost being 1."""
    if dropout_layout == "paper":
        return range(1, 4)
    return range(2, num_levels - 3)


def _check_sides(image_shape, num_levels):
    multiple = 2**num_levels
    if any(side % multiple for side in image_shape[:2]):
        raise ValueError(
            f"Height and width of `image_shape` must be multiples of {multiple}"
            f", 2 to the power of `num_levels={num_levels}`. Received: "
            f"image_shape={tuple(image_shape)}. Crop or resize the images, or "
            "use fewer levels."
        )
