"""Outline drawings of coloured pictures, by a classical edge filter."""

import numpy as np
import tensorflow as tf

_ENLARGEMENT = 3  # Lines are found on a larger picture, then drawn on ours.
_SIGMA = 0.7  # Smoothing, in pixels of the picture.
_WEAK, _STRONG = 0.04, 0.15  # Steps of brightness: no line, and a full line.
_LINE_WIDTH = 1.4  # Pixels of the picture.
_INK = 1.3  # Thin lines lose black to antialiasing; this gives it back.
_CHUNK = 32


def outlines(images):
    """Draws the outlines of coloured pictures: dark lines on white.

    Lines run where the brightness of the steepest colour channel changes
    fastest along its own gradient, which makes them thin and of even width.

    Reference:

    - [Canny, 1986](https://doi.org/10.1109/TPAMI.1986.4767851), with a soft
      threshold in place of hysteresis

    Args:
        images: uint8 array `(n, height, width, channels)`.

    Returns:
        A uint8 array `(n, height, width, 1)`.
    """
    chunks = range(0, len(images), _CHUNK)
    return np.concatenate([_draw(images[i : i + _CHUNK]) for i in chunks])


@tf.function(reduce_retracing=True)
def _ink(images):
    size = tf.shape(images)[1:3]
    enlarged = tf.image.resize(
        tf.cast(images, "float32") / 255.0, size * _ENLARGEMENT, "bicubic"
    )
    gradients = _gradients(_smooth(enlarged))  # (n, h, w, c, 2)
    slopes = tf.norm(gradients, axis=-1)  # (n, h, w, c)
    steepest = tf.argmax(slopes, axis=-1)
    slope = tf.reduce_max(slopes, axis=-1)  # (n, h, w)
    gradient = tf.gather(gradients, steepest, axis=3, batch_dims=3)
    direction = gradient / (slope[..., None] + 1e-6)

    def derivative(field):
        """Derivative of a field `(n, h, w)` along the gradient."""
        return tf.reduce_sum(
            _gradients(field[..., None])[..., 0, :] * direction, axis=-1
        )

    # A line is a ridge of the slope: one Newton step tells how far it is.
    change = derivative(slope)
    curvature = derivative(change)
    distance = tf.abs(change) / (tf.abs(curvature) + 1e-6)
    line = tf.clip_by_value((_LINE_WIDTH + 1) / 2 - distance, 0.0, 1.0)
    line = tf.where(curvature < 0, line, 0.0) * _smoothstep(slope)
    return tf.image.resize(line[..., None], size, "area") * _INK


def _draw(images):
    with tf.device("CPU"):  # The same lines on every machine.
        ink = np.clip(_ink(tf.constant(images)).numpy(), 0, 1)
    return np.rint(255 * (1 - ink)).astype("uint8")


def _gradients(fields):
    """Sobel gradients per pixel of the original picture."""
    return tf.image.sobel_edges(fields) * (_ENLARGEMENT / 8)


def _smooth(images):
    sigma = _SIGMA * _ENLARGEMENT
    radius = int(np.ceil(2.5 * sigma))
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = tf.constant(kernel / kernel.sum(), "float32")
    images = tf.pad(
        images,
        [[0, 0], [radius, radius], [radius, radius], [0, 0]],
        "SYMMETRIC",
    )
    for shape in ([-1, 1, 1, 1], [1, -1, 1, 1]):
        window = tf.repeat(tf.reshape(kernel, shape), images.shape[-1], axis=2)
        images = tf.nn.depthwise_conv2d(images, window, [1, 1, 1, 1], "VALID")
    return images


def _smoothstep(slope):
    x = tf.clip_by_value((slope - _WEAK) / (_STRONG - _WEAK), 0.0, 1.0)
    return x * x * (3 - 2 * x)
