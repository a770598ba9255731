"""Keras's convolutions, which some processors train faster this way.

oneDNN keeps TensorFlow's order of axes, for which it lacks good kernels where
there is no AVX-512. There, a convolution of one image is two to twenty times
as fast when the image is cut into two, and the gradient of a kernel faster as
products of matrices (`benchmarks/convolutions.py`). Only training goes these
ways: an exported network holds the plain operations.
"""

import functools
import math

import keras
import tensorflow as tf

from keras_gans import processor

_FEWEST_ROWS = 16  # Of the output; less is not worth the cut.
# Elements of a kernel -> the fewest channels of its smaller images, for which
# the matrix product makes up for writing out what goes into it.
_FEWEST_CHANNELS = {9: 128, 16: 512}
_MOST_BYTES = 2**28  # Of what is written out.


class _TrainsByHand:
    """Computes with operations of ours where they are known to be faster."""

    def call(self, inputs, training=False):
        if not (training and _is_slow_here() and self._is_plain(inputs)):
            return super().call(inputs)
        kernel = tf.convert_to_tensor(self.kernel)
        outputs = self._convolve(inputs, kernel)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def _is_plain(self, inputs):
        return (
            None not in inputs.shape
            and inputs.dtype == "float32"
            and self.data_format == "channels_last"
            and self.dilation_rate == (1, 1)
            and getattr(self, "groups", 1) == 1
            and getattr(self, "output_padding", None) is None
        )


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2D(_TrainsByHand, keras.layers.Conv2D):
    """`keras.layers.Conv2D`, trained faster on some processors.

    It computes the same but for rounding, and has the same weights and
    arguments. Batches of one are faster if their size is static, as
    `batch(1, drop_remainder=True)` makes it.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch,
    new_height, new_width, filters)`.
    """

    def _convolve(self, images, kernel):
        strides, padding = self.strides, self.padding.upper()

        @tf.custom_gradient
        def convolve(images, kernel):
            def gradient(upstream):
                return (
                    tf.nn.conv2d_transpose(
                        upstream, kernel, images.shape, strides, padding
                    ),
                    _kernel_gradient(
                        images, upstream, kernel.shape, strides, padding
                    ),
                )

            return _correlate(images, kernel, strides, padding), gradient

        return convolve(images, kernel)


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2DTranspose(_TrainsByHand, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, trained faster on some processors.

    See `Conv2D`: its gradient is this layer, and the other way round.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch,
    new_height, new_width, filters)`.
    """

    def _convolve(self, images, kernel):
        strides, padding = self.strides, self.padding.upper()
        output_shape = self.compute_output_shape(images.shape)

        @tf.custom_gradient
        def convolve(images, kernel):
            def gradient(upstream):
                return (
                    _correlate(upstream, kernel, strides, padding),
                    _kernel_gradient(
                        upstream, images, kernel.shape, strides, padding
                    ),
                )

            outputs = tf.nn.conv2d_transpose(
                images, kernel, output_shape, strides, padding
            )
            return outputs, gradient

        return convolve(images, kernel)


@functools.cache
def _is_slow_here():
    """Whether this machine has been measured to need other operations."""
    found = processor.instructions()
    return (
        "avx2" in found
        and "avx512f" not in found
        and not tf.config.list_physical_devices("GPU")
    )


def _correlate(images, kernel, strides, padding):
    """`tf.nn.conv2d`; of one large image, it is of its halves as a batch."""
    if images.shape[0] != 1:
        return tf.nn.conv2d(images, kernel, strides, padding)
    padded = _pad(images, kernel.shape, strides, padding)
    height = padded.shape[1]
    num_rows = (height - kernel.shape[0]) // strides[0] + 1
    if num_rows < _FEWEST_ROWS:
        return tf.nn.conv2d(images, kernel, strides, padding)
    # Each half sees what the rows of its output need, and both are as large.
    half = math.ceil(num_rows / 2)
    height_seen = (half - 1) * strides[0] + kernel.shape[0]
    second = half * strides[0]
    missing = second + height_seen - height
    if missing > 0:
        padded = tf.pad(padded, [[0, 0], [0, missing], [0, 0], [0, 0]])
    halves = tf.concat(
        [padded[:, :height_seen], padded[:, second : second + height_seen]],
        axis=0,
    )
    halves = tf.nn.conv2d(halves, kernel, strides, "VALID")
    outputs = tf.reshape(halves, [1, 2 * half, *halves.shape[2:]])
    return outputs[:, :num_rows]


def _pad(images, kernel_shape, strides, padding):
    """Writes out what `padding` stands for."""
    if padding == "VALID":
        return images
    widths = []
    for size, side, stride in zip(images.shape[1:3], kernel_shape, strides):
        total = max(0, (math.ceil(size / stride) - 1) * stride + side - size)
        widths.append([total // 2, total - total // 2])
    return tf.pad(images, [[0, 0], *widths, [0, 0]])


def _kernel_gradient(large, small, kernel_shape, strides, padding):
    """The gradient of a kernel that leads from large images to small ones.

    Args:
        large: What the kernel slides over, or the gradient of that.
        small: The gradient of what it makes there, or that itself.
        kernel_shape: `(height, width, channels of large, channels of small)`.
        strides: Pair of integers.
        padding: `"SAME"` or `"VALID"`.

    Returns:
        A tensor of `kernel_shape`.
    """
    height, width, channels, _ = kernel_shape
    num_rows = math.prod(small.shape[:3])
    num_columns = height * width * channels
    if (
        small.shape[3] < _FEWEST_CHANNELS.get(height * width, math.inf)
        or 4 * num_rows * num_columns > _MOST_BYTES
    ):
        return tf.raw_ops.Conv2DBackpropFilter(
            input=large,
            filter_sizes=kernel_shape,
            out_backprop=small,
            strides=[1, *strides, 1],
            padding=padding,
        )
    # Not before the gradient is there: all patches at once take gigabytes.
    with tf.control_dependencies([small]):
        patches = tf.image.extract_patches(
            large,
            [1, height, width, 1],
            [1, *strides, 1],
            [1, 1, 1, 1],
            padding,
        )
        products = tf.matmul(
            tf.reshape(patches, [num_rows, num_columns]),
            tf.reshape(small, [num_rows, small.shape[3]]),
            transpose_a=True,
        )
        return tf.reshape(products, kernel_shape)
