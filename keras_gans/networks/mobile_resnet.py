"""The residual generator with separable convolutions (Li et al., 2020)."""

from keras_gans.networks import blocks, resnet


def build_mobile_resnet_generator(
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
    """Translates as `build_resnet_generator`, with a fifth of the arithmetic.

    Of the multiply-adds of a full ResNet-9, 88 % are in its residual blocks.
    Here each 3x3 convolution there is a depthwise one, a norm and a pointwise
    one. First, last and resampling convolutions stay as they are, as in the
    authors' code. With the defaults that is 11.1 instead of 49.6 billion
    multiply-adds and 1,987,075 parameters.

    `filters` is the width multiplier of MobileNets: half of it is about a
    quarter of the arithmetic.

    Reference:

    - [Li et al., 2020](https://arxiv.org/abs/2003.08936), and the norm between
      the two convolutions from the authors' code
    - [Howard et al., 2017](https://arxiv.org/abs/1704.04861)

    Args:
        image_shape: As of `build_resnet_generator`.
        output_channels: As of `build_resnet_generator`.
        filters: As of `build_resnet_generator`.
        num_residual_blocks: As of `build_resnet_generator`.
        normalization: As of `build_resnet_generator`, of all norms.
        affine: As of `build_resnet_generator`.
        use_bias: As of `build_resnet_generator`, of depthwise and pointwise
            convolutions too.
        upsampling: As of `build_resnet_generator`.
        dropout: As of `build_resnet_generator`.

    Returns:
        A `keras.Model` from images to float32 images `(batch, height, width,
        output_channels)` in [-1, 1], named `"generator"`.

    Raises:
        ValueError: If an argument is out of range.
    """

    def separable_conv(x, use_bias, name):
        x = blocks.depthwise_conv(
            x, 3, use_bias=use_bias, name=f"{name}_depthwise"
        )
        x = blocks.normalize(x, normalization, affine, f"{name}_depthwise_norm")
        return blocks.conv(x, x.shape[-1], 1, use_bias=use_bias, name=name)

    return resnet.wire_generator(
        image_shape,
        output_channels,
        filters,
        num_residual_blocks,
        normalization,
        affine,
        use_bias,
        upsampling,
        dropout,
        residual_conv=separable_conv,
    )
