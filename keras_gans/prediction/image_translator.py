"""Translates images of any size."""

import numpy as np
import tensorflow as tf

from keras_gans.prediction.network_steps import NetworkSteps
from keras_gans.prediction.tiled_network import TiledNetwork
from keras_gans.prediction.tiles import least_tile_size, split_axis

# A quarter of it is more than a residual block sees, and keeps borders out.
_LEAST_OVERLAP = 128
# In multiples of a U-Net, all of which passes through its bottleneck: tiles of
# two miss the whole image by more than 2 of 255 levels.
_LEAST_MULTIPLES = 3


class ImageTranslator:
    """Translates images of any size with a network built for one size.

    An image is padded at its far sides to sides that the network takes, and
    the output is cropped. The few more pixels count in the statistics of
    instance norms, so there are no more of them than the network needs.

    Images of more than `tile_size` squared pixels are translated in tiles that
    overlap. Instance norms see the statistics of the whole image all the same
    (see `TiledNetwork`). What reaches further than a quarter of the overlap,
    in a U-Net the way through its bottleneck, ends at the border of the tile.

    Args:
        network: Built functional or sequential `keras.Model` from images to
            images of the same size, such as a generator or what
            `inference_view` makes of it. It runs as with `training=False`.
        tile_size: Integer, side of the tiles, which takes as much memory as a
            whole image of that side. Defaults to 1024.
        overlap: Integer, the least that tiles share. Defaults to 128 or, if
            that is more, twice what the network needs sides to be multiples
            of (a U-Net sees as far); but to half a tile at most.

    Attributes:
        overlap: Integer, the least that tiles share.

    Raises:
        ValueError: If the network takes images of one size only, or does not
            keep it, or the tiles are too small.
    """

    def __init__(self, network, tile_size=1024, overlap=None):
        self._steps = NetworkSteps(network)
        self._whole = tf.function(
            self._run_whole,
            input_signature=[
                tf.TensorSpec((1, None, None, self._steps.channels))
            ],
        )
        self._sides = self._steps.sides
        if overlap is None:
            overlap = max(_LEAST_OVERLAP, 2 * self._sides.multiple)
            overlap = min(overlap, tile_size // 2)
        if overlap < 0:
            raise ValueError(
                f"`overlap` must be >= 0. Received: overlap={overlap}."
            )
        least = max(
            self._sides.least,
            least_tile_size(overlap, self._sides.multiple),
            _LEAST_MULTIPLES * self._sides.multiple,
        )
        if tile_size < least:
            raise ValueError(
                f"`tile_size` must be at least {least} for this network and "
                f"`overlap={overlap}`. Received: tile_size={tile_size}."
            )
        self._tile_size, self.overlap = tile_size, overlap
        self._tiled = None

    def needs_tiles(self, size):
        """Whether an image of `size`, a pair of integers, is cut into tiles."""
        return size[0] * size[1] > self._tile_size**2

    def translate(self, image):
        """Translates one image.

        Args:
            image: Float array `(height, width, channels)` in [-1, 1].

        Returns:
            A float32 array `(height, width, channels)`.

        Raises:
            ValueError: If `image` has another shape.
        """
        image = np.asarray(image, "float32")
        if image.ndim != 3 or image.shape[-1] != self._steps.channels:
            raise ValueError(
                "`image` must have shape (height, width, "
                f"{self._steps.channels}). Received: shape {image.shape}."
            )
        height, width = image.shape[:2]
        padded = self._sides.pad(image)
        if self.needs_tiles((height, width)):
            output = self._translate_in_tiles(padded)
        else:
            output = self._whole(padded[None])[0].numpy()
        return output[:height, :width]

    def _translate_in_tiles(self, image):
        if self._tiled is None:
            self._tiled = TiledNetwork(self._steps)
        rows, columns = (
            split_axis(
                length, self._tile_size, self.overlap, self._sides.multiple
            )
            for length in image.shape[:2]
        )
        return self._tiled.translate(image, rows, columns)

    def _run_whole(self, images):
        [outputs] = self._steps.run(
            0,
            len(self._steps),
            [images],
            lambda step, *args, **kwargs: step.layer(*args, **kwargs),
        )
        return outputs
