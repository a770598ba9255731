"""Pictures of one domain as tensors, by position: cached or read on demand."""

import numpy as np
import tensorflow as tf

from keras_gans.data import augment, sampling


class ImageSource:
    """Endless shuffled and augmented samples of one `ImageSet`.

    Sample number n is the same picture, cut and mirrored in the same way,
    whenever and wherever it is asked for.

    Args:
        images: `ImageSet`.
        image_size: `(height, width)` of a sample.
        load_size: `(height, width)` that pictures are resized to before a
            window is cut out.
        seed: Integer.
        stream: String. Sources of different streams draw independently; those
            of one stream, over sets of one length, draw the same positions,
            windows and flips.
        flip: Whether to mirror half of the samples.
        kept: Tensor of all pictures, see `picture_cache.keep`; or None, to
            read them on demand.
    """

    def __init__(self, images, image_size, load_size, seed, stream, flip, kept):
        self._images = images
        self._image_size = image_size
        self._load_size = load_size
        self._seed = seed
        self._stream = stream
        self._flip = flip
        self._kept = kept

    def __len__(self):
        return len(self._images)

    def draw(self, first_number, count):
        """Draws what samples in a row are to show.

        Args:
            first_number: int64 scalar tensor, >= 0. Number of the first
                sample.
            count: Integer, >= 1. Number of samples.

        Returns:
            `(positions, jitter)`: which pictures, an int64 tensor `(count,)`,
            and where they are cut and whether they are mirrored, a float32
            tensor `(count, 3)`.
        """
        positions = sampling.shuffled_positions(
            first_number,
            count,
            len(self._images),
            self._seed,
            f"order/{self._stream}",
        )
        jitter = sampling.uniform_draws(
            first_number,
            count,
            augment.DRAWS_PER_SAMPLE,
            self._seed,
            f"augment/{self._stream}",
        )
        return positions, jitter

    def make(self, positions, jitter):
        """Returns the samples that were drawn, not yet cast."""
        pictures, places = self._kept, positions
        if pictures is None:
            pictures = self._read(positions)
            places = tf.range(positions.shape[0], dtype="int64")
        return augment.crop_and_flip(
            pictures, places, self._image_size, self._flip, jitter
        )

    def _read(self, positions):
        """The pictures at some positions, read now."""
        pictures = tf.numpy_function(
            lambda indices: np.stack(
                [self._images.read(int(i), self._load_size) for i in indices]
            ),
            [positions],
            tf.as_dtype(self._images.dtype),
            stateful=False,
        )
        shape = (*positions.shape, *self._load_size, self._images.channels)
        return tf.ensure_shape(pictures, shape)
