"""Pictures of what a generator makes of the same noise, epoch by epoch."""

import math

import numpy as np

from keras_gans.callbacks.epoch_pictures import EpochPictures
from keras_gans.callbacks.pictures import draw_grid, name_rows


class SampleGrids(EpochPictures):
    """Saves a grid of the images that a model makes of one batch of noise.

    With `labels`, each row shows a class and each column the same noise, so
    that what the noise means in all classes can be seen. Files are
    `epoch_NNN.png`; `epoch_000.png` is from before training.

    Args:
        latents: Float array `(n, latent_dim)`, fixed noise; for instance from
            `model.draw_latents(n, seed=0)`.
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        labels: Integers `(num_rows,)`, the classes that a conditional model
            shows, or `None` for a model without labels.
        class_names: Strings, `class_names[label]` is the name of a class; if
            empty, its number is written.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.

    Raises:
        ValueError: If there is no noise, or a label has no name.
    """

    tag = "samples"

    def __init__(
        self,
        latents,
        directory,
        every_epochs=1,
        labels=None,
        class_names=(),
        summary_writer=None,
    ):
        super().__init__(directory, every_epochs, summary_writer)
        self.latents = np.asarray(latents)
        self.labels = None if labels is None else np.asarray(labels)
        if not self.latents.size:
            raise ValueError(
                "`latents` must hold noise for one image or more. "
                f"Received: shape {self.latents.shape}."
            )
        self.row_names = name_rows(self.labels, class_names)

    def draw(self):
        """Returns the grid as a `PIL.Image`."""
        num_latents = len(self.latents)
        if self.labels is None:
            images = self.model.predict(self.latents, verbose=0)
            return draw_grid(images, math.ceil(math.sqrt(num_latents)))
        num_rows = len(self.labels)
        inputs = {
            "latents": np.tile(self.latents, (num_rows, 1)),
            "labels": np.repeat(self.labels, num_latents),
        }
        images = self.model.predict(inputs, verbose=0)
        return draw_grid(images, num_latents, self.row_names)
