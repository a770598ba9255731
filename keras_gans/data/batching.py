"""What the pipelines share: checks of sizes, and batches from a step on."""

import numpy as np
import tensorflow as tf

_MOST_STEPS_DRAWN = 64
_LARGE = 31 * 2**20  # Bytes; of 32 MiB and more, glibc learns nothing.


def check_sizes(image_size, load_size):
    """Refuses sizes that no window can be cut from.

    Args:
        image_size: `(height, width)` of the batches.
        load_size: `(height, width)` before a window is cut out, or None for
            `image_size`.

    Returns:
        `(image_size, load_size)`, two tuples of two integers.

    Raises:
        ValueError: If one is no size, or `load_size` is the smaller one.
    """
    image_size = _to_size(image_size, "image_size")
    load_size = _to_size(
        image_size if load_size is None else load_size, "load_size"
    )
    if load_size[0] < image_size[0] or load_size[1] < image_size[1]:
        raise ValueError(
            "`load_size` must not be smaller than `image_size`. "
            f"Received: load_size={load_size}, image_size={image_size}."
        )
    return image_size, load_size


def check_batch_size(batch_size, num_images, counted="pictures"):
    """Refuses a batch that is empty, or larger than the set.

    Args:
        batch_size: Integer.
        num_images: Integer. The largest batch.
        counted: String for the message: what `num_images` is the number of.

    Raises:
        ValueError: If `batch_size` is not in [1, num_images].
    """
    if not 1 <= batch_size <= num_images:
        raise ValueError(
            "`batch_size` must be at least 1 and at most the number of "
            f"{counted}, {num_images}. Received: batch_size={batch_size}."
        )


def check_positive(value, argument):
    """Refuses what is no positive integer.

    Args:
        value: Anything.
        argument: String. What the caller calls it.

    Raises:
        ValueError: If `value` is not an integer >= 1.
    """
    if not isinstance(value, int) or value < 1:
        raise ValueError(
            f"`{argument}` must be a positive integer. "
            f"Received: {argument}={value!r}."
        )


def check_start_step(start_step):
    """Refuses a step before the first.

    Args:
        start_step: Integer.

    Raises:
        ValueError: If `start_step` is negative.
    """
    if start_step < 0:
        raise ValueError(
            "`start_step` must not be negative. "
            f"Received: start_step={start_step}."
        )


def check_shard(shard, batch_size):
    """Refuses a part of a batch that there is not.

    Args:
        shard: `(index, count)`.
        batch_size: Integer.

    Returns:
        `(index, count)`, two integers.

    Raises:
        ValueError: If `index` is not in [0, count), or the batch can not be
            split into `count` equal parts.
    """
    index, count = shard
    if not 0 <= index < count:
        raise ValueError(
            "`shard` must be (index, count), with an index of at least 0 and "
            f"less than the count. Received: shard={shard}."
        )
    if batch_size % count:
        raise ValueError(
            "`batch_size` must be a multiple of the number of shards, "
            f"{count}. Received: batch_size={batch_size}."
        )
    return index, count


def endless_batches(
    draw, make_batch, batch_size, start_step, shard, num_images
):
    """Batches of numbered samples, from a global step on.

    Args:
        draw: Function from the number of a sample, an int64 scalar tensor, and
            a count, an integer, to what is drawn for so many samples in a
            row: small tensors `(count, ...)`, in any structure.
        make_batch: Function from what was drawn for some samples to their
            tensors.
        batch_size: Integer.
        start_step: Integer, >= 0.
        shard: `(index, count)`: of each batch, only this part of `count`
            equal ones in a row is made.
        num_images: Integer: the smallest number of pictures that is drawn
            from.

    Returns:
        An endless `tf.data.Dataset`.

    Raises:
        ValueError: If `start_step` is negative, or there is no such shard.
    """
    check_start_step(start_step)
    index, count = check_shard(shard, batch_size)
    _keep_freed_memory()
    part = slice(batch_size // count * index, batch_size // count * (index + 1))
    # Draws for many steps cost little more than for one. Not for more than
    # one pass over the pictures: each has its own order to be made.
    num_steps = min(_MOST_STEPS_DRAWN, max(1, num_images // batch_size))

    def draw_steps(step):
        drawn = draw(step * batch_size, num_steps * batch_size)
        return tf.nest.map_structure(split, drawn)

    def split(tensor):
        shape = (num_steps, batch_size, *tensor.shape[1:])
        return tf.reshape(tensor, shape)[:, part]

    steps = tf.data.Dataset.counter(start_step, num_steps)
    draws = map_in_order(steps, draw_steps).unbatch()
    batches = map_in_order(draws, make_batch).prefetch(tf.data.AUTOTUNE)
    options = tf.data.Options()
    # The rewriting of the graph would find nothing to do, and copy the
    # pictures: seconds, and their size once more, for each iterator.
    options.experimental_optimization.apply_default_optimizations = False
    return batches.with_options(options)


def _keep_freed_memory():
    # glibc gives a freed block back to the system, unless a larger one was
    # freed before. Batches would get fresh memory each time, which the system
    # zeroes page by page: half of the time of a batch of large pictures.
    np.empty(_LARGE, "uint8")


def map_in_order(dataset, function):
    """Maps a `tf.data.Dataset` in parallel, and keeps its order."""
    return dataset.map(
        tf.autograph.experimental.do_not_convert(function),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )


def _to_size(size, argument):
    try:
        height, width = size
    except TypeError:
        height = width = None
    sides = (height, width)
    if not all(isinstance(side, int) and side > 0 for side in sides):
        raise ValueError(
            f"`{argument}` must be (height, width), two positive integers. "
            f"Received: {argument}={size!r}."
        )
    return sides
