"""Random numbers for layers and models: other ones on each replica.

`keras.random` gives all replicas of a strategy the same numbers, because all
hold the same state: seed, and number of draws so far.
"""

import keras
import tensorflow as tf
from keras import ops


def draw_normal(shape, seed):
    """Draws standard normal numbers.

    Args:
        shape: Tuple of integers or an integer tensor.
        seed: `keras.random.SeedGenerator` for other numbers at each call, or
            an integer for the same ones.

    Returns:
        A float32 tensor of `shape`.
    """
    return tf.random.stateless_normal(shape, _replica_seed(seed))


def draw_uniform(shape, seed):
    """Draws numbers in [0, 1), with the arguments of `draw_normal`."""
    return tf.random.stateless_uniform(shape, _replica_seed(seed))


def _replica_seed(seed):
    if isinstance(seed, keras.random.SeedGenerator):
        seed = ops.cast(seed.next(), "int32")
    else:
        seed = [seed, 0]
    replica = tf.distribute.get_replica_context()
    replica_id = replica.replica_id_in_sync_group if replica else 0
    # Not the second entry: it counts the draws of every replica.
    return seed + tf.stack([replica_id, 0])
