"""Transposed convolutions of a single pixel as matrix products."""

import numpy as np
from keras import ops

from export.rewrites import batch_norm
from export.rewrites.layer_types import TRANSPOSED_CONVOLUTIONS
from export.rewrites.replacement import Replacement


class PixelProjection(Replacement):
    """A transposed convolution of one pixel, the first layer of a DCGAN.

    Input `x[i]` adds `x[i] w[u]` to position `stride * i + u` of the result.
    Of a single pixel there is only `i = 0`, so `y[u] = x[0] w[u]`: one product
    of a vector and a matrix, whatever the stride, as long as it leaves no gap
    behind the kernel. A `BatchNormalization` that follows is folded in, as in
    `export.rewrites.transposed_convolution`.

    Args:
        layer: Built `Conv2DTranspose` that `rewrite` recognises.
        norm: The `BatchNormalization` that follows, or `None`.
    """

    def __init__(self, layer, norm=None):
        chain = [layer, norm]
        super().__init__([x for x in chain if x is not None])
        kernel, bias = batch_norm.fold(layer, norm)
        height, width, channels, _ = kernel.shape
        matrix = kernel.transpose(2, 0, 1, 3).reshape(channels, -1)
        self._matrix = self.add_constant("matrix", matrix)
        self._bias = self.add_constant("bias", np.tile(bias, height * width))
        self._activation = layer.activation

    def call(self, inputs):
        x = ops.reshape(inputs, (-1, inputs.shape[-1]))
        x = ops.matmul(x, self._matrix) + self._bias
        shape = self.compute_output_shape(tuple(inputs.shape))[1:]
        return self._activation(ops.reshape(x, (-1, *shape)))


def rewrite(layer, input_shape, followers):
    """Recognises `Conv2DTranspose` of a single pixel.

    Args:
        layer: Any operation of a network.
        input_shape: Shape of what it sees, `None` where it is free.
        followers: Operations that see nothing but what it makes, one after the
            other.

    Returns:
        A pair: the layer in its place, the number of followers that it stands
        for too; `None` if this is no such layer.
    """
    if not (
        type(layer) in TRANSPOSED_CONVOLUTIONS
        and layer.data_format == "channels_last"
        and tuple(input_shape[1:3]) == (1, 1)
        and layer.padding == "valid"
        and layer.dilation_rate == (1, 1)
        and layer.output_padding is None
        and all(k >= s for k, s in zip(layer.kernel_size, layer.strides))
    ):
        return None
    if batch_norm.follows(layer, followers):
        return PixelProjection(layer, followers[0]), 1
    return PixelProjection(layer), 0
