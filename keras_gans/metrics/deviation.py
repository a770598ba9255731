"""How much a number moves during an epoch."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class Deviation(keras.metrics.Metric):
    """Standard deviation of the values seen since the last reset.

    Of values of order 1, such as probabilities: it is the root of the
    difference of two float32 means, and exact to about 3e-4.

    Args:
        name: String. Defaults to `"deviation"`.
        **kwargs: Of `keras.metrics.Metric`.
    """

    def __init__(self, name="deviation", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total, self.total_of_squares, self.count = (
            self.add_weight(initializer="zeros", name=weight)
            for weight in ("total", "total_of_squares", "count")
        )

    def update_state(self, value):
        """Adds one value, a scalar tensor."""
        value = ops.cast(value, self.dtype)
        self.total.assign_add(value)
        self.total_of_squares.assign_add(ops.square(value))
        self.count.assign_add(1.0)

    def result(self):
        """Returns the deviation, a scalar >= 0; 0 before the first value."""
        count = ops.maximum(self.count, 1.0)
        variance = self.total_of_squares / count - ops.square(
            self.total / count
        )
        return ops.sqrt(ops.maximum(variance, 0.0))
