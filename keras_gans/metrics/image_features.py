"""What describes images to the metrics: an argument of each of them."""

import abc

import numpy as np
import tensorflow as tf

# Rounding may leave [-1, 1] by a little, a picture in [0, 255] does by much.
_TOLERANCE = 1e-3


class ImageFeatures(abc.ABC):
    """Abstract base: a function of images that can be named and recognised.

    Called on float images `(n, height, width, channels)` in [-1, 1], it gives
    float32 features `(n, dim)`. It can be called in a graph too, where only
    shapes are checked.

    Args:
        name: String, the features' name in protocols.
        hash: String that changes whenever the features do.
        dim: Integer >= 1, how many numbers describe an image.
        resizer: String, how images come to the size that is wanted, `"none"`
            if nothing resizes them.

    Raises:
        ValueError: In a call, if the images are not as above.
    """

    def __init__(self, name, hash, dim, resizer="none"):
        self.name = name
        self.hash = hash
        self.dim = dim
        self.resizer = resizer

    def __call__(self, images):
        images = _check_images(images)
        features = tf.convert_to_tensor(self.compute(images))
        if tuple(features.shape[1:]) != (self.dim,):
            raise ValueError(
                f"Features must be of shape (n, {self.dim}). Received: shape "
                f"{tuple(features.shape)} of {self.name!r} for images of "
                f"shape {tuple(images.shape)}."
            )
        return tf.cast(features, "float32")

    @abc.abstractmethod
    def compute(self, images):
        """Returns features `(n, dim)` of a float32 tensor of images."""


class CallableFeatures(ImageFeatures):
    """Features by any function, of NumPy, TensorFlow or another library.

    Args:
        function: Callable from a float32 array `(n, height, width, channels)`
            in [-1, 1] to an array or tensor `(n, dim)`.
        name: String, the features' name in protocols.
        dim: Integer >= 1.
        hash: String that changes whenever the features do, such as the SHA-256
            of a file of weights: a function has none that could be computed.
        resizer: String, how `function` resizes images. Defaults to `"none"`.

    Raises:
        ValueError: If `hash` is empty or `dim` is less than 1.
    """

    def __init__(self, function, name, dim, hash, resizer="none"):
        if not hash or dim < 1:
            raise ValueError(
                "`hash` must be a string that is not empty, and `dim` at "
                f"least 1. Received: hash={hash!r}, dim={dim}."
            )
        super().__init__(name, hash, dim, resizer)
        self.function = function

    def compute(self, images):
        if tf.executing_eagerly():
            return self._in_numpy(images)
        features = tf.numpy_function(self._in_numpy, [images], "float32")
        return tf.ensure_shape(features, (None, self.dim))

    def _in_numpy(self, images):
        # A replica may have none; not every function takes that.
        if not len(images):
            return np.zeros((0, self.dim), "float32")
        return np.asarray(self.function(np.asarray(images)), "float32")


def _check_images(images):
    images = tf.convert_to_tensor(images)
    if not images.dtype.is_floating or images.shape.rank != 4:
        raise ValueError(
            "`images` must be floats in [-1, 1], `(n, height, width, "
            f"channels)`. Received: {images.dtype.name} of shape "
            f"{tuple(images.shape)}."
        )
    images = tf.cast(images, "float32")
    if tf.executing_eagerly() and tf.size(images):
        low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
        # So written, a NaN is refused too.
        if not max(-low, high) <= 1 + _TOLERANCE:
            raise ValueError(
                "`images` must be finite and in [-1, 1]. "
                f"Received: from {low:g} to {high:g}."
            )
    return images
