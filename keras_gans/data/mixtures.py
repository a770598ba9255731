"""Mixtures of Gaussians in the plane: which modes does a GAN find, and lose?

References:

- [Srivastava et al., 2017, VEEGAN](https://arxiv.org/abs/1705.07761)
- [Lin et al., 2018, PacGAN, section 4.1](https://arxiv.org/abs/1712.04086)
"""

import dataclasses
import difflib

import numpy as np
import tensorflow as tf

from keras_gans.data import batching, sampling

# Steps whose points are drawn at once: three times as fast as one by one. A
# part of what a seed means, so another number gives other points.
_CHUNK = 64


@dataclasses.dataclass(frozen=True, eq=False)  # `==` of arrays is an array.
class GaussianMixture:
    """Equally likely round Gaussians in the plane.

    Args:
        centers: float32 array `(k, 2)`. Means of the modes.
        deviation: Float > 0. Standard deviation of each coordinate.
        name: String for messages and reports.

    Raises:
        ValueError: If the centres are no points of the plane, or the
            deviation is not positive.
    """

    centers: np.ndarray
    deviation: float
    name: str

    def __post_init__(self):
        shape = np.shape(self.centers)
        if len(shape) != 2 or shape[0] < 1 or shape[1] != 2:
            raise ValueError(
                "`centers` must have shape (k, 2), k at least 1. "
                f"Received: shape {shape}."
            )
        if not self.deviation > 0:
            raise ValueError(
                "`deviation` must be positive. "
                f"Received: deviation={self.deviation}."
            )

    def sample(self, num_points, seed):
        """Draws points that are independent of those of any pipeline.

        Args:
            num_points: Integer.
            seed: Integer. Equal seeds, equal points.

        Returns:
            A float32 array `(num_points, 2)`.
        """
        with tf.device("CPU"):
            return _draw_points(self, num_points, seed, "sample", 0).numpy()


class MixturePipeline:
    """Endless batches of fresh points, a pure function of seed and step.

    Args:
        mixture: `GaussianMixture`.
        batch_size: Integer, >= 1.
        steps_per_epoch: Integer, >= 1. Points do not run out: an epoch is as
            long as you say.
        seed: Integer. Defaults to 0.

    Raises:
        ValueError: If `batch_size` or `steps_per_epoch` is not positive.
    """

    def __init__(self, mixture, batch_size, steps_per_epoch, seed=0):
        batching.check_positive(batch_size, "batch_size")
        batching.check_positive(steps_per_epoch, "steps_per_epoch")
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self._mixture = mixture
        self._seed = seed

    def dataset(self, start_step=0, shard=(0, 1)):
        """Returns the endless dataset of batches from a global step on.

        Args:
            start_step: Integer, >= 0. The dataset is that of step 0 without
                its first `start_step` batches. Defaults to 0.
            shard: `(index, count)`: of each batch, only this part of `count`
                equal ones in a row, for one of as many workers. Defaults to
                (0, 1), the whole.

        Returns:
            A `tf.data.Dataset` of float32 tensors `(batch_size, 2)`.

        Raises:
            ValueError: If `start_step` is negative, or if there is no such
                shard.
        """
        batching.check_start_step(start_step)
        index, count = batching.check_shard(shard, self.batch_size)
        size = self.batch_size // count

        def draw_chunk(chunk):
            points = _draw_points(
                self._mixture,
                _CHUNK * self.batch_size,
                self._seed,
                "batches",
                chunk,
            )
            batches = tf.reshape(points, (_CHUNK, self.batch_size, 2))
            return batches[:, index * size : (index + 1) * size]

        numbers = tf.data.Dataset.counter(start_step // _CHUNK)
        chunks = batching.map_in_order(numbers, draw_chunk)
        batches = chunks.unbatch().skip(start_step % _CHUNK)
        return batches.prefetch(tf.data.AUTOTUNE)


def open_mixture(name):
    """Looks up one of the mixtures on which lost modes are counted.

    - `"ring_8"`: 8 modes on the unit circle, variance 1e-4.
    - `"grid_25"`: 5x5 modes at -4, -2, 0, 2 and 4, variance 0.0025.

    Args:
        name: String, one of the above.

    Returns:
        A `GaussianMixture`.

    Raises:
        ValueError: If there is no mixture of this name.
    """
    if name not in MIXTURES:
        close = difflib.get_close_matches(name, MIXTURES, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"`name` must be one of {', '.join(sorted(MIXTURES))}. "
            f"Received: name={name!r}.{hint}"
        )
    return MIXTURES[name]


def _draw_points(mixture, num_points, seed, stream, number):
    """The points `(num_points, 2)` of one draw of a stream, by its number."""

    def seed_of(kind):
        return [sampling.derive_seed(seed, f"{kind}/{stream}"), number]

    modes = tf.random.stateless_uniform(
        [num_points],
        seed=seed_of("modes"),
        minval=0,
        maxval=len(mixture.centers),
        dtype="int32",
        alg="philox",
    )
    offsets = tf.random.stateless_normal(
        [num_points, 2], seed=seed_of("offsets"), alg="philox"
    )
    centers = tf.constant(mixture.centers, "float32")
    return tf.gather(centers, modes) + mixture.deviation * offsets


def _ring(num_modes):
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")


def _grid(places):
    return np.array([(x, y) for x in places for y in places], "float32")


MIXTURES = {
    "grid_25": GaussianMixture(_grid((-4, -2, 0, 2, 4)), 0.05, "grid_25"),
    "ring_8": GaussianMixture(_ring(8), 0.01, "ring_8"),
}
