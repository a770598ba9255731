"""Maxout (Goodfellow et al., 2013)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="Addons")
class Maxout(keras.layers.Layer):
    """Keeps the largest of every group of features.

    Output `j` is the largest of the features `j`, `j + num_units`,
    `j + 2 * num_units` and so on. It follows a layer without activation.

    Reference:

    - [Goodfellow et al., 2013, section 2](https://arxiv.org/abs/1302.4389)

    Args:
        num_units: Integer >= 1, features that are left; must divide those
            that there are.
        axis: Integer, the axis of the features. Defaults to -1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape: any rank, with the features on `axis`.
    Output shape: the same, with `num_units` on `axis`.

    Raises:
        ValueError: If `num_units` is not an integer >= 1, or does not divide
            the number of features.
    """

    def __init__(self, num_units, axis=-1, **kwargs):
        if not isinstance(num_units, int) or num_units < 1:
            raise ValueError(
                "`num_units` must be an integer >= 1. "
                f"Received: num_units={num_units!r}."
            )
        super().__init__(**kwargs)
        self.num_units = num_units
        self.axis = axis

    def build(self, input_shape):
        rank = len(input_shape)
        axis = self.axis + rank if self.axis < 0 else self.axis
        if not 0 < axis < rank:
            raise ValueError(
                "`axis` must be one of the input's axes, except the batch. "
                f"Received: axis={self.axis}, input_shape={input_shape}."
            )
        features = input_shape[axis]
        if features is None or features % self.num_units:
            raise ValueError(
                "`num_units` must divide the number of features on `axis`. "
                f"Received: num_units={self.num_units}, axis={self.axis}, "
                f"input_shape={input_shape}."
            )

    def call(self, inputs):
        axis = self.axis % len(inputs.shape)
        shape = list(ops.shape(inputs))
        groups = inputs.shape[axis] // self.num_units
        shape[axis : axis + 1] = [groups, self.num_units]
        return ops.max(ops.reshape(inputs, shape), axis=axis)

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        shape[self.axis] = self.num_units
        return tuple(shape)

    def get_config(self):
        return {
            **super().get_config(),
            "num_units": self.num_units,
            "axis": self.axis,
        }
