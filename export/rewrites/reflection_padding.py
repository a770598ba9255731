"""Reflection padding as slices and concatenations."""

from export.rewrites.replacement import Replacement, concatenate
from keras_gans.layers import ReflectionPadding2D


class ConcatenatedReflection(Replacement):
    """Reflection padding made of slices and concatenations.

    LiteRT's MIRROR_PAD has no XNNPACK kernel. It is slow, and it splits the
    graph: what XNNPACK runs before it and after it are two partitions.

    Of `n` rows, padded by `p`, the result is rows `p, ..., 1`, then
    `0, ..., n - 1`, then `n - 2, ..., n - 1 - p`. The first and the last `p`
    are slices of one row; numbers are copied, never computed. The columns of
    that are padded in the same way, which fills the corners.

    Args:
        layer: Built `ReflectionPadding2D`.
    """

    def __init__(self, layer):
        super().__init__([layer])
        self._padding = layer.padding

    def call(self, inputs):
        rows, columns = self._padding
        x, size = inputs, inputs.shape[1]
        before = [x[:, i : i + 1] for i in range(rows, 0, -1)]
        after = [x[:, size - 1 - i : size - i] for i in range(1, rows + 1)]
        x = _join(before, x, after, axis=1)
        size = x.shape[2]
        before = [x[:, :, i : i + 1] for i in range(columns, 0, -1)]
        after = [
            x[:, :, size - 1 - i : size - i] for i in range(1, columns + 1)
        ]
        return _join(before, x, after, axis=2)


def _join(before, x, after, axis):
    # The borders first: they are small, and `x` is then copied once.
    if not before:
        return x
    return concatenate(
        [concatenate(before, axis), x, concatenate(after, axis)], axis
    )


def rewrite(layer, input_shape, followers):
    """Recognises `ReflectionPadding2D`.

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
    if type(layer) is not ReflectionPadding2D:
        return None
    return ConcatenatedReflection(layer), 0
