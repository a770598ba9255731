"""Batch norms, folded into the convolutions that they follow."""

import keras
import numpy as np
from keras import layers, ops


def follows(layer, followers):
    """Whether the first follower of a convolution can be folded into it.

    Args:
        layer: `Conv2D` or `Conv2DTranspose`.
        followers: List of operations that see nothing but what it makes, one
            after the other.
    """
    return (
        layer.activation is keras.activations.linear
        and [type(x) for x in followers[:1]] == [layers.BatchNormalization]
        and followers[0].axis in (-1, 3)
    )


def fold(layer, batch_norm):
    """Folds a batch norm, by its running statistics, into a convolution.

    Args:
        layer: Built `Conv2D` or `Conv2DTranspose`.
        batch_norm: Built `BatchNormalization`, or `None`.

    Returns:
        A pair of float64 arrays: the kernel `(height, width, input_channels,
        filters)` and the bias `(filters,)`.
    """
    kernel = _numpy(layer.kernel)
    if isinstance(layer, layers.Conv2DTranspose):
        kernel = kernel.transpose(0, 1, 3, 2)
    bias = np.zeros(layer.filters)
    if layer.use_bias:
        bias = _numpy(layer.bias)
    if batch_norm is not None:
        factor = 1 / np.sqrt(
            _numpy(batch_norm.moving_variance) + batch_norm.epsilon
        )
        if batch_norm.scale:
            factor = factor * _numpy(batch_norm.gamma)
        kernel = kernel * factor
        bias = (bias - _numpy(batch_norm.moving_mean)) * factor
        if batch_norm.center:
            bias = bias + _numpy(batch_norm.beta)
    return kernel, bias


def _numpy(weight):
    return ops.convert_to_numpy(weight).astype("float64")
