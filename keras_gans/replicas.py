"""What differs between the replicas of a `tf.distribute` strategy.

Each replica works on its part of the global batch: replica r of N has the
rows from `r / N` of it on. Variables are copies that agree, but for those that
a layer keeps for its own replica.
"""

import numpy as np
import tensorflow as tf

# Odd, and far from the small numbers that people choose as seeds.
_SEED_STRIDE = 0x3C6EF35F


def count():
    """Returns how many replicas train together, an integer >= 1."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def position():
    """Returns which replica this is, 0 outside of replicas.

    Returns:
        An integer, or an int32 scalar tensor.
    """
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


def part_of(draw, shape):
    """Draws for the global batch, and returns the part of this replica.

    What N replicas draw is then what one would draw for the whole batch.

    Args:
        draw: Function from a shape to a tensor of it; the same for all
            replicas.
        shape: Tuple of integers or an integer tensor: what this replica needs,
            the size of its batch first.

    Returns:
        A tensor of `shape`.
    """
    if count() == 1:
        return draw(shape)
    batch_size, rest = shape[0], tf.cast(shape[1:], "int32")
    drawn = draw(tf.concat([[count() * batch_size], rest], axis=0))
    return drawn[position() * batch_size :][:batch_size]


def total_of(tensor):
    """Adds up what each replica brings, in all of them at the same point.

    Args:
        tensor: A tensor of one shape in all replicas.

    Returns:
        The sum, the tensor itself outside of replicas.
    """
    context = tf.distribute.get_replica_context()
    if count() == 1 or context is None:
        return tensor
    return context.all_reduce("sum", tensor)


def place_of(num_rows):
    """Finds where the rows of this replica lie in the global batch.

    Args:
        num_rows: Integer scalar tensor, how many rows this replica has; others
            may have more or fewer.

    Returns:
        `(first, total)`: how many rows the replicas before this one have, and
        how many all of them.
    """
    context = tf.distribute.get_replica_context()
    if count() == 1 or context is None:
        return tf.zeros_like(num_rows), num_rows
    counts = context.all_gather(num_rows[None], axis=0)
    return tf.reduce_sum(counts[: position()]), tf.reduce_sum(counts)


def differ(seed_generator):
    """Lets a seed generator give each replica other seeds.

    Keras gives all of them the same: they hold copies of one state. Nothing
    changes for a single replica, nor in what is saved.

    Args:
        seed_generator: `keras.random.SeedGenerator`, of a layer that draws by
            itself, such as dropout.
    """
    if getattr(seed_generator, "differs", False):
        return
    draw_next = seed_generator.next

    def next_of_replica(ordered=True):
        seed = draw_next(ordered)
        if count() == 1:
            return seed
        own = tf.cast(position(), seed.dtype) * _SEED_STRIDE
        return seed + tf.stack([own, tf.zeros_like(own)])

    seed_generator.next = next_of_replica
    seed_generator.differs = True


def values_of(variable):
    """Returns the copies of a variable, of which each replica has its own.

    On several workers, all of them must call this at the same point.

    Args:
        variable: `keras.Variable`.

    Returns:
        An array with an axis for the replicas in front.
    """
    strategy = _strategy_of(variable)
    if strategy is None:
        return np.asarray(variable)[None]
    copies = strategy.experimental_local_results(variable.value)
    copies = tf.stack([copy.read_value() for copy in copies])
    if is_multi_worker(strategy):
        with strategy.scope():
            own = strategy.experimental_distribute_values_from_function(
                lambda context: copies[
                    context.replica_id_in_sync_group % len(copies)
                ][None]
            )
            copies = strategy.gather(own, axis=0)
    return copies.numpy()


def assign_to(variable, values):
    """Gives the copies of a variable their values.

    Args:
        variable: `keras.Variable`.
        values: What `values_of` returned. If that was of another number of
            replicas, they are gone through again and again, or in part.
    """
    strategy = _strategy_of(variable)
    if strategy is None:
        variable.assign(values[0])
        return
    copies = strategy.experimental_local_results(variable.value)
    first = 0
    if is_multi_worker(strategy):
        resolver = strategy.cluster_resolver
        first = resolver.task_id * len(copies)
    for i, copy in enumerate(copies):
        copy.assign(values[(first + i) % len(values)])


def is_multi_worker(strategy=None):
    """Whether `strategy` (by default the current one) has other processes."""
    strategy = strategy or tf.distribute.get_strategy()
    return (
        isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        and strategy.extended._in_multi_worker_mode()
    )


def _strategy_of(variable):
    """The strategy that `variable` was made under, or `None`."""
    value = variable.value
    if not isinstance(value, tf.distribute.DistributedValues):
        return None
    return value.distribute_strategy
