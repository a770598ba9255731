"""Nearest-neighbour upsampling, with the convolution behind it or alone."""

import numpy as np
from keras import layers, ops

from export.rewrites import batch_norm, stride_two
from export.rewrites.layer_types import CONVOLUTIONS
from export.rewrites.replacement import Replacement, concatenate

_FACTOR = 2


class RepeatedPixels(Replacement):
    """Nearest-neighbour upsampling by 2: each pixel four times.

    LiteRT's RESIZE_NEAREST_NEIGHBOR has no XNNPACK kernel and splits the graph.
    Four copies of the channels, and depth to space, are the same numbers.

    Args:
        layer: Built `UpSampling2D`.
    """

    def __init__(self, layer):
        super().__init__([layer])

    def call(self, inputs):
        x = concatenate([inputs] * _FACTOR**2, -1)
        return ops.depth_to_space(x, _FACTOR, "channels_last")


def rewrite(layer, input_shape, followers):
    """Recognises `UpSampling2D` by 2, and a convolution that follows.

    In one dimension, a convolution with a kernel `w` of `k` numbers sees input
    `x[i]` at the positions `2 i` and `2 i + 1`, so adds `x[i]` to the result
    once for each: as a transposed convolution of stride 2 does, with the
    kernel

        v[u] = w[k - 1 - u] + w[k - u],    u from 0 to k,

    where `w` is zero outside. Its result begins `k - 1` positions before that
    of the convolution of unpadded images. Zeros around the image double to
    zeros. In two dimensions the sums are of rows, then of columns. Of a 3x3
    kernel the four phases of 2x2 multiply 16 numbers for four pixels, the
    convolution of the larger image 36.

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
        type(layer) is layers.UpSampling2D
        and layer.data_format == "channels_last"
        and layer.interpolation == "nearest"
        and tuple(layer.size) == (_FACTOR, _FACTOR)
    ):
        return None
    chain, followers = [layer], list(followers)
    padding = [0, 0]
    if _is_padding(followers[:1]):
        padding = [before for before, _ in followers[0].padding]
        chain.append(followers.pop(0))
    if not _is_convolution(followers[:1]):
        return RepeatedPixels(layer), 0
    convolution = followers.pop(0)
    chain.append(convolution)
    if convolution.padding == "same":
        halves = [(size - 1) // 2 for size in convolution.kernel_size]
        padding = [a + b for a, b in zip(padding, halves)]
    norm = None
    if batch_norm.follows(convolution, followers):
        norm = followers.pop(0)
        chain.append(norm)
    kernel, bias = batch_norm.fold(convolution, norm)
    crops = [
        size - 1 - pad for size, pad in zip(convolution.kernel_size, padding)
    ]
    if min(crops) < 0:  # More zeros than the kernel reaches over.
        return RepeatedPixels(layer), 0
    for axis in (0, 1):
        kernel = _join_neighbours(kernel, axis)
    replacement = stride_two.convolve(
        chain, kernel, bias, crops, convolution.activation
    )
    return replacement, len(chain) - 1


def _join_neighbours(kernel, axis):
    """The kernel v of w along one axis."""
    widths = [(1, 1) if i == axis else (0, 0) for i in range(kernel.ndim)]
    padded = np.pad(kernel, widths)
    size = kernel.shape[axis]
    before = np.take(padded, range(size + 1), axis)
    after = np.take(padded, range(1, size + 2), axis)
    return np.flip(before + after, axis)


def _is_padding(follower):
    return [type(x) for x in follower] == [layers.ZeroPadding2D] and follower[
        0
    ].data_format == "channels_last"


def _is_convolution(follower):
    return (
        len(follower) == 1
        and type(follower[0]) in CONVOLUTIONS
        and follower[0].data_format == "channels_last"
        and follower[0].padding in ("valid", "same")
        and follower[0].strides == (1, 1)
        and follower[0].dilation_rate == (1, 1)
        and follower[0].groups == 1
        and min(follower[0].kernel_size) >= 2
    )
