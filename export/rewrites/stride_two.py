"""Doubling height and width by ordinary convolutions and depth to space."""

import itertools

import numpy as np
from keras import ops

from export.rewrites.replacement import Replacement, concatenate, window

# XNNPACK multiplies matrices in strips of 16 columns and more. Of so few
# filters all phases together fill one strip, and each alone wastes most of it.
_FEW_FILTERS = 4
_PHASES = tuple(itertools.product((0, 1), (0, 1)))  # Of rows and columns.


def convolve(replaced, kernel, bias, crops, activation):
    """Makes a transposed convolution of stride 2 of ordinary ones.

    Args:
        replaced: As of `PhaseConvolutions`, and so are the others.

    Returns:
        The `Replacement` that is the faster one for so many filters.
    """
    replacement_cls = PhaseConvolutions
    if len(bias) <= _FEW_FILTERS:
        replacement_cls = JointConvolution
    return replacement_cls(replaced, kernel, bias, crops, activation)


class _StrideTwo(Replacement):
    """What both ways of computing a transposed convolution begin with.

    Args:
        replaced: List of built layers, the first one sees the input, the last
            one tells the size of the result.
        kernel: float64 array `(height, width, input_channels, filters)`, in the
            order in which an input adds it to the result.
        bias: float64 array `(filters,)`.
        crops: Pair of integers, how many rows and columns are dropped at the
            start of the full result.
        activation: Function of the result.
    """

    def __init__(self, replaced, kernel, bias, crops, activation):
        super().__init__(replaced)
        self._crops = crops
        self._kernel_size = kernel.shape[:2]
        self._activation = activation

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

    def __init__(self, replaced, kernel, bias, crops, activation):
        super().__init__(replaced, kernel, bias, crops, activation)
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

    def __init__(self, replaced, kernel, bias, crops, activation):
        super().__init__(replaced, kernel, bias, crops, activation)
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


def _offsets(phase, crop, size):
    """All d, ascending, for which a kernel has an index phase + crop - 2 d."""
    return [
        d
        for d in range(-size, phase + crop + 1)
        if 0 <= phase + crop - 2 * d < size
    ]
