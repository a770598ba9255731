"""The GAN (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661)."""

import keras

from keras_gans.latents import truncate
from keras_gans.models.latent import LatentModel


@keras.saving.register_keras_serializable(package="keras_gans")
class GAN(LatentModel):
    """Lets two networks compete: one makes images from noise, one judges.

    The generator never sees an image; it learns from what the discriminator
    answers. With the minimax loss both play for the value

        min_G max_D  E log D(x) + E log(1 - D(G(z)))        (eq. 1)

    whose balance is reached where D answers 0.5 to everything (theorem 1).
    Any other loss family and penalty of `keras_gans.losses` can be set in
    `compile`.

    Train it by `compile` and `fit` on batches of images `(batch, height,
    width, channels)`, float32 in [-1, 1], or of points `(batch, dim)`.
    `model(latents)` and `predict(latents)` generate, and so does `sample`.

    Reference:

    - [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661)

    Args:
        generator: Built model from noise `(batch, latent_dim)` to images.
        discriminator: Built model from images to one logit per image or
            patch.
        discriminator_steps: Integer >= 1, turns of the discriminator in a
            step (algorithm 1, k). The batch is cut into as many parts.
        average_decay: Float in [0, 1), decay of the moving average of the
            generator that samples; 0 for none. Defaults to 0.
        seed: Integer or `None`, seeds the noise.
        **kwargs: Base model keyword arguments (e.g. `name`).
    """

    def _unpack(self, data):
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return images, []

    def _inputs(self, name, tensor, conditions):
        del name, conditions
        return tensor

    def sample(self, num_images, seed=None, truncation=None):
        """Generates images that nobody has seen before.

        Args:
            num_images: Integer >= 1.
            seed: Integer for the same images at each call, or `None`.
            truncation: Float > 0, threshold of `keras_gans.latents.truncate`,
                for better and less diverse images; `None` for all noise.

        Returns:
            A NumPy array `(num_images, ...)` in the generator's range.

        Raises:
            ValueError: If `num_images` or `truncation` is out of range.
        """
        if num_images < 1:
            raise ValueError(
                "`num_images` must be an integer >= 1. Received: "
                f"num_images={num_images}."
            )
        latents = self.draw_latents(num_images, seed)
        if truncation is not None:
            latents = truncate(latents, truncation)
        return self.predict(latents, verbose=0)
