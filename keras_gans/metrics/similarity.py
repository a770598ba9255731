"""How alike two images are, picture by picture."""

import numpy as np
import tensorflow as tf

# The PSNR of equal images is infinite, and so would be every mean with one.
_LARGEST_PSNR = 100.0
_SSIM_WINDOW = 11
_AT_A_TIME = 64


def peak_signal_to_noise_ratio(images, others):
    """PSNR of each pair of images, in decibels, at most 100.

    Args:
        images: Floats `(n, height, width, channels)` in [-1, 1].
        others: The same shape.

    Returns:
        A float32 tensor `(n,)`: 10 log10(2^2 / mean squared difference).
    """
    return tf.minimum(tf.image.psnr(images, others, max_val=2.0), _LARGEST_PSNR)


def structural_similarity(images, others):
    """SSIM of each pair of images, 1 for equal ones.

    It is taken of pictures in [0, 1], where 0 is black, as in files: SSIM
    compares brightness too, which a shift to [-1, 1] changes. Gaussian window
    of 11 x 11 pixels, or of the shorter side if that is less.

    Reference:

    - [Wang et al., 2004](https://doi.org/10.1109/TIP.2003.819861)

    Args:
        images: Floats `(n, height, width, channels)` in [-1, 1].
        others: The same shape.

    Returns:
        A float32 tensor `(n,)` in [-1, 1].
    """
    sides = [side or _SSIM_WINDOW for side in images.shape[1:3]]
    return tf.image.ssim(
        images + 1.0,
        others + 1.0,
        max_val=2.0,
        filter_size=min(_SSIM_WINDOW, *sides),
    )


def mean_over_images(measure, images, others):
    """Mean of one of the measures above, a few images at a time.

    Args:
        measure: Function of two arrays of images, to `(n,)`.
        images: Floats `(n, height, width, channels)` in [-1, 1].
        others: The same shape.

    Returns:
        A float.
    """
    values = [
        measure(
            images[start : start + _AT_A_TIME],
            others[start : start + _AT_A_TIME],
        )
        for start in range(0, len(images), _AT_A_TIME)
    ]
    return float(np.mean(np.concatenate(values)))
