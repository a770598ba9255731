"""Runs a network over the tiles of an image as if over the whole of it."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_gans.layers import InstanceNormalization

# 32 numbers for each pixel are the trunk of the ResNet generator of CycleGAN
# and its shortcut, or all the skips of the U-Net of pix2pix.
_MOST_VALUES_PER_PIXEL = 32


class TiledNetwork:
    """Translates tiles with the statistics of the image that they make up.

    Instance norms need the mean and the variance of the whole image. All tiles
    therefore go from norm to norm together: what comes to a norm is measured
    over all tiles, each place once, and only then normalised. What the tiles
    know at a norm is kept until the next one, unless that takes more memory
    than the trunk of a paper's generator; then they start from further back.

    Args:
        steps: `NetworkSteps`.

    Raises:
        ValueError: If a layer has statistics of its own that are not those of
            instance normalisation.
    """

    def __init__(self, steps):
        self._steps = steps
        self._segments = {}
        self._moments = {}
        for step in steps:
            if isinstance(step.layer, InstanceNormalization):
                shape = step.outputs.shape[-1:]
                self._moments[step] = (
                    tf.Variable(tf.zeros(shape)),
                    tf.Variable(tf.ones(shape)),
                )
            elif isinstance(step.layer, keras.layers.GroupNormalization):
                raise ValueError(
                    "`network` must have no group normalisation but instance "
                    "normalisation, to be run in tiles. Received: the layer "
                    f"{step.layer.name!r}."
                )

    def translate(self, image, rows, columns):
        """Translates an image.

        Beside the image and the output, up to 128 bytes per pixel are taken
        (in float32; the parts that tiles share count twice), and the memory in
        which the network runs on one tile.

        Args:
            image: Float array `(height, width, channels)` in [-1, 1].
            rows: List of `Span` of the height.
            columns: List of `Span` of the width.

        Returns:
            A float32 array `(height, width, channels)`.
        """
        tiles = [(row, column) for row in rows for column in columns]
        known = [
            [image[None, row.place, column.place]] for row, column in tiles
        ]
        start = 0
        for index, step in enumerate(self._steps):
            if step in self._moments:
                keep = (
                    self._steps.values_per_pixel(index)
                    <= _MOST_VALUES_PER_PIXEL
                )
                self._measure(start, index, tiles, known, keep)
                start = index if keep else start
        height, width = image.shape[:2]
        output = 0
        for (row, column), values in zip(tiles, known):
            [images] = self._run(start, len(self._steps), values)
            if np.isscalar(output):
                output = np.zeros((height, width, images.shape[-1]), "float32")
            weights = row.weights[:, None, None] * column.weights[:, None]
            output[row.place, column.place] += weights * images[0]
        return output

    def _measure(self, start, norm, tiles, known, keep):
        """Sets the moments of one norm; keeps the values before it, or not."""
        step = self._steps[norm]
        counts, means, variances = [], [], []
        for i, (row, column) in enumerate(tiles):
            values = self._run(start, norm, known[i])
            if keep:
                known[i] = values
            features = values[self._steps.position(norm, step.args[0])]
            height, width = features.shape[1:3]
            core = features[:, row.core_of(height), column.core_of(width)]
            core = core.astype("float32", copy=False)
            mean, variance = ops.moments(core, axes=(0, 1, 2))
            counts.append(core.size)
            means.append(mean)
            variances.append(variance)
        mean = np.average(means, 0, counts)
        # Within the tiles, and between them.
        variance = np.average(variances + (means - mean) ** 2, 0, counts)
        for variable, value in zip(self._moments[step], (mean, variance)):
            variable.assign(value)

    def _run(self, start, stop, values):
        if (start, stop) not in self._segments:
            signature = [
                tf.TensorSpec(
                    (1, *[None] * (len(tensor.shape) - 2), tensor.shape[-1]),
                    tensor.dtype,
                )
                for tensor in self._steps.live(start)
            ]
            self._segments[start, stop] = tf.function(
                lambda *values: self._steps.run(
                    start, stop, values, self._call
                ),
                input_signature=signature,
            )
        # On the host: the features of all tiles may be too much for a GPU.
        return [value.numpy() for value in self._segments[start, stop](*values)]

    def _call(self, step, *args, **kwargs):
        if step in self._moments:
            return _normalize(step.layer, *args, *self._moments[step])
        return step.layer(*args, **kwargs)


def _normalize(layer, x, mean, variance):
    """`InstanceNormalization` by moments that are known."""
    x = ops.cast(x, mean.dtype)
    x = (x - mean) * ops.rsqrt(variance + layer.epsilon)
    if layer.scale:
        x = x * ops.cast(layer.gamma, x.dtype)
    if layer.center:
        x = x + ops.cast(layer.beta, x.dtype)
    return ops.cast(x, layer.compute_dtype)
