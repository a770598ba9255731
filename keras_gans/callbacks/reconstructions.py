"""Pictures of what an autoencoder makes of the same images, epoch by epoch."""

from keras_gans.callbacks.epoch_pictures import EpochPictures
from keras_gans.callbacks.pictures import draw_rows


class Reconstructions(EpochPictures):
    """Saves rows of images and what the model reconstructs of them.

    Files are `epoch_NNN.png`; `epoch_000.png` is from before training.

    Args:
        images: Float array `(n, height, width, channels)` in [-1, 1], held
            out; a column each.
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        corrupted_images: The same shape, what a denoising model is shown
            instead of `images`, in a row of its own; or `None`.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.
    """

    tag = "reconstructions"

    def __init__(
        self,
        images,
        directory,
        every_epochs=1,
        corrupted_images=None,
        summary_writer=None,
    ):
        super().__init__(directory, every_epochs, summary_writer)
        self.images = images
        self.corrupted_images = corrupted_images

    def draw(self):
        """Returns the rows as a `PIL.Image`."""
        return draw_reconstructions(
            self.model, self.images, self.corrupted_images
        )


def draw_reconstructions(model, images, corrupted_images=None):
    """Draws images above what an autoencoder reconstructs of them.

    Args:
        model: Autoencoder of this package.
        images: As of `Reconstructions`.
        corrupted_images: As of `Reconstructions`.

    Returns:
        A `PIL.Image` in RGB.
    """
    rows = {"picture": images}
    shown = images
    if corrupted_images is not None:
        rows["corrupted"] = shown = corrupted_images
    rows["reconstructed"] = model.reconstruct(shown)
    return draw_rows(rows)
