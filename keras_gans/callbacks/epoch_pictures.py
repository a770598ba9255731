"""What every callback that draws a picture per epoch shares."""

import abc
import pathlib

import keras
import numpy as np


class EpochPictures(keras.callbacks.Callback, abc.ABC):
    """Abstract base of callbacks that save a picture every few epochs.

    Files are `epoch_NNN.png`, NNN the epochs that the model has been trained
    for; `epoch_000.png` is from before training. A training that goes on
    leaves the pictures of its past alone. The last epoch always has one.

    Subclasses are final; they set `tag` and implement `draw`, which must not
    move the model's random state: a training with pictures equals one
    without.

    Args:
        directory: Folder of the files, made if need be.
        every_epochs: Integer >= 1. Defaults to 1.
        summary_writer: `tf.summary` writer or `None`, for TensorBoard.

    Attributes:
        tag: String, name of the pictures in TensorBoard.
        epoch: Integer, what `draw` may write on the picture as its epoch.
    """

    tag = None

    def __init__(self, directory, every_epochs=1, summary_writer=None):
        if not isinstance(every_epochs, int) or every_epochs < 1:
            raise ValueError(
                "`every_epochs` must be an integer >= 1. "
                f"Received: every_epochs={every_epochs}."
            )
        super().__init__()
        self.directory = pathlib.Path(directory)
        self.every_epochs = every_epochs
        self.summary_writer = summary_writer
        self.epoch = 0

    @abc.abstractmethod
    def draw(self):
        """Returns the picture of the model as it is now, a `PIL.Image`."""

    def on_epoch_begin(self, epoch, logs=None):
        # Not on_train_begin: a training may begin at a later epoch.
        if epoch == 0 and not self.path_of(0).exists():
            self.save(0)

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params["epochs"]
        if (epoch + 1) % self.every_epochs == 0 or is_last:
            self.save(epoch + 1)

    def path_of(self, epoch):
        """Where the picture of `epoch` is."""
        return self.directory / f"epoch_{epoch:03d}.png"

    def save(self, epoch):
        """Writes the picture of `epoch` and returns the path of the file."""
        self.epoch = epoch
        picture = self.draw()
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.path_of(epoch)
        picture.save(path)
        if self.summary_writer is not None:
            import tensorflow as tf

            with self.summary_writer.as_default():
                tf.summary.image(self.tag, np.asarray(picture)[None], epoch)
        return path
