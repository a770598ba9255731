"""Noise that denoising autoencoders learn to remove (Vincent et al., 2010).

Unlike Keras's `GaussianNoise`, these layers corrupt whenever they are called,
in training or not: whoever evaluates a denoiser needs noise too.
"""

import abc

import keras
from keras import ops

from keras_gans import noise

_BLACK, _WHITE = -1.0, 1.0


class Corruption(keras.layers.Layer, abc.ABC):
    """Abstract base of layers that corrupt images in [-1, 1].

    Each call draws new noise, unless it is given a `seed`: an integer, for the
    same noise at each call with images of that shape. The state of the random
    draws is saved by the models of this package.

    Args:
        seed: Integer or `None`, seeds the draws.

    Input shape: `(batch, height, width, channels)` in [-1, 1].
    Output shape: the same, in [-1, 1].
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True  # There are no weights.

    @abc.abstractmethod
    def _corrupt(self, images, seed):
        """Returns float32 images of the same shape."""

    def call(self, images, seed=None):
        seed = self.seed_generator if seed is None else seed
        # float32, for 16 bits have no fine noise.
        corrupted = self._corrupt(ops.cast(images, "float32"), seed)
        return ops.cast(corrupted, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_gans")
class GaussianCorruption(Corruption):
    """Adds normal noise to every value, and clips to [-1, 1].

    The deviation is a share of the way from black to white: 0.3 is noise of
    deviation 0.3 for pictures in [0, 1], as in most papers and tutorials, and
    of 0.6 for ours in [-1, 1].

    The paper does not clip. A noisy picture that comes out of a camera or file
    is clipped, and a denoiser that never saw one would meet other inputs in
    use than in training. On black and on white, half of the noise is lost.

    Reference:

    - [Vincent et al., 2010, section 3.3](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        stddev: Float >= 0, deviation as a share of the range.
        seed: Integer or `None`, seeds the draws.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, stddev, seed=None, **kwargs):
        if not 0 <= stddev < float("inf"):
            raise ValueError(
                f"`stddev` must be >= 0. Received: stddev={stddev}."
            )
        super().__init__(seed, **kwargs)
        self.stddev = stddev

    def _corrupt(self, images, seed):
        deviation = self.stddev * (_WHITE - _BLACK)
        noisy = images + deviation * noise.draw_normal(ops.shape(images), seed)
        return ops.clip(noisy, _BLACK, _WHITE)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


class _RateCorruption(Corruption):
    """Abstract base of noise that replaces a share of the values."""

    def __init__(self, rate, seed=None, **kwargs):
        if not 0 <= rate <= 1:
            raise ValueError(
                f"`rate` must be in [0, 1]. Received: rate={rate}."
            )
        super().__init__(seed, **kwargs)
        self.rate = rate

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable(package="keras_gans")
class MaskingCorruption(_RateCorruption):
    """Makes a random share of the values black, as if they had been erased.

    Each value of an image, channels apart, is lost with probability `rate`.
    The paper sets them to 0 in pictures in [0, 1], which is -1 in ours.

    Reference:

    - [Vincent et al., 2010, section 3.3](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        rate: Float in [0, 1], share of the values that are lost.
        seed: Integer or `None`, seeds the draws.
        **kwargs: Of `keras.layers.Layer`.
    """

    def _corrupt(self, images, seed):
        draws = noise.draw_uniform(ops.shape(images), seed)
        return ops.where(draws < self.rate, _BLACK, images)


@keras.saving.register_keras_serializable(package="keras_gans")
class SaltAndPepperCorruption(_RateCorruption):
    """Makes a random share of the values black or white, by a fair coin.

    Each value of an image, channels apart, is replaced with probability
    `rate`.

    Reference:

    - [Vincent et al., 2010, section 3.3](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        rate: Float in [0, 1], share of the values that are replaced.
        seed: Integer or `None`, seeds the draws.
        **kwargs: Of `keras.layers.Layer`.
    """

    def _corrupt(self, images, seed):
        draws = noise.draw_uniform(ops.shape(images), seed)
        # A draw below the rate is below its half in one of two cases.
        grains = ops.where(draws < self.rate / 2, _BLACK, _WHITE)
        return ops.where(draws < self.rate, grains, images)
