"""Outlines of pictures, drawn as they are read."""

import numpy as np

from keras_gans.data import pixels
from keras_gans.data.edges import outlines
from keras_gans.data.image_views import ImageView


class EdgeImages(ImageView):
    """The outlines of the pictures of another set, dark on white.

    They are drawn at the size at which they are read: lines are thin, and
    those of a large picture would fade if it were drawn first.

    Args:
        images: `ImageSet` of pictures.
        channels: 1, 3 or 4. Defaults to 3.
        name: String for messages. Defaults to that of `images`.

    Raises:
        ValueError: If `channels` is another number.
    """

    dtype = np.dtype("uint8")

    def __init__(self, images, channels=3, name=None):
        if channels not in (1, 3, 4):
            raise ValueError(
                "Outlines must have 1, 3 or 4 channels. "
                f"Received: channels={channels}."
            )
        super().__init__(images, name)
        self.channels = channels

    def identity(self):
        return self._identity(self.channels)

    def read(self, index, size):
        return self._draw(self._images.read(index, size))

    def _decode(self, index):
        return self._draw(super()._decode(index))

    def _draw(self, picture):
        if picture.dtype != np.uint8:
            picture = pixels.to_uint8(pixels.to_float(picture))
        if picture.shape[-1] == 4:
            # Colours below transparent pixels have no outlines.
            picture = pixels.convert_channels(picture, 3)
        drawing = outlines(picture[None])[0]
        return pixels.convert_channels(drawing, self.channels)
