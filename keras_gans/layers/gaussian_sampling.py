"""The reparameterisation of variational autoencoders (Kingma & Welling)."""

import keras
from keras import ops

from keras_gans import noise


@keras.saving.register_keras_serializable(package="keras_gans")
class GaussianSampling(keras.layers.Layer):
    """Draws `mean + exp(log_variance / 2) * noise`, with standard noise.

    That is one draw from each normal distribution, through which gradients
    pass to its mean and its variance.

    `layer(mean, log_variance)` draws new noise at each call;
    `layer(mean, log_variance, seed=0)` the same. The state of the random draws
    is saved by the models of this package.

    Reference:

    - [Kingma & Welling, 2014, section 2.4](https://arxiv.org/abs/1312.6114)

    Args:
        seed: Integer or `None`, seeds the draws.
        **kwargs: Of `keras.layers.Layer`.

    Input shape: twice `(batch, ...)`. Output shape: the same.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True  # There are no weights.

    def call(self, mean, log_variance, seed=None):
        seed = self.seed_generator if seed is None else seed
        draws = noise.draw_normal(ops.shape(mean), seed)
        return mean + ops.exp(0.5 * log_variance) * ops.cast(draws, mean.dtype)

    def compute_output_shape(self, mean_shape, log_variance_shape):
        return mean_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
