"""Windows of pictures, cut and mirrored at random."""

import tensorflow as tf

DRAWS_PER_SAMPLE = 3  # Row and column of the window, and whether to mirror it.


def crop_and_flip(pictures, positions, size, flip, draws):
    """Cuts windows out of pictures and perhaps mirrors them.

    The jitter of pix2pix and CycleGAN: resize to 286, crop to 256, flip left
    to right. Every offset is equally likely, and a flip has probability 0.5.
    For graphs, such as those of `tf.data`.

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
    _, height, width, channels = pictures.shape
    choices = (height - size[0] + 1, width - size[1] + 1, 2)
    # float32 can not round a draw up to the next whole number: the largest,
    # 1 - 2**-23, times any of these choices is below it.
    tops, lefts, mirrors = tf.unstack(
        tf.cast(draws * tf.constant(choices, "float32"), "int32"), axis=1
    )
    if choices[:2] == (1, 1) and not flip:
        return tf.gather(pictures, positions)
    begins = tf.stack(
        [tf.cast(positions, "int32"), tops, lefts, tf.zeros_like(tops)], axis=1
    )
    # A slice copies rows. A gather that reaches windows at any column copies
    # pixels, which takes ten times as long.
    windows = [
        tf.slice(pictures, begin, (1, *size, channels))
        for begin in tf.unstack(begins)
    ]
    if not flip:
        return tf.concat(windows, axis=0)
    # Of rank 3, `reverse` is four times as fast as of rank 4.
    windows = [tf.reshape(window, (*size, channels)) for window in windows]
    return tf.stack(
        [
            _mirror_if(is_mirrored, window)
            for is_mirrored, window in zip(tf.unstack(mirrors > 0), windows)
        ]
    )


def _mirror_if(is_mirrored, window):
    # What becomes of `tf.cond` when it is run. Written so, 64 of them take a
    # quarter of a second to trace, and not more than one.
    plain, mirrored = tf.raw_ops.Switch(data=window, pred=is_mirrored)
    merged = tf.raw_ops.Merge(inputs=[plain, tf.reverse(mirrored, [1])])
    return merged.output
