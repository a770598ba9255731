"""Distances between an image and its reconstruction, one value per image."""

from keras import ops


def mean_absolute_error(images, reconstructions):
    """Mean absolute difference of pixels: the L1 of the GAN papers.

    Reference:

    - [Zhu et al., 2017, eq. 2](https://arxiv.org/abs/1703.10593). The paper
      writes a norm, which is a sum; its code, and this one, take the mean, on
      which the published weights of the term are based.

    Args:
        images: Float tensor `(batch, ...)`.
        reconstructions: As `images`, same shape.

    Returns:
        A tensor of shape `(batch,)`, >= 0, in units of the pixels.
    """
    difference = ops.abs(images - reconstructions)
    return ops.mean(difference, axis=tuple(range(1, difference.ndim)))
