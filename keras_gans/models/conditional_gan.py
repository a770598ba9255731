"""The conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784)."""

import keras
import numpy as np
from keras import ops

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
        return images, [ops.reshape(labels, (-1,))]

    def _inputs(self, name, tensor, conditions):
        return {name: tensor, "labels": conditions[0]}

    def sample(self, labels, seed=None):
        """Generates one image for each label.

        Args:
            labels: Integers `(n,)`, each in [0, num_classes).
            seed: Integer for the same images at each call, or `None`.

        Returns:
            A NumPy array `(n, ...)` in the generator's range.

        Raises:
            ValueError: If a label is out of range.
        """
        labels = np.asarray(labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError(
                "`labels` must be a list of integers. "
                f"Received: labels={labels!r}."
            )
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(
                f"`labels` must be in [0, {self.num_classes}). "
                f"Received: from {labels.min()} to {labels.max()}."
            )
        inputs = {
            "latents": self.draw_latents(len(labels), seed),
            "labels": labels,
        }
        return self.predict(inputs, verbose=0)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
