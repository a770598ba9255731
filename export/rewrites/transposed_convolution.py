"""Transposed convolutions of stride 2 as ordinary convolutions."""

import itertools

import keras
import numpy as np
from keras import layers, ops

from export.rewrites import batch_norm
from export.rewrites.replacement import Replacement, concatenate, window

# XNNPACK multiplies matrices in strips of 16 columns and more. Of so few
# filters all phases together fill one strip, and each alone wastes most of it.
_FEW_FILTERS = 4
_PHASES = tuple(itertools.product((0, 1), (0, 1)))  # Of rows and columns.


class _StrideTwo(Replacement):
    """What both ways of computing a transposed convolution begin with.

    What follows the layer is folded in: a `Cropping2D` drops more of the
    result, and a `BatchNormalization`, which goes by its running statistics in
    inference, is a factor and an offset of each filter. The converter folds
    it into TRANSPOSE_CONV, but could not through a depth to space.

    Args:
        layer: Built `Conv2DTranspose` of stride 2.
        cropping: The `Cropping2D` that follows, or `None`.
        norm: The `BatchNormalization` that follows, or `None`.
    """

    def __init__(self, layer, cropping=None, norm=None):
        chain = [layer, cropping, norm]
        super().__init__([x for x in chain if x is not None])
        self._crops = _crops(layer, cropping)
        self._kernel_size = layer.kernel_size
        self._activation = layer.activation

    def _output_size(self, inputs):
        return self.compute_output_shape(tuple(inputs.shape))[1:3]


class PhaseConvolutions(_StrideTwo):
    """A transposed convolution of stride 2 as four convolutions.

    In one dimension, input `x[i]` adds `x[i] w[u]` to position `2 i + u` of
    the result, whose first `crop` positions are dropped. Position `2 q + a`,
    with the phase `a` of 0 or 1, then is

        y[2 q + a] = sum of x[q + d] w[a + crop - 2 d] over d,

    wherever `w` has the index: an ordinary convolution of `x`, surrounded by
    zeros, with every other number of the kernel. In two dimensions there are
    four pairs of phases. Their kernels together are `w`, so that nothing is
    multiplied in vain. Depth to space puts the pixels where they belong.
    """

    def __init__(self, layer, cropping=None, norm=None):
        super().__init__(layer, cropping, norm)
        kernel, bias = batch_norm.fold(layer, norm)
        self._offsets = [
            [_offsets(phase, crop, size) for phase in (0, 1)]
            for crop, size in zip(self._crops, self._kernel_size)
        ]
        self._kernels = []
        for phases in _PHASES:
            indices = [
                [phase + crop - 2 * d for d in offsets[phase]]
                for phase, crop, offsets in zip(
                    phases, self._crops, self._offsets
                )
            ]
            name = "kernel_{}{}".format(*phases)
            self._kernels.append(
                self.add_constant(name, kernel[np.ix_(*indices)])
            )
        self._bias = self.add_constant("bias", bias)

    def call(self, inputs):
        height, width = self._output_size(inputs)
        # Half of the result, of an odd one the larger half.
        counts = [(size + 1) // 2 for size in (height, width)]
        starts = [min(x[0] for x in offsets) for offsets in self._offsets]
        stops = [
            count + max(x[-1] for x in offsets)
            for count, offsets in zip(counts, self._offsets)
        ]
        padded = window(inputs, *zip(starts, stops))
        parts = []
        for phases, kernel in zip(_PHASES, self._kernels):
            spans = []
            for axis, phase in enumerate(phases):
                offsets = self._offsets[axis][phase]
                start = offsets[0] - starts[axis]
                spans.append((start, start + counts[axis] + len(offsets) - 1))
            x = ops.conv(window(padded, *spans), kernel, padding="valid")
            parts.append(x + self._bias)
        x = ops.depth_to_space(concatenate(parts, -1), 2, "channels_last")
        return self._activation(window(x, (0, height), (0, width)))


class JointConvolution(_StrideTwo):
    """A transposed convolution of stride 2 as one convolution.

    In one dimension, and before the first `crop` positions are dropped,
    position `2 q + a` of the result, with the phase `a` of 0 or 1, is

        y[2 q + a] = sum of x[q - d] w[a + 2 d] over d >= 0.

    Both phases see the same numbers of `x`, so one convolution with two
    filters makes both; in two dimensions it has four times the filters, and
    depth to space puts the pixels where they belong. If the kernel's size is
    even nothing is multiplied in vain. Otherwise some of the filters' numbers
    are zero: 3x3 becomes four of 2x2.
    """

    def __init__(self, layer, cropping=None, norm=None):
        super().__init__(layer, cropping, norm)
        kernel, bias = batch_norm.fold(layer, norm)
        size = self._size = [(k + 1) // 2 for k in self._kernel_size]
        padded = np.zeros(
            (2 * size[0], 2 * size[1], *kernel.shape[2:]), kernel.dtype
        )
        padded[: kernel.shape[0], : kernel.shape[1]] = kernel
        # Index a + 2 d of a phase is number size - 1 - d of its filter.
        filters = [padded[a::2, b::2][::-1, ::-1] for a, b in _PHASES]
        self._kernel = self.add_constant("kernel", np.concatenate(filters, -1))
        self._bias = self.add_constant("bias", np.tile(bias, len(_PHASES)))

    def call(self, inputs):
        spans, results = [], []
        for axis, count in enumerate(self._output_size(inputs)):
            crop = self._crops[axis]
            first, last = crop // 2, (crop + count - 1) // 2
            spans.append((first - self._size[axis] + 1, last + 1))
            results.append((crop % 2, crop % 2 + count))
        x = ops.conv(window(inputs, *spans), self._kernel, padding="valid")
        x = ops.depth_to_space(x + self._bias, 2, "channels_last")
        return self._activation(window(x, *results))


def rewrite(layer, input_shape, followers):
    """Recognises `Conv2DTranspose` of stride 2, and what it can take along.

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
        type(layer) is layers.Conv2DTranspose
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
    replacement_cls = PhaseConvolutions
    if layer.filters <= _FEW_FILTERS:
        replacement_cls = JointConvolution
    num_absorbed = sum(x is not None for x in (cropping, norm))
    return replacement_cls(layer, cropping, norm), num_absorbed


def _offsets(phase, crop, size):
    """All d, ascending, for which a kernel has an index phase + crop - 2 d."""
    return [
        d
        for d in range(-size, phase + crop + 1)
        if 0 <= phase + crop - 2 * d < size
    ]


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
