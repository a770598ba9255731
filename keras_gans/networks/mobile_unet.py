"""The U-Net generator with separable convolutions."""

import keras
from keras import layers

from keras_gans.networks import blocks, unet


def build_mobile_unet_generator(
    image_shape=(256, 256, 3),
    output_channels=None,
    filters=64,
    num_levels=None,
    normalization="batch",
    dropout_layout="paper",
    dropout=0.5,
    upsampling="transposed",
):
    """Translates as `build_unet_generator`, with a tenth of the arithmetic.

    Separable is every convolution but the first and the last. These two have
    the few channels of images on one side, so that there is little to save.
    On the way down a 4x4 depthwise convolution of stride 2 is followed by a
    pointwise one. On the way up, where two thirds of the arithmetic are, a
    pointwise convolution brings the channels down while the features are
    small; these are doubled by bilinear interpolation, and go through a 3x3
    depthwise convolution. No runtime has a depthwise transposed convolution,
    and interpolation leaves no checkerboard (Odena et al., 2016).

    No paper describes this network. It takes the idea from MobileNets, and
    the rest from pix2pix. There is no norm between the two convolutions: near
    the bottleneck it would see a single pixel.

    With the defaults it takes 0.55 instead of 6.05 billion multiply-adds.
    `filters` is the width multiplier of MobileNets.

    Reference:

    - [Howard et al., 2017](https://arxiv.org/abs/1704.04861)
    - [Odena et al., 2016](https://distill.pub/2016/deconv-checkerboard/)

    Args:
        image_shape: As of `build_unet_generator`.
        output_channels: As of `build_unet_generator`.
        filters: As of `build_unet_generator`.
        num_levels: As of `build_unet_generator`.
        normalization: As of `build_unet_generator`.
        dropout_layout: As of `build_unet_generator`.
        dropout: As of `build_unet_generator`.
        upsampling: As of `build_unet_generator`, but of the last convolution
            alone.

    Returns:
        A `keras.Model` from images to float32 images `(batch, height, width,
        output_channels)` in [-1, 1], named `"generator"`.

    Raises:
        ValueError: If an argument is out of range.
    """
    return unet.wire_generator(
        image_shape,
        output_channels,
        filters,
        num_levels,
        normalization,
        dropout_layout,
        dropout,
        upsampling,
        _down_conv,
        _up_conv,
    )


def _down_conv(x, filters, use_bias, name):
    x = _depthwise_conv(x, 4, 2, False, f"{name}_depthwise")
    return _pointwise_conv(x, filters, 4, use_bias, name)


def _up_conv(x, filters, use_bias, name):
    x = _pointwise_conv(x, filters, 3, False, f"{name}_pointwise")
    # Not the nearest neighbour of `blocks.upsample`: XNNPACK takes bilinear
    # up-sampling as it is.
    x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_resize")(
        x
    )
    return _depthwise_conv(x, 3, 1, use_bias, name)


# The papers' initial deviation of 0.02 is for sums over all pixels and
# channels. Of kernels that share the work the products have it: otherwise
# norms would find little more than their epsilon to divide by.


def _depthwise_conv(x, size, strides, use_bias, name):
    """A square kernel for each channel, which keeps its scale at first."""
    initializer = keras.initializers.RandomNormal(0.0, 1 / size)
    return blocks.depthwise_conv(
        x, size, strides, use_bias, name, "same", initializer
    )


def _pointwise_conv(x, filters, size, use_bias, name):
    """The other half of a depthwise convolution with kernels of `size`."""
    initializer = keras.initializers.RandomNormal(0.0, 0.02 * size)
    return blocks.conv(
        x,
        filters,
        1,
        use_bias=use_bias,
        name=name,
        kernel_initializer=initializer,
    )
