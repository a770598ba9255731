"""What a metric remembers of the features it has seen.

The states are weights of a Keras metric. All that replicas add up to is there
once they are read together: sums, and rows of which each replica writes those
of its own images, in the places that they have in the global batch.
"""

import numpy as np
import tensorflow as tf

from keras_gans import replicas


class Moments:
    """Count, mean and covariance of features, in float64.

    Sums are of differences to the mean of the first batch: squares of features
    that are large beside their deviation would cancel out.

    Args:
        metric: `keras.metrics.Metric` that owns the weights.
        dim: Integer, numbers of a feature.
        name: String, in front of the names of the weights.
    """

    def __init__(self, metric, dim, name):
        def add(shape, weight, aggregation):
            return metric.add_variable(
                shape, "zeros", "float64", aggregation, f"{name}_{weight}"
            )

        # The same in all replicas.
        self.count = add((), "count", "only_first_replica")
        self.shift = add((dim,), "shift", "only_first_replica")
        self.total = add((dim,), "total", "sum")
        self.products = add((dim, dim), "products", "sum")

    def update(self, features):
        """Adds features, a tensor `(n, dim)`."""
        features = tf.cast(features, "float64")
        count = replicas.total_of(tf.cast(tf.shape(features)[0], "float64"))
        total = replicas.total_of(tf.reduce_sum(features, axis=0))
        mean = tf.math.divide_no_nan(total, count)
        shift = tf.where(self.count.value > 0, self.shift.value, mean)
        gaps = features - shift
        self.shift.assign(shift)
        self.count.assign(self.count + count)
        self.total.assign(self.total + tf.reduce_sum(gaps, axis=0))
        self.products.assign(
            self.products + tf.matmul(gaps, gaps, transpose_a=True)
        )

    def tensors(self):
        """Returns all that `read` needs."""
        return [
            tf.convert_to_tensor(variable)
            for variable in (self.count, self.shift, self.total, self.products)
        ]

    @staticmethod
    def read(count, shift, total, products):
        """Returns count, mean `(dim,)` and covariance `(dim, dim)`.

        Raises:
            ValueError: If there are less than two images.
        """
        count = int(count)
        require_two(count)
        mean_gap = total / count
        centred = products - count * np.outer(mean_gap, mean_gap)
        return count, shift + mean_gap, centred / (count - 1)


class FeatureRows:
    """The features themselves, of the first `capacity` images.

    Args:
        metric: `keras.metrics.Metric` that owns the weights.
        dim: Integer, numbers of a feature.
        name: String, in front of the names of the weights.
        capacity: Integer >= 2, of how many images.
    """

    def __init__(self, metric, dim, name, capacity):
        self.capacity = capacity
        self.count = metric.add_variable(
            (), "zeros", "float64", "only_first_replica", f"{name}_count"
        )
        self.rows = metric.add_variable(
            (capacity, dim), "zeros", "float32", "sum", f"{name}_rows"
        )

    def update(self, features):
        """Adds features, a tensor `(n, dim)`."""
        num_own = tf.shape(features)[0]
        first, total = replicas.place_of(num_own)
        first += tf.cast(self.count.value, "int32")
        num_kept = tf.clip_by_value(self.capacity - first, 0, num_own)
        places = first + tf.range(num_kept)
        self.rows.assign(
            tf.tensor_scatter_nd_update(
                self.rows.value, places[:, None], features[:num_kept]
            )
        )
        self.count.assign(self.count + tf.cast(total, "float64"))

    def tensors(self):
        """Returns all that `read` needs."""
        return [
            tf.convert_to_tensor(variable)
            for variable in (self.count, self.rows)
        ]

    @staticmethod
    def read(count, rows):
        """Returns how many images were seen, and rows of the first ones.

        Raises:
            ValueError: If there are less than two images.
        """
        require_two(int(count))
        return int(count), rows[: int(count)]


def require_two(count):
    """Refuses a set of images that has no covariance and no distances."""
    if count < 2:
        raise ValueError(
            "There must be at least two real and two fake images. "
            f"Received: {count}."
        )
