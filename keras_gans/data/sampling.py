"""Random access to shuffled passes: which picture is sample number n?

Nothing here has state. A sample number is all that is needed to say which
picture comes and how it is augmented, so training can go on from any step.
"""

import hashlib

import numpy as np
import tensorflow as tf


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


def shuffled_position(sample_number, length, seed, stream):
    """Position of one sample in endless shuffled passes over `length` items.

    Sample numbers 0 to `length - 1` visit each position once, so do the next
    `length` numbers in another order, and so on.

    Args:
        sample_number: int64 scalar tensor, >= 0.
        length: Integer, >= 1. Number of items.
        seed: Integer.
        stream: String. Passes of different streams are independent.

    Returns:
        An int64 scalar tensor in [0, length).
    """
    return _shuffle(
        sample_number % length, sample_number // length, length, seed, stream
    )


def shuffled_positions(first_number, count, length, seed, stream):
    """Positions of `count` samples in a row, found at once.

    They are those of `shuffled_position`, at a small part of the cost.

    Args:
        first_number: int64 scalar tensor, >= 0. Number of the first sample.
        count: Integer in [1, length].
        length: Integer, >= 1. Number of items.
        seed: Integer.
        stream: String. Passes of different streams are independent.

    Returns:
        An int64 tensor `(count,)` of values in [0, length).
    """
    numbers = first_number + tf.range(count, dtype="int64")
    places, epochs = numbers % length, numbers // length
    # `count` is at most `length`, so they lie in two passes at most.
    first, second = (
        _shuffle(places, epochs[0] + later, length, seed, stream)
        for later in (0, 1)
    )
    return tf.where(epochs == epochs[0], first, second)


def _shuffle(places, epoch, length, seed, stream):
    """Positions at one or more places of one pass."""
    # The index shuffle needs unrelated seeds: with seeds that count up, first
    # places were eight times less evenly spread than chance.
    epoch_seed = tf.random.stateless_uniform(
        [2],
        seed=tf.stack([derive_seed(seed, stream), epoch]),
        minval=None,
        maxval=None,
        dtype="int64",
        alg="philox",
    )
    return tf.random.experimental.index_shuffle(
        places, seed=epoch_seed, max_index=tf.constant(length - 1, "int64")
    )
