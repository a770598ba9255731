"""Spectral normalisation whose old configs can be read."""

import keras

from keras_gans.compat.tfa.layers import wrapped_layers


@keras.saving.register_keras_serializable(package="Addons")
class SpectralNormalization(keras.layers.SpectralNormalization):
    """Keras's layer, which computes what that of tensorflow-addons did.

    In each call in training, the kernel is divided by an estimate of its
    largest singular value, for good.

    Reference:

    - [Miyato et al., 2018](https://arxiv.org/abs/1802.05957)

    Args:
        layer: `keras.layers.Layer` with a `kernel` or `embeddings`.
        power_iterations: Integer >= 1, steps of the power iteration in each
            call. Defaults to 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input and output shape: those of `layer`.
    """

    @classmethod
    def from_config(cls, config):
        return cls(**wrapped_layers.revive(config))
