"""Convolutions with few filters as convolutions that make blocks of pixels."""

import numpy as np
from keras import ops

from export.rewrites.layer_types import CONVOLUTIONS
from export.rewrites.replacement import Replacement, window

# XNNPACK multiplies matrices in strips of 16 columns and more.
_FEW_FILTERS = 4
# A kernel grows by one on each axis: by 31 % if it is 7x7, by 78 % if 3x3.
_SMALLEST_KERNEL = 3
_BLOCK = 2


class BlockedConvolution(Replacement):
    """A convolution of stride 1 that makes 2x2 pixels at once.

    In one dimension, with a kernel `w` of `k` numbers,

        y[2 q + a] = sum of x[2 q + a + u] w[u] over u
                   = sum of x[2 q + v] w[v - a] over v,

    with `a` of 0 or 1 and `v` from 0 to `k`. That is a convolution of stride 2
    whose filter number `a` is `w`, shifted by `a` in a kernel of `k + 1`
    numbers. In two dimensions there are four shifts for each filter, and depth
    to space puts the four pixels where they belong. Some numbers of a kernel
    are zero, but the runtime, which works on 16 filters and more at a time, is
    kept busy by 12 where 3 leave it idle.

    Args:
        layer: Built `Conv2D` that `rewrite` recognises.
    """

    def __init__(self, layer):
        super().__init__([layer])
        kernel = ops.convert_to_numpy(layer.kernel)
        height, width, channels, filters = kernel.shape
        blocks = np.zeros(
            (height + 1, width + 1, channels, _BLOCK, _BLOCK, filters),
            kernel.dtype,
        )
        for a in range(_BLOCK):
            for b in range(_BLOCK):
                blocks[a : a + height, b : b + width, :, a, b] = kernel
        self._kernel = self.add_constant(
            "kernel", blocks.reshape(*blocks.shape[:3], -1)
        )
        bias = np.zeros(filters)
        if layer.use_bias:
            bias = ops.convert_to_numpy(layer.bias)
        self._bias = self.add_constant("bias", np.tile(bias, _BLOCK**2))
        self._kernel_size = layer.kernel_size
        self._is_padded = layer.padding == "same"
        self._activation = layer.activation

    def call(self, inputs):
        sizes = self.compute_output_shape(tuple(inputs.shape))[1:3]
        spans = []
        for count, size in zip(sizes, self._kernel_size):
            start = -((size - 1) // 2) if self._is_padded else 0
            even = count + count % _BLOCK
            spans.append((start, start + even + size - 1))
        x = ops.conv(
            window(inputs, *spans),
            self._kernel,
            strides=_BLOCK,
            padding="valid",
        )
        x = ops.depth_to_space(x + self._bias, _BLOCK, "channels_last")
        return self._activation(window(x, *[(0, count) for count in sizes]))


def rewrite(layer, input_shape, followers):
    """Recognises `Conv2D` of stride 1 with few filters and a large kernel.

    Args:
        layer: Any operation of a network.
        input_shape: Shape of what it sees. Not looked at.
        followers: Operations that see nothing but what it makes, one after the
            other. Not looked at.

    Returns:
        A pair: the layer in its place, the number of followers that it stands
        for too; `None` if this is no such layer.
    """
    del input_shape, followers
    if not (
        type(layer) in CONVOLUTIONS
        and layer.data_format == "channels_last"
        and layer.padding in ("valid", "same")
        and layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and layer.groups == 1
        and layer.filters <= _FEW_FILTERS
        and min(layer.kernel_size) >= _SMALLEST_KERNEL
    ):
        return None
    return BlockedConvolution(layer), 0
