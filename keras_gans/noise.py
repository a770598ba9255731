"""Random numbers, drawn for the global batch.

Under a strategy, each replica gets the numbers of its part of the batch. XLA
draws other numbers than TensorFlow, here as in `keras.random`.
"""

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


def _draw(distribution, shape, seed):
    if isinstance(seed, keras.random.SeedGenerator):
        # Of the class: the generator may give each replica a seed of its own.
        seed = keras.random.SeedGenerator.next(seed)
        seed = tf.cast(tf.math.floormod(seed, tf.int32.max), "int32")
    else:
        seed = tf.constant([seed, 0])
    return replicas.part_of(lambda shape: distribution(shape, seed), shape)
