"""3x3 convolutions with half of the multiplications (Winograd's algorithm)."""

import numpy as np
from keras import ops

from export.rewrites import batch_norm
from export.rewrites.layer_types import CONVOLUTIONS
from export.rewrites.replacement import Replacement, concatenate, window
from keras_gans.layers import ReflectionPadding2D

# Sums grow with the channels, products with their square. With AVX2, one
# thread, 16 channels and filters are as fast as before, 32 are 1.1 to 1.4 times
# as fast, 64 are 1.25 to 1.6, 256 are 1.7 to 1.9 times. Kernels twice as large
# are worth that from 64 on: wider processors spend more of the time on sums.
_FEWEST_CHANNELS = 64
# Two tiles. Such images cost next to nothing, and have the largest kernels.
_SMALLEST_SIZE = 8
_TILE = 4  # Rows of the result that are made at once.
_KERNEL_TRANSFORM = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)


class WinogradConvolution(Replacement):
    """A 3x3 convolution that multiplies half as often, by F(4, 3) of its rows.

    In one dimension, four results `y[i] = sum of d[i + u] g[u] over u` of six
    inputs `d` and three numbers `g` take 12 multiplications. Winograd's F(4, 3)
    takes 6, one for each of its points 0, 1, -1, 2, -2 and infinity, at which
    it evaluates and multiplies polynomials:

        y = A (G g * B d),    * element by element, with

            |  1/4     0     0 |       | 4  0 -5  0  1  0 |
            | -1/6  -1/6  -1/6 |       | 0 -4 -4  1  1  0 |
        G = | -1/6   1/6  -1/6 |   B = | 0  4 -4 -1  1  0 |
            | 1/24  1/12   1/6 |       | 0 -2 -1  2  1  0 |
            | 1/24 -1/12   1/6 |       | 0  2 -1 -2  1  0 |
            |    0     0     1 |       | 0  4  0 -5  0  1 |

            | 1  1  1  1  1  0 |
        A = | 0  1 -1  2 -2  0 |
            | 0  1  1  4  4  0 |
            | 0  1 -1  8 -8  1 |

    Here `d` are six rows of an image, four rows apart from the next six, and
    an element of `G g` is a row of a kernel: each product is a convolution
    with a 1x3 kernel. `G g` is computed once, in float64; `B d` and the product
    with `A` are sums of whole rows. Kernels are twice as large. Of columns
    instead it is slower (rows lie together in memory), of both the kernels
    would be four times as large.

    Rows `4 t + i` of all tiles `t` are cut out at once, of images that a
    reshape has made `4 * width` wide; it moves nothing. The row above and the
    row below the image are joined to where they are needed, so that padded
    images are never built. A height that 4 does not divide is made up for.

    A `ReflectionPadding2D` before and a `BatchNormalization` behind the
    convolution are taken in.

    Reference:

    - [Lavin & Gray, 2015, section 4](https://arxiv.org/abs/1509.09308)

    Args:
        layer: Built `Conv2D` with a 3x3 kernel.
        reflection: The `ReflectionPadding2D` by 1 before it, or `None`.
        norm: The `BatchNormalization` that follows, or `None`.
    """

    def __init__(self, layer, reflection=None, norm=None):
        chain = [reflection, layer, norm]
        super().__init__([x for x in chain if x is not None])
        kernel, bias = batch_norm.fold(layer, norm)
        transformed = np.tensordot(_KERNEL_TRANSFORM, kernel, (1, 0))
        self._kernels = [
            self.add_constant(f"kernel_{i}", x[None])
            for i, x in enumerate(transformed)
        ]
        self._bias = self.add_constant("bias", bias)
        self._padding = layer.padding if reflection is None else "reflect"
        self._activation = layer.activation

    def call(self, inputs):
        above, x, below = self._pad(inputs)
        height, width, channels = x.shape[1:]
        # At least two tiles, or there is nothing to join to the row above.
        num_tiles = max(2, -(-height // _TILE))
        missing = num_tiles * _TILE - height
        x = concatenate([x, *[below] * missing], axis=1)
        x = ops.reshape(x, (-1, num_tiles, _TILE * width, channels))
        rows = [x[:, :, i * width : (i + 1) * width] for i in range(_TILE)]
        first = concatenate([above, rows[-1][:, :-1]], axis=1)
        last = concatenate([rows[0][:, 1:], below], axis=1)
        products = [
            ops.conv(x, kernel, padding="valid")
            for x, kernel in zip(
                _transform_inputs(first, *rows, last), self._kernels
            )
        ]
        # The column of A that is 1 in all rows: the point 1.
        products[1] = products[1] + self._bias
        x = concatenate(_transform_products(*products), axis=2)
        _, size, filters = x.shape[1:]
        x = ops.reshape(x, (-1, num_tiles * _TILE, size // _TILE, filters))
        return self._activation(window(x, (0, height), (0, size // _TILE)))

    def _pad(self, x):
        """Returns the row above, those that make a result each, and below.

        All of them have a column more on each side than the result has.
        """
        height, width = x.shape[1:3]
        if self._padding == "valid":
            return x[:, :1], x[:, 1:-1], x[:, -1:]
        if self._padding == "same":
            x = window(x, (0, height), (-1, width + 1))
            zeros = ops.zeros_like(x[:, :1])
            return zeros, x, zeros
        left, right = x[:, :, 1:2], x[:, :, width - 2 : width - 1]
        x = concatenate([left, x, right], axis=2)
        return x[:, 1:2], x, x[:, height - 2 : height - 1]


def _transform_inputs(d0, d1, d2, d3, d4, d5):
    """The product with B."""
    even, odd = d4 - 4.0 * d2, d3 - 4.0 * d1
    difference, twice = d4 - d2, 2.0 * (d3 - d1)
    return (
        4.0 * (d0 - d2) + difference,
        even + odd,
        even - odd,
        difference + twice,
        difference - twice,
        d5 - d3 - 2.0 * twice,
    )


def _transform_products(m0, m1, m2, m3, m4, m5):
    """The product with A."""
    sum_1, difference_1 = m1 + m2, m1 - m2
    sum_2, difference_2 = m3 + m4, m3 - m4
    return [
        m0 + sum_1 + sum_2,
        difference_1 + 2.0 * difference_2,
        sum_1 + 4.0 * sum_2,
        difference_1 + 8.0 * difference_2 + m5,
    ]


def rewrite(layer, input_shape, followers):
    """Recognises 3x3 `Conv2D` of stride 1, alone or behind a reflection.

    Args:
        layer: Any operation of a network.
        input_shape: Shape of what it sees, `None` where it is free.
        followers: Operations that see nothing but what it makes, one after the
            other.

    Returns:
        A pair: the layer in its place, the number of followers that it stands
        for too; `None` if this is no such layer.
    """
    followers = list(followers)
    reflection = norm = None
    if _is_reflection(layer, followers):
        reflection, layer = layer, followers.pop(0)
        input_shape = reflection.compute_output_shape(tuple(input_shape))
    if not (
        type(layer) in CONVOLUTIONS
        and layer.data_format == "channels_last"
        and layer.kernel_size == (3, 3)
        and layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and layer.groups == 1
        and layer.padding in ("valid", "same")
        and min(input_shape[-1], layer.filters) >= _FEWEST_CHANNELS
        and _is_large(layer.compute_output_shape(tuple(input_shape)))
    ):
        return None
    if batch_norm.follows(layer, followers):
        norm = followers.pop(0)
    num_absorbed = sum(x is not None for x in (reflection, norm))
    return WinogradConvolution(layer, reflection, norm), num_absorbed


def _is_reflection(layer, followers):
    return (
        type(layer) is ReflectionPadding2D
        and layer.padding == (1, 1)
        and len(followers) > 0
        and type(followers[0]) in CONVOLUTIONS
        and followers[0].padding == "valid"
    )


def _is_large(output_shape):
    return all(
        size is None or size >= _SMALLEST_SIZE for size in output_shape[1:3]
    )
