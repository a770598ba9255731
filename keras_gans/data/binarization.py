"""Grey pictures made black and white at random, for Bernoulli likelihoods."""

import math

import numpy as np
import tensorflow as tf

from keras_gans.data import pixels, sampling


def binarize(images, seed):
    """Draws black and white pictures once: a test set that stays the same.

    Each value becomes 1 with its grey level, (value + 1) / 2, as the
    probability, and else -1. In training they are drawn anew in each epoch:
    see `ImagePipeline`.

    References:

    - [Salakhutdinov and Murray, 2008](https://doi.org/10.1145/1390156.1390266)
    - [Burda et al., 2016, section 5 and
      appendix D](https://arxiv.org/abs/1509.00519)

    Args:
        images: NumPy array `(n, ...)` of floats in [-1, 1].
        seed: Integer. Equal seeds, equal draws, which are independent of
            those of any pipeline; those of a picture depend on its place and
            shape, not on the other pictures.

    Returns:
        A float32 NumPy array of the same shape, of -1 and 1.

    Raises:
        TypeError: If `images` does not hold floats.
        ValueError: If a value is outside of [-1, 1], or NaN.
    """
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(
            "`images` must be floats in [-1, 1]. "
            f"Received: dtype={images.dtype}. Use `to_float` first."
        )
    if not np.all(np.abs(images) <= 1):  # False for NaN too.
        raise ValueError(
            "`images` must be in [-1, 1]. "
            "Received: other values, or NaN. Scale them first."
        )
    with tf.device("CPU"):
        return draw_binary(pixels.to_float(images), 0, seed, "fixed").numpy()


def draw_binary(images, first_number, seed, stream):
    """Draws black and white pictures for samples in a row.

    Those of sample number n are the same whenever and wherever, whatever the
    numbers of the samples around it.

    Args:
        images: Float array or tensor `(count, ...)` of known shape, in
            [-1, 1].
        first_number: Integer or int64 scalar tensor, >= 0. Number of the
            first sample; the others follow it.
        seed: Integer.
        stream: String. Draws of different streams are independent.

    Returns:
        A float32 tensor of the same shape, of -1 and 1.
    """
    count, *shape = images.shape
    draws = sampling.uniform_draws(
        first_number, count, math.prod(shape), seed, f"binarize/{stream}"
    )
    # Draws are in [0, 1), so that black is never white, nor white black.
    is_white = tf.reshape(draws, images.shape) < (images + 1) / 2
    return tf.where(is_white, 1.0, -1.0)
