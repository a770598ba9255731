"""Label maps: pictures whose colours are names, and must not be mixed."""

import contextlib

import numpy as np

from keras_gans.data import images
from keras_gans.data.image_views import ImageView

_MOST_COLOURS = 64
_LEAST_AREA = 16  # Pixels per colour; pictures with fewer have no areas.
_NUM_EXAMINED = 4


class LabelMaps(ImageView):
    """Pictures that are resized by taking the nearest pixel.

    Between the red of windows and the blue of walls, smooth resizing draws a
    line of violet, which may be the colour of doors.

    Args:
        images: `ImageSet`.
    """

    def identity(self):
        return self._identity()

    def read(self, index, size):
        image = self._decode(index)
        if image.dtype != self.dtype:
            super().read(index, size)  # Raises the error that names it.
        rows, columns = map(_nearest, image.shape, size)
        return image[rows[:, None], columns]


def looks_like_label_map(image):
    """Whether a picture consists of areas of 3 to 64 exact colours.

    A picture of one or two colours is taken for a drawing. JPEG files do not
    look so: they have mixed the colours at every edge already.

    Args:
        image: Array `(height, width, channels)`.

    Returns:
        A bool.
    """
    colours = image.reshape(-1, image.shape[-1])
    # A few pixels are enough to know a photograph.
    for num_pixels in (1024, 65536):
        sample = colours[:: max(1, len(colours) // num_pixels)]
        num_colours = len(np.unique(sample, axis=0))
        if num_colours > _MOST_COLOURS:
            return False
    return 3 <= num_colours <= len(colours) / _LEAST_AREA


def find_label_map(images_of_set, size):
    """Finds label maps among pictures that are about to be resized.

    Args:
        images_of_set: `ImageSet`, of which four pictures are examined.
        size: `(height, width)` to resize to.

    Returns:
        The filename of the first that would be resized, if all four look like
        label maps, else None.
    """
    last = len(images_of_set) - 1
    view, resized = ImageView(images_of_set), []
    for index in np.unique(np.linspace(0, last, _NUM_EXAMINED, dtype=int)):
        with contextlib.suppress(images.ImageError):  # `load` reports it.
            image = view.decode(index)
            if not looks_like_label_map(image):
                return None
            if image.shape[:2] != tuple(size):
                resized.append(images_of_set.filenames[index])
    return resized[0] if resized else None


def _nearest(length, new_length):
    """The pixels whose centres are nearest to those of the new pixels."""
    return (2 * np.arange(new_length) + 1) * length // (2 * new_length)
