"""Random numbers, drawn for the global batch.

Under a strategy, each replica gets the numbers of its part of the batch, and
so does each part of a batch that is worked on in parts. XLA draws other
numbers than TensorFlow, here as in `keras.random`.
"""

import contextlib
import dataclasses
import threading

import keras
import tensorflow as tf

from keras_gans import replicas


def draw_normal(shape, seed):
    """Draws standard normal numbers.

    Args:
        shape: Tuple of integers or an integer tensor, the batch first.
        seed: `keras.random.SeedGenerator` for other numbers at each call, or
            an integer for the same ones.

    Returns:
        A float32 tensor of `shape`.
    """
    return _draw(tf.random.stateless_normal, shape, seed)


def draw_uniform(shape, seed):
    """Draws numbers in [0, 1), with the arguments of `draw_normal`."""
    return _draw(tf.random.stateless_uniform, shape, seed)


@contextlib.contextmanager
def part_of_batch(position, count, seeds):
    """A context in which one of the equal parts of a batch is worked on.

    What is drawn for the parts is, together, what would be drawn for the
    batch. All parts must draw the same things in the same order.

    Args:
        position: Integer, which part; 0 comes first.
        count: Integer >= 1, how many there are.
        seeds: An empty list, the same one for all parts. It keeps the seeds
            of the first part for the others.
    """
    _thread.part = _Part(position, count, seeds)
    try:
        yield
    finally:
        del _thread.part


# Replicas are traced in threads of their own.
_thread = threading.local()


@dataclasses.dataclass
class _Part:
    position: int
    count: int
    seeds: list
    num_draws: int = 0

    def next_seed(self, seed_generator):
        self.num_draws += 1
        if self.position == 0:
            self.seeds.append(_next_seed(seed_generator))
        return self.seeds[self.num_draws - 1]

    def draw(self, draw, shape):
        if self.count == 1:
            return draw(shape)
        rest = tf.cast(shape[1:], "int32")
        drawn = draw(tf.concat([[self.count * shape[0]], rest], axis=0))
        return tf.split(drawn, self.count)[self.position]


def _draw(distribution, shape, seed):
    part = getattr(_thread, "part", None) or _Part(0, 1, [])
    if isinstance(seed, keras.random.SeedGenerator):
        seed = part.next_seed(seed)
    else:
        seed = tf.constant([seed, 0])
    return part.draw(
        lambda shape: replicas.part_of(
            lambda shape: distribution(shape, seed), shape
        ),
        shape,
    )


def _next_seed(seed_generator):
    # Of the class: the generator may give each replica a seed of its own.
    seed = keras.random.SeedGenerator.next(seed_generator)
    return tf.cast(tf.math.floormod(seed, tf.int32.max), "int32")
