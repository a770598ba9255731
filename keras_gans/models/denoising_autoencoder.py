"""The denoising autoencoder (Vincent et al., 2010)."""

import keras
from keras import ops

from keras_gans.layers import Corruption
from keras_gans.losses import squared_error
from keras_gans.metrics import peak_signal_to_noise_ratio
from keras_gans.models.autoencoding import AutoencodingModel


@keras.saving.register_keras_serializable(package="keras_gans")
class DenoisingAutoencoder(AutoencodingModel):
    """Learns to undo noise, and by that what images look like without it.

    Each image x is corrupted anew in every step; the networks see the
    corrupted one and are held to the clean one:

        1/N sum |x - decoder(encoder(corrupted x))|^2

    with a sum over pixels and channels in the norm. Copying is no solution any
    more, so the code may be as large as one likes.

    `evaluate` corrupts too, with the same noise at each call, and adds
    `corrupted_psnr`, the PSNR before denoising; the gain is `psnr` less that.
    `predict` and `reconstruct` corrupt nothing: they denoise what they get.

    Train it by `compile` and `fit` on batches of clean images `(batch, height,
    width, channels)`, float32 in [-1, 1], without labels.

    Reference:

    - [Vincent et al., 2010](https://jmlr.org/papers/v11/vincent10a.html)

    Args:
        encoder: Built model from images to codes.
        decoder: Built model from codes to images in [-1, 1].
        corruption: `keras_gans.layers.Corruption`, such as
            `GaussianCorruption(0.3)`. It has the seed of the noise.
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        TypeError: If `corruption` is no `Corruption`.
        ValueError: If the networks' shapes do not fit each other.
    """

    def __init__(self, encoder, decoder, corruption, **kwargs):
        if not isinstance(corruption, Corruption):
            # Keras's noise layers would be silent in `evaluate`.
            raise TypeError(
                "`corruption` must be a `keras_gans.layers.Corruption`, such "
                "as `GaussianCorruption(0.3)`. Received: "
                f"corruption={corruption!r}."
            )
        super().__init__(encoder, decoder, ["corrupted_psnr"], **kwargs)
        self.corruption = corruption

    def _objective(self, images, training):
        # A seed of its own: evaluation must not move the noise of training.
        corrupted = self.corruption(images, seed=None if training else 0)
        reconstructions = self(corrupted, training=training)
        loss = ops.mean(squared_error(images, reconstructions))
        logs = {"reconstruction_loss": loss}
        if not training:
            logs["corrupted_psnr"] = ops.mean(
                peak_signal_to_noise_ratio(
                    images, ops.cast(corrupted, images.dtype)
                )
            )
        return loss, logs, reconstructions

    def get_config(self):
        return {
            **super().get_config(),
            "corruption": keras.saving.serialize_keras_object(self.corruption),
        }
