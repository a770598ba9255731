"""Pictures of how a CycleGAN translates the same inputs, epoch by epoch."""

from keras_gans.callbacks.epoch_pictures import EpochPictures
from keras_gans.callbacks.pictures import draw_columns


class TranslationStrips(EpochPictures):
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

    tag = "strips"

    def __init__(
        self,
        images_a,
        images_b,
        directory,
        every_epochs=1,
        pairs=False,
        summary_writer=None,
    ):
        super().__init__(directory, every_epochs, summary_writer)
        self.images_a = images_a
        self.images_b = images_b
        self.pairs = pairs

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
