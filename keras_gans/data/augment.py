"""Windows of pictures, cut and mirrored at random."""

import tensorflow as tf

DRAWS_PER_SAMPLE = 3  # Row and column of the window, and whether to mirror it.


def crop_and_flip(pictures, positions, size, flip, draws):
    """Cuts windows out of pictures and perhaps mirrors them.

    The jitter of pix2pix and CycleGAN: resize to 286, crop to 256, flip left
    to right. Every offset is equally likely, and a flip has probability 0.5.

    Reference:

    - [Isola et al., 2017, section 6.2](https://arxiv.org/abs/1611.07004)

    Args:
        pictures: Tensor `(n, height, width, channels)` of a known shape, any
            dtype.
        positions: int64 tensor `(count,)` of a known shape: which pictures.
        size: `(height, width)` of the windows, not larger than the pictures.
        flip: Whether to flip.
        draws: float32 tensor `(count, 3)` in [0, 1). Equal draws, equal
            windows and flips.

    Returns:
        A tensor `(count, *size, channels)`, of the dtype of `pictures`.
    """
    _, height, width, _ = pictures.shape
    choices = (height - size[0] + 1, width - size[1] + 1, 2)
    # float32 can not round a draw up to the next whole number: the largest,
    # 1 - 2**-23, times any of these choices is below it.
    tops, lefts, mirrors = tf.unstack(
        tf.cast(draws * tf.constant(choices, "float32"), "int32"), axis=1
    )
    if choices[:2] == (1, 1):
        windows = tf.gather(pictures, positions)
    else:
        windows = _cut(pictures, positions, tops, lefts, size)
    return _mirror(windows, mirrors) if flip else windows


def _cut(pictures, positions, tops, lefts, size):
    """Windows `(count, *size, channels)`, by their upper left corners."""
    begins = tf.stack(
        [tf.cast(positions, "int32"), tops, lefts, tf.zeros_like(tops)], axis=1
    )
    # A slice copies rows; a gather that reaches windows at any column would
    # copy pixels, which takes ten times as long.
    shape = (1, *size, pictures.shape[-1])
    return tf.concat(
        [tf.slice(pictures, begin, shape) for begin in tf.unstack(begins)],
        axis=0,
    )


def _mirror(windows, mirrors):
    """Mirrors those windows, left to right, whose number is 1, not 0."""
    count, _, width, channels = windows.shape
    plain, mirrored = tf.dynamic_partition(tf.range(count), mirrors, 2)
    rows = tf.reshape(tf.gather(windows, mirrored), (-1, width, channels))
    # Of rank 3, `reverse` is four times as fast as of rank 4.
    turned = tf.reshape(tf.reverse(rows, [1]), (-1, *windows.shape[1:]))
    stitched = tf.dynamic_stitch(
        [plain, mirrored], [tf.gather(windows, plain), turned]
    )
    return tf.ensure_shape(stitched, windows.shape)
