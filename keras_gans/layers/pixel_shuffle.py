"""Depth to space, which Keras lacks as a layer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class PixelShuffle(keras.layers.Layer):
    """Turns groups of 4 channels into 2x2 blocks of pixels.

    Channel `4 * c + 2 * i + j` of a pixel becomes channel `c` of the pixel in
    row `i` and column `j` of its block, as in PyTorch.

    Reference:

    - [Shi et al., 2016](https://arxiv.org/abs/1609.05158)

    Input shape: `(batch, height, width, 4 * channels)`.
    Output shape: `(batch, 2 * height, 2 * width, channels)`.
    """

    def build(self, input_shape):
        if input_shape[-1] % 4:
            raise ValueError(
                "The number of channels must be divisible by 4. Received: "
                f"input_shape={tuple(input_shape)}."
            )

    def call(self, inputs):
        _, height, width, channels = ops.shape(inputs)
        x = ops.reshape(inputs, (-1, height, width, channels // 4, 2, 2))
        x = ops.transpose(x, (0, 1, 4, 2, 5, 3))  # (b, h, i, w, j, c)
        return ops.reshape(x, (-1, 2 * height, 2 * width, channels // 4))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        doubled = [size and 2 * size for size in (height, width)]
        return (batch, *doubled, channels // 4)
