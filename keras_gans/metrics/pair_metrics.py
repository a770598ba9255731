"""Metrics of pairs of images: an answer and its target."""

import keras
import tensorflow as tf

from keras_gans.metrics.score import Protocol, Score
from keras_gans.metrics.similarity import (
    peak_signal_to_noise_ratio,
    structural_similarity,
)


class PairMetric(keras.metrics.Mean):
    """Abstract base: the mean of a measure over pairs of images.

    Args:
        measure: Function of two tensors of images to values `(n,)`.
        name: String, of the figure.
        lower_is_better: Boolean.
    """

    def __init__(self, measure, name, lower_is_better):
        super().__init__(name=name, dtype="float64")
        self._measure = measure
        self._lower_is_better = lower_is_better

    def update_state(self, images, others):
        """Adds pairs.

        Args:
            images: Floats `(n, height, width, channels)` in [-1, 1].
            others: The same shape.

        Raises:
            ValueError: If the shapes differ, or are other ones.
        """
        images, others = map(tf.convert_to_tensor, (images, others))
        if images.shape.rank != 4 or images.shape != others.shape:
            raise ValueError(
                "`images` and `others` must be of one shape, `(n, height, "
                f"width, channels)`. Received: shapes {tuple(images.shape)} "
                f"and {tuple(others.shape)}."
            )
        super().update_state(self._measure(images, others))

    def score(self, split="", seed=0):
        """Returns the figure with its protocol.

        Args:
            split: String, which targets: a data set and its part.
            seed: Integer, of what the images were drawn by.

        Returns:
            A list of one `Score`.

        Raises:
            ValueError: If there was no pair, or an image that is not finite.
        """
        # What replicas have counted is added up in a tensor.
        count = int(tf.convert_to_tensor(self.count))
        if not count:
            raise ValueError("There must be at least one pair. Received: none.")
        protocol = Protocol(
            num_real=count, num_fake=count, split=split, seed=seed
        )
        value = float(self.result())
        return [Score(self.name, value, protocol, self._lower_is_better)]


class StructuralSimilarity(PairMetric):
    """Mean SSIM of pairs in [-1, 1] units, 1 for equal ones.

    See `keras_gans.metrics.structural_similarity`.
    """

    def __init__(self):
        super().__init__(structural_similarity, "ssim", lower_is_better=False)


class PeakSignalToNoiseRatio(PairMetric):
    """Mean PSNR of pairs, in decibels, at most 100 for each.

    See `keras_gans.metrics.peak_signal_to_noise_ratio`.
    """

    def __init__(self):
        super().__init__(
            peak_signal_to_noise_ratio, "psnr", lower_is_better=False
        )


class MeanAbsoluteDifference(PairMetric):
    """Mean absolute difference of pairs, the L1 of papers, in [0, 2]."""

    def __init__(self):
        super().__init__(_absolute_difference, "l1", lower_is_better=True)


def _absolute_difference(images, others):
    return tf.reduce_mean(tf.abs(images - others), axis=(1, 2, 3))
