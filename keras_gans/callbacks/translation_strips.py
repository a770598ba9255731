"""Pictures of how a CycleGAN translates the same inputs, epoch by epoch."""

import pathlib

import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_gans import data

_GAP = 4
_HEADER = 22
_LEAST_SIDE = 96


class TranslationStrips(keras.callbacks.Callback):
    """Saves strips `a, a to b, a to b to a` and back, with identity.

    Each row shows one picture of either domain: the picture, its translation,
    the way back, and what the other generator, which should leave it alone,
    makes of it (the identity; only where both domains have equal channels).
    Where `pairs` is true, the true counterpart stands beside the translation.
    Files are `epoch_NNN.png`; `epoch_000.png` is from before training.

    Args:
        images_a: Float array `(n, height, width, channels)` in [-1, 1].
        images_b: The same of domain b; row i is shown beside row i of a.
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        pairs: Boolean, whether row i of a and of b show the same thing.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.
    """

    def __init__(
        self,
        images_a,
        images_b,
        directory,
        every_epochs=1,
        pairs=False,
        summary_writer=None,
    ):
        super().__init__()
        self.images_a = images_a
        self.images_b = images_b
        self.directory = pathlib.Path(directory)
        self.every_epochs = every_epochs
        self.pairs = pairs
        self.summary_writer = summary_writer

    def on_train_begin(self, logs=None):
        if not self.path_of(0).exists():
            self.save(0)

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params["epochs"]
        if (epoch + 1) % self.every_epochs == 0 or is_last:
            self.save(epoch + 1)

    def path_of(self, epoch):
        """Where the strips of `epoch` are."""
        return self.directory / f"epoch_{epoch:03d}.png"

    def save(self, epoch):
        """Writes the strips of `epoch` and returns the path of the file."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.path_of(epoch)
        strips = self.draw()
        strips.save(path)
        if self.summary_writer is not None:
            import tensorflow as tf

            with self.summary_writer.as_default():
                tf.summary.image("strips", np.asarray(strips)[None], epoch)
        return path

    def draw(self):
        """Returns the strips as a `PIL.Image`."""
        columns = self._columns("a", "b", self.images_a, self.images_b)
        columns += self._columns("b", "a", self.images_b, self.images_a)
        return draw_columns(columns)

    def _columns(self, source, target, images, counterparts):
        translated = self._translate(images, f"{source}{target}")
        back = self._translate(translated, f"{target}{source}")
        columns = [
            (source, images),
            (f"{source} to {target}", translated),
            (f"{source} to {target} to {source}", back),
        ]
        if self.pairs:
            columns.insert(2, (f"true {target}", counterparts))
        if images.shape[-1] == translated.shape[-1]:
            identity = self._translate(images, f"{target}{source}")
            columns.append((f"identity {source}", identity))
        return columns

    def _translate(self, images, direction):
        return self.model.predict(
            images, batch_size=4, verbose=0, direction=direction
        )


def draw_columns(columns):
    """Draws titled columns of pictures, equal rows side by side.

    Args:
        columns: List of `(title, images)`, images `(n, height, width,
            channels)` in [-1, 1]; all with the same n, height and width.

    Returns:
        A `PIL.Image` in RGB. Small pictures are enlarged by whole factors.
    """
    num_rows, height, width = columns[0][1].shape[:3]
    factor = max(1, -(-_LEAST_SIDE // height))
    cell_height, cell_width = factor * height + _GAP, factor * width + _GAP
    canvas = Image.new(
        "RGB",
        (len(columns) * cell_width + _GAP, num_rows * cell_height + _HEADER),
        "white",
    )
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(14)
    for column, (title, images) in enumerate(columns):
        left = _GAP + column * cell_width
        pen.text((left, 3), title, fill="black", font=font)
        for row, pixels in enumerate(data.to_uint8(images)):
            channels = pixels.shape[-1]
            # Any other number of channels: the first three stand for all.
            picture = Image.fromarray(
                np.repeat(pixels[..., :1], 3, -1)
                if channels < 3
                else np.ascontiguousarray(pixels[..., :3])
            )
            picture = picture.resize(
                (factor * width, factor * height), Image.Resampling.NEAREST
            )
            canvas.paste(picture, (left, _HEADER + row * cell_height))
    return canvas
