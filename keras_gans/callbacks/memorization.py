"""Does a generator only repeat its training images?"""

import numpy as np

from keras_gans.callbacks import instrument
from keras_gans.metrics import nearest_distances

_LARGEST_SIDE = 32
_MOST_TRAIN_IMAGES = 10_000
_PERCENTILE = 1


class Memorization(instrument.Instrument):
    """Tells when samples are copies of training images.

    The figure `copied_share` is the share of samples that lie nearer to a
    training image than all but the nearest 1 % of held-out images do: for a
    generator as good as new data it is 0.01. Distances are Euclidean, between
    images averaged down to at most 32 pixels. Above 0.2 in three epochs on
    end, an alarm.

    Of more than 10,000 training images a random 10,000 are looked at; copies
    of the others go unseen. Smooth pictures of nothing are near to everything
    too, so look at the pictures before you believe an alarm: `samples` beside
    `nearest_images`.

    Reference:

    - [Meehan et al., 2020](https://arxiv.org/abs/2004.05675), who compare the
      same distances by a rank test

    Attributes:
        samples: The last samples `(num_samples, ...)`, or `None` before the
            first epoch's end.
        nearest_images: For each sample its nearest training image.
        nearest_distances: Float array `(num_samples,)`, their distances.

    Args:
        train_images: Float array `(n, ...)` in the generator's range.
        held_out_images: The same, of images that are not trained on.
        num_samples: Integer >= 1. Defaults to 100. Conditional models draw
            all labels in turn.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    limits = {"copied_share": 0.2}

    def __init__(
        self, train_images, held_out_images, num_samples=100, report=None
    ):
        super().__init__(report)
        order = np.random.default_rng(instrument.SEED).permutation(
            len(train_images)
        )[:_MOST_TRAIN_IMAGES]
        self.num_samples = num_samples
        self.train_images = np.asarray(train_images)[order]
        self.small_train_images = _reduce(self.train_images)
        held_out_distances, _ = nearest_distances(
            _reduce(np.asarray(held_out_images)), self.small_train_images
        )
        self.copy_distance = np.percentile(held_out_distances, _PERCENTILE)
        self.samples = self.nearest_images = self.nearest_distances = None

    def measure(self):
        self.samples = self._sample(self.num_samples)
        self.nearest_distances, indices = nearest_distances(
            _reduce(self.samples), self.small_train_images
        )
        self.nearest_images = self.train_images[indices]
        is_copy = self.nearest_distances < self.copy_distance
        return {"copied_share": float(np.mean(is_copy))}

    def diagnose(self, history):
        rows = instrument.rows_with(history, "copied_share")
        rows = rows[-instrument.RECENT_EPOCHS :]
        limit = self.limits["copied_share"]
        if len(rows) < instrument.RECENT_EPOCHS or any(
            row["copied_share"] <= limit for row in rows
        ):
            return None
        return (
            f"{rows[-1]['copied_share']:.0%} of the samples lie nearer to a "
            "training image than new images do (1% of those). The generator "
            "repeats its training images (memorization). Train on more or "
            "augmented images, stop earlier, or make both networks narrower."
        )


def _reduce(images):
    """Averages blocks of pixels, so that no side is above the largest."""
    if images.ndim != 4:
        return images
    height, width, channels = images.shape[1:]
    factor = -(-max(height, width) // _LARGEST_SIDE)
    rows, columns = height // factor, width // factor
    # What is left over at two edges is less than a block.
    blocks = images[:, : rows * factor, : columns * factor].reshape(
        len(images), rows, factor, columns, factor, channels
    )
    return blocks.mean(axis=(2, 4))
