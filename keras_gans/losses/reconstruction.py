"""Distances between an image and its reconstruction, one value per image.

`mean_absolute_error` is a mean over the pixels, the others are sums: they grow
with the size of the pictures, as the formulas of the autoencoders have it.
"""

import math

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


def squared_error(images, reconstructions):
    """`|x - x_hat|^2`, the squared differences summed over an image.

    Args:
        images: Float tensor `(batch, ...)`.
        reconstructions: As `images`, same shape.

    Returns:
        A tensor of shape `(batch,)`, >= 0, in squared units of the pixels.
    """
    return _sum(ops.square(images - reconstructions))


def bernoulli_negative_log_likelihood(images, logits):
    """`-log p(x)`, if each pixel is white with the probability of its logit.

    That is the binary cross-entropy with the picture in [0, 1], summed over
    its pixels. Of pictures in black and white it is a likelihood; grey ones
    count as black and white mixed, as almost everywhere in practice.

    Reference:

    - [Kingma & Welling, 2014, appendix C.1](https://arxiv.org/abs/1312.6114)

    Args:
        images: Float tensor `(batch, ...)` in [-1, 1].
        logits: The same shape.

    Returns:
        A tensor of shape `(batch,)`, in nats.
    """
    white = 0.5 * (images + 1.0)
    # -white log s(l) - (1 - white) log(1 - s(l)), with s the sigmoid.
    return _sum(ops.softplus(logits) - white * logits)


def gaussian_negative_log_likelihood(images, means, variance=1.0):
    """`-log p(x)`, if each pixel is normal around its mean.

    That is `|x - mean|^2 / (2 variance) + D / 2 log(2 pi variance)`, with D
    the number of values of an image. It is a density: at small variances the
    result may be negative.

    Reference:

    - [Kingma & Welling, 2014, appendix C.2](https://arxiv.org/abs/1312.6114)

    Args:
        images: Float tensor `(batch, ...)`.
        means: The same shape.
        variance: Float > 0, in squared units of the pixels. Defaults to 1.

    Returns:
        A tensor of shape `(batch,)`, in nats.
    """
    constant = 0.5 * math.log(2 * math.pi * variance)
    return _sum(ops.square(images - means) / (2 * variance) + constant)


def _sum(values):
    return ops.sum(values, axis=tuple(range(1, values.ndim)))
