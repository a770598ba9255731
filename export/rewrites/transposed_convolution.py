"""Transposed convolutions of stride 2 as ordinary convolutions."""

import keras
from keras import layers

from export.rewrites import batch_norm, stride_two
from export.rewrites.layer_types import TRANSPOSED_CONVOLUTIONS


def rewrite(layer, input_shape, followers):
    """Recognises `Conv2DTranspose` of stride 2, and what it can take along.

    A `Cropping2D` that follows drops more of the result. A
    `BatchNormalization`, which goes by its running statistics in inference, is
    a factor and an offset of each filter: the converter folds it into
    TRANSPOSE_CONV, but could not through a depth to space.

    Args:
        layer: Any operation of a network.
        input_shape: Shape of what it sees. Not looked at.
        followers: Operations that see nothing but what it makes, one after the
            other.

    Returns:
        A pair: the layer in its place, the number of followers that it stands
        for too; `None` if this is no such layer.
    """
    del input_shape
    if not (
        type(layer) in TRANSPOSED_CONVOLUTIONS
        and layer.data_format == "channels_last"
        and layer.strides == (2, 2)
        and layer.dilation_rate == (1, 1)
        and layer.output_padding is None
        and min(layer.kernel_size) >= 2
    ):
        return None
    cropping = norm = None
    followers = list(followers)
    if _is_cropping(layer, followers[:1]):
        cropping = followers.pop(0)
    if batch_norm.follows(layer, followers):
        norm = followers.pop(0)
    chain = [x for x in (layer, cropping, norm) if x is not None]
    replacement = stride_two.convolve(
        chain,
        *batch_norm.fold(layer, norm),
        _crops(layer, cropping),
        layer.activation,
    )
    return replacement, len(chain) - 1


def _crops(layer, cropping):
    """Rows and columns that are dropped at the start of the full result."""
    crops = [0, 0]
    if layer.padding == "same":
        # Of the size - 2 that are too many the smaller half.
        crops = [(size - 2) // 2 for size in layer.kernel_size]
    if cropping is not None:
        crops = [a + b for a, (b, _) in zip(crops, cropping.cropping)]
    return crops


def _is_cropping(layer, follower):
    return (
        layer.activation is keras.activations.linear
        and [type(x) for x in follower] == [layers.Cropping2D]
        and follower[0].data_format == "channels_last"
    )
