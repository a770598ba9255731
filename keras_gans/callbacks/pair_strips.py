"""Pictures of how pix2pix translates the same inputs, epoch by epoch."""

from keras_gans.callbacks.epoch_pictures import EpochPictures
from keras_gans.callbacks.pictures import draw_columns


class PairStrips(EpochPictures):
    """Saves rows of `input, output, target`.

    Outputs are translations as the paper makes them, with one and the same
    dropout each time. Files are `epoch_NNN.png`; `epoch_000.png` is from
    before training.

    Args:
        input_images: Float array `(n, height, width, channels)` in [-1, 1].
        target_images: The same, what the inputs should become.
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.
    """

    tag = "strips"

    def __init__(
        self,
        input_images,
        target_images,
        directory,
        every_epochs=1,
        summary_writer=None,
    ):
        super().__init__(directory, every_epochs, summary_writer)
        self.input_images = input_images
        self.target_images = target_images

    def draw(self):
        """Returns the strips as a `PIL.Image`."""
        outputs = self.model.translate(self.input_images, seed=0)
        return draw_columns(
            [
                ("input", self.input_images),
                ("output", outputs),
                ("target", self.target_images),
            ]
        )
