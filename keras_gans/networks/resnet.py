"""The residual generator of CycleGAN (Johnson et al., 2016)."""

import keras
from keras import layers

from keras_gans.layers import ReflectionPadding2D
from keras_gans.networks import blocks


def build_resnet_generator(
    image_shape=(256, 256, 3),
    output_channels=None,
    filters=64,
    num_residual_blocks=9,
    normalization="instance",
    affine=False,
    use_bias=True,
    upsampling="transposed",
    dropout=0.0,
):
    """Translates images into images of the same size.

    Two down-samplings, residual blocks at a quarter of the size, two
    up-samplings, tanh. The paper uses 9 blocks at 256 pixels and more, 6 at
    128. The defaults are those of the authors' PyTorch code (11,378,179
    parameters); their Torch code is `affine=True, use_bias=False` (11,383,427).
    The last convolution always has a bias.

    Reference:

    - [Zhu et al., 2017, appendix 7.2](https://arxiv.org/abs/1703.10593)

    Args:
        image_shape: `(height, width, channels)` of the input. Height and
            width must be divisible by 4 and at least 8; `None` leaves one
            free. Defaults to `(256, 256, 3)`.
        output_channels: Integer, channels of the output. Defaults to those of
            the input.
        filters: Integer >= 1, width of the first convolution; the trunk is 4
            times as wide. Defaults to 64.
        num_residual_blocks: Integer >= 0. Defaults to 9.
        normalization: `"instance"` (the paper), `"batch"` or `"none"`.
        affine: Boolean, whether the norms have learned scale and offset.
        use_bias: Boolean, whether convolutions before a norm have a bias.
        upsampling: `"transposed"` (the paper), `"resize"` or
            `"pixel_shuffle"`.
        dropout: Float in [0, 1), rate inside the residual blocks. Defaults
            to 0, as in CycleGAN.

    Returns:
        A `keras.Model` from images to float32 images `(batch, height, width,
        output_channels)` in [-1, 1], named `"generator"`.

    Raises:
        ValueError: If an argument is out of range.
    """
    return wire_generator(
        image_shape,
        output_channels,
        filters,
        num_residual_blocks,
        normalization,
        affine,
        use_bias,
        upsampling,
        dropout,
        residual_conv=_full_conv,
    )


def _full_conv(x, use_bias, name):
    return blocks.conv(x, x.shape[-1], 3, use_bias=use_bias, name=name)


def wire_generator(
    image_shape,
    output_channels,
    filters,
    num_residual_blocks,
    normalization,
    affine,
    use_bias,
    upsampling,
    dropout,
    residual_conv,
):
    """The generator with any convolution in its residual blocks.

    Args:
        residual_conv: Function of features, already padded by one pixel,
            `use_bias` and a layer name, to features of as many channels, two
            rows and two columns fewer.

    The others are those of `build_resnet_generator`, as is what it returns and
    raises.
    """
    height, width, channels = image_shape
    output_channels = channels if output_channels is None else output_channels
    for name, size in (("height", height), ("width", width)):
        if size is not None and (size % 4 or size < 8):
            raise ValueError(
                f"The {name} of `image_shape` must be at least 8 and "
                f"divisible by 4. Received: image_shape={tuple(image_shape)}. "
                "Crop or resize the images."
            )
    blocks.check_at_least(1, filters=filters, output_channels=output_channels)
    blocks.check_at_least(0, num_residual_blocks=num_residual_blocks)
    blocks.check_choice("normalization", normalization, blocks.NORMALIZATIONS)
    blocks.check_choice("upsampling", upsampling, blocks.UPSAMPLINGS)
    blocks.check_dropout(dropout)
    use_bias = use_bias or normalization == "none"

    def norm_relu(x, name):
        x = blocks.normalize(x, normalization, affine, f"{name}_norm")
        return layers.ReLU(name=f"{name}_relu")(x)

    images = layers.Input((height, width, channels), name="images")
    x = ReflectionPadding2D(3, name="stem_pad")(images)
    x = blocks.conv(x, filters, 7, use_bias=use_bias, name="stem")
    x = norm_relu(x, "stem")
    for i in (1, 2):
        # Symmetric padding: Keras's `same` pads 0 before and 1 after here.
        x = layers.ZeroPadding2D(1, name=f"down_{i}_pad")(x)
        x = blocks.conv(
            x, filters * 2**i, 3, 2, use_bias=use_bias, name=f"down_{i}"
        )
        x = norm_relu(x, f"down_{i}")
    for i in range(1, num_residual_blocks + 1):
        x = _residual_block(
            x,
            normalization,
            affine,
            use_bias,
            dropout,
            residual_conv,
            f"block_{i}",
        )
    for i in (1, 2):
        x = blocks.upsample(
            x, filters * 2 ** (2 - i), upsampling, use_bias, f"up_{i}"
        )
        x = norm_relu(x, f"up_{i}")
    x = ReflectionPadding2D(3, name="head_pad")(x)
    x = blocks.conv(x, output_channels, 7, name="head")
    return keras.Model(images, blocks.tanh_images(x), name="generator")


def _residual_block(
    x, normalization, affine, use_bias, dropout, residual_conv, name
):
    """pad, conv, norm, relu, (dropout), pad, conv, norm, add; no last relu."""
    shortcut = x
    x = ReflectionPadding2D(1, name=f"{name}_pad_1")(x)
    x = residual_conv(x, use_bias, f"{name}_conv_1")
    x = blocks.normalize(x, normalization, affine, f"{name}_norm_1")
    x = layers.ReLU(name=f"{name}_relu")(x)
    if dropout:
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = ReflectionPadding2D(1, name=f"{name}_pad_2")(x)
    x = residual_conv(x, use_bias, f"{name}_conv_2")
    x = blocks.normalize(x, normalization, affine, f"{name}_norm_2")
    return layers.Add(name=f"{name}_add")([shortcut, x])
