"""Reflection padding, which Keras has as an operation but not as a layer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads height and width by mirror images that do not repeat the edge.

    A row `[1, 2, 3]` padded by 2 becomes `[3, 2, 1, 2, 3, 2, 1]`.

    Args:
        padding: Integer >= 0, rows and columns added on each side, or a pair
            of integers for height and width. Must be smaller than the image.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height + 2 * padding, width + 2 * padding, channels)`
    """

    def __init__(self, padding, **kwargs):
        pair = (padding, padding) if isinstance(padding, int) else padding
        if (
            not isinstance(pair, (tuple, list))
            or len(pair) != 2
            or any(not isinstance(size, int) or size < 0 for size in pair)
        ):
            raise ValueError(
                "`padding` must be an integer >= 0 or a pair of them. "
                f"Received: padding={padding}."
            )
        super().__init__(**kwargs)
        self.padding = tuple(pair)

    def build(self, input_shape):
        for name, size, padding in zip(
            ("height", "width"), input_shape[1:3], self.padding
        ):
            if size is not None and size <= padding:
                raise ValueError(
                    f"The {name} must be larger than its padding, {padding}, "
                    "because a mirror image does not repeat the edge. "
                    f"Received: input_shape={tuple(input_shape)}."
                )

    def call(self, inputs):
        height, width = self.padding
        paddings = ((0, 0), (height, height), (width, width), (0, 0))
        return ops.pad(inputs, paddings, mode="reflect")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        padded = [
            None if size is None else size + 2 * padding
            for size, padding in zip((height, width), self.padding)
        ]
        return (batch, *padded, channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
