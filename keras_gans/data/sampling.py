"""Random access to shuffled passes: which picture is sample number n?

Nothing here has state. A sample number is all that is needed to say which
picture comes and how it is augmented, so training can go on from any step.
"""

import hashlib
import math

import numpy as np
import tensorflow as tf

_PHILOX = 1  # The number of the algorithm in the operations.
_DRAWS_PER_COUNT = 4  # Philox gives four 32-bit draws per step of its counter.
_SEED_PADDING = 498247692  # That of `tf.random.experimental.index_shuffle`.


def spread(count, most=None):
    """Positions of a few items that stand for all, evenly spread.

    Args:
        count: Integer, >= 1. Number of items.
        most: Integer, >= 1, or None for all.

    Returns:
        An int64 array of `count` positions or, if that is less, `most`; first
        and last are among them, if there are two.
    """
    if most is None or count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).astype("int64")


def derive_seed(seed, stream):
    """Mixes a seed with the name of what it is used for.

    Streams of one seed, and one stream of neighbouring seeds, have nothing in
    common.

    Args:
        seed: Integer.
        stream: String, such as `"order_a"`.

    Returns:
        An integer which fits in a signed 64-bit tensor.
    """
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little", signed=True)


def shuffled_positions(first_number, count, length, seed, stream):
    """Positions of samples in a row, in endless shuffled passes over a set.

    Sample numbers 0 to `length - 1` visit each position once, so do the next
    `length` numbers in another order, and so on.

    Args:
        first_number: int64 scalar tensor, >= 0. Number of the first sample.
        count: Integer, >= 1. Number of samples.
        length: Integer, >= 1. Number of items.
        seed: Integer.
        stream: String. Passes of different streams are independent.

    Returns:
        An int64 tensor `(count,)` of values in [0, length).
    """
    numbers = first_number + tf.range(count, dtype="int64")
    places, passes = numbers % length, numbers // length
    first_pass = first_number // length
    most_passes = (count + length - 2) // length + 1
    seeds = tf.stack(
        [
            _seed_of_pass(first_pass + later, seed, stream)
            for later in range(most_passes)
        ]
    )
    # What `index_shuffle` does, which takes one seed only: it pads those of
    # several places along the wrong axis.
    return tf.raw_ops.RandomIndexShuffle(
        index=places,
        seed=tf.pad(
            tf.gather(seeds, passes - first_pass),
            [[0, 0], [1, 0]],
            constant_values=_SEED_PADDING,
        ),
        max_index=tf.constant(length - 1, "int64"),
        rounds=4,
    )


def uniform_draws(first_number, count, size, seed, stream):
    """Random numbers of samples in a row.

    Those of sample number n are the same whenever and wherever, whatever the
    numbers of the samples around it.

    Args:
        first_number: Integer or int64 scalar tensor, >= 0. Number of the
            first sample.
        count: Integer, >= 1. Number of samples.
        size: Integer, >= 1. Draws per sample.
        seed: Integer.
        stream: String. Draws of different streams are independent.

    Returns:
        A float32 tensor `(count, size)` in [0, 1).
    """
    # A sample owns a range of Philox's counter. So one operation draws for a
    # batch what it would draw sample by sample, at a fifth of the cost.
    counts_per_sample = math.ceil(size / _DRAWS_PER_COUNT)
    key = derive_seed(seed, stream) % 2**64  # Philox takes it unsigned.
    draws = tf.raw_ops.StatelessRandomUniformV2(
        shape=[count * counts_per_sample * _DRAWS_PER_COUNT],
        key=tf.constant(key, "uint64", shape=[1]),
        counter=tf.stack(
            [
                tf.cast(first_number, "uint64") * counts_per_sample,
                tf.constant(0, "uint64"),
            ]
        ),
        alg=_PHILOX,
    )
    return tf.reshape(draws, (count, -1))[:, :size]


def _seed_of_pass(number, seed, stream):
    # The index shuffle needs unrelated seeds: with seeds that count up, first
    # places were eight times less evenly spread than chance.
    return tf.random.stateless_uniform(
        [2],
        seed=tf.stack([derive_seed(seed, stream), number]),
        minval=None,
        maxval=None,
        dtype="int64",
        alg="philox",
    )
