"""What layers of the export graph have in common."""

import keras
from keras import ops

# XNNPACK leaves a concatenation of more tensors to a slower kernel.
_MOST_PARTS = 4


class Replacement(keras.layers.Layer):
    """A layer that computes what one layer, or a chain of them, computes.

    It is called with images of a static height and width, as the exported
    function is, and is never trained or saved.

    Args:
        replaced: List of built layers, the first one sees the input.
    """

    def __init__(self, replaced):
        first = replaced[0]
        super().__init__(
            name=first.name, dtype=first.dtype_policy, trainable=False
        )
        # The methods, not the layers: their weights are not to be counted.
        self._shape_functions = [x.compute_output_shape for x in replaced]

    def compute_output_shape(self, input_shape):
        for shape_function in self._shape_functions:
            input_shape = shape_function(input_shape)
        return input_shape

    def add_constant(self, name, value):
        """Keeps an array as a weight, so that files are checked for it."""
        return self.add_weight(
            name=name,
            shape=value.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(
                value, dtype=dtype
            ),
            trainable=False,
        )


def window(x, rows, columns):
    """Cuts a rectangle out of images that are surrounded by zeros.

    Args:
        x: Tensor `(batch, height, width, channels)`.
        rows: Pair of integers, the first row, and the one after the last. They
            may lie outside of the image.
        columns: As `rows`.

    Returns:
        Tensor `(batch, rows[1] - rows[0], columns[1] - columns[0], channels)`.
    """
    spans = list(zip(x.shape[1:3], (rows, columns)))
    pads = [(max(0, -start), max(0, stop - n)) for n, (start, stop) in spans]
    if any(map(any, pads)):
        x = ops.pad(x, ((0, 0), *pads, (0, 0)))
    (top, bottom), (left, right) = [
        (start + before, stop + before)
        for (_, (start, stop)), (before, _) in zip(spans, pads)
    ]
    if (top, bottom, left, right) == (0, x.shape[1], 0, x.shape[2]):
        return x
    return x[:, top:bottom, left:right]


def concatenate(parts, axis):
    """Concatenates any number of tensors, a few at a time."""
    while len(parts) > 1:
        groups = [
            parts[i : i + _MOST_PARTS]
            for i in range(0, len(parts), _MOST_PARTS)
        ]
        parts = [ops.concatenate(group, axis) for group in groups]
    return parts[0]
