"""The conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784)."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_gans.latents import truncate
from keras_gans.models.latent import LatentModel


@keras.saving.register_keras_serializable(package="keras_gans")
class ConditionalGAN(LatentModel):
    """A GAN that is told what to draw: both networks see a label.

    Train it by `compile` and `fit` on batches `(images, labels)`: float32
    images in [-1, 1] and integer labels `(batch,)`. Both networks take
    dictionaries: `{"latents", "labels"}` and `{"images", "labels"}`.

    Reference:

    - [Mirza & Osindero, 2014, eq. 2](https://arxiv.org/abs/1411.1784)

    Args:
        generator: Built model from noise and labels to images.
        discriminator: Built model from images and labels to one logit per
            image or patch.
        num_classes: Integer >= 2; labels are 0 to `num_classes - 1`.
        **kwargs: Of `GAN`, without its networks.
    """

    def __init__(self, generator, discriminator, num_classes, **kwargs):
        for name, network, first in (
            ("generator", generator, "latents"),
            ("discriminator", discriminator, "images"),
        ):
            inputs = network.input
            if not isinstance(inputs, dict) or set(inputs) != {first, "labels"}:
                raise ValueError(
                    f"`{name}` must take a dictionary of `{first}` and "
                    f"`labels`. Received: {name} with inputs {inputs}."
                )
        super().__init__(generator, discriminator, **kwargs)
        self.num_classes = num_classes

    def _unpack(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if labels is None:
            raise ValueError(
                "A conditional GAN needs batches of images and labels."
            )
        labels = ops.reshape(labels, (-1,))
        # One-hot codes of other labels would be zeros, in silence.
        is_in_range = ops.all((labels >= 0) & (labels < self.num_classes))
        message = f"Labels must be in [0, {self.num_classes}). Received:"
        with tf.control_dependencies(
            [tf.debugging.Assert(is_in_range, [message, labels])]
        ):
            return images, [tf.identity(labels)]

    def _inputs(self, name, tensor, conditions):
        return {name: tensor, "labels": conditions[0]}

    def sample(self, labels, seed=None, truncation=None):
        """Generates one image for each label.

        Args:
            labels: Integers `(n,)`, each in [0, num_classes), n >= 1.
            seed: Integer for the same images at each call, or `None`.
            truncation: Float > 0, threshold of `keras_gans.latents.truncate`,
                for better and less diverse images; `None` for all noise.

        Returns:
            A NumPy array `(n, ...)` in the generator's range.

        Raises:
            ValueError: If there is no label, or a label or `truncation` is out
                of range.
        """
        labels = np.asarray(labels)
        if (
            labels.ndim != 1
            or labels.size == 0
            or labels.dtype.kind not in "iu"
        ):
            raise ValueError(
                "`labels` must be a list of integers, at least one. "
                f"Received: labels={labels!r}."
            )
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(
                f"`labels` must be in [0, {self.num_classes}). "
                f"Received: from {labels.min()} to {labels.max()}."
            )
        latents = self.draw_latents(len(labels), seed)
        if truncation is not None:
            latents = truncate(latents, truncation)
        inputs = {"latents": latents, "labels": labels}
        return self.predict(inputs, verbose=0)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
