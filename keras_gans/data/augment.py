"""Stateless augmentation of single pictures."""

import tensorflow as tf


def random_crop_and_flip(image, size, flip, seed):
    """Cuts a random window out of a picture and perhaps mirrors it.

    The jitter of pix2pix and CycleGAN: resize to 286, crop to 256, flip left
    to right. Every offset is equally likely, and a flip has probability 0.5.

    Reference:

    - [Isola et al., 2017, section 6.2](https://arxiv.org/abs/1611.07004)

    Args:
        image: Tensor `(height, width, channels)` of a known shape, any dtype.
        size: `(height, width)` of the window, not larger than the picture.
        flip: Whether to flip.
        seed: Integer tensor of shape `(2,)`. Equal seeds, equal results.

    Returns:
        A tensor `(*size, channels)`, of the dtype of `image`.
    """
    height, width, channels = image.shape
    choices = (height - size[0] + 1, width - size[1] + 1, 2)
    if not flip and choices[:2] == (1, 1):
        return image
    # float32 can not round a draw up to the next whole number: the largest,
    # 1 - 2**-23, times any of these choices is below it.
    draws = tf.random.stateless_uniform([3], seed=seed, alg="philox")
    top, left, mirror = tf.unstack(
        tf.cast(draws * tf.constant(choices, "float32"), "int32")
    )
    if choices[:2] != (1, 1):
        image = tf.slice(image, [top, left, 0], [*size, channels])
    if flip:
        image = tf.cond(
            tf.equal(mirror, 1), lambda: tf.reverse(image, [1]), lambda: image
        )
    return tf.ensure_shape(image, (*size, channels))
