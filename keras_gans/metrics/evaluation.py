"""All metrics of sets of images in one pass."""

import numpy as np
import tensorflow as tf

from keras_gans.metrics.feature_metric import CAPACITY, require_same_shape
from keras_gans.metrics.feature_metrics import (
    Diversity,
    FrechetDistance,
    KernelDistance,
    PrecisionRecall,
)

_BATCH_SIZE = 64


def evaluate_images(features, real_images, fake_images, split="", seed=0):
    """Measures generated images beside real ones in every way there is.

    The network runs once on each image; the features of all are in memory, at
    2048 numbers 8 MB for a thousand images. A Frechet distance is of all
    images, the other figures of the first 10,000 of either kind.

    Args:
        features: `ImageFeatures`.
        real_images: Floats `(n, height, width, channels)` in [-1, 1], or an
            iterable of such batches, as a `tf.data.Dataset` is.
        fake_images: As `real_images`; another n is allowed.
        split: String, which real images: a data set and its part, such as
            `"fashion_mnist test"`.
        seed: Integer, of the subsets of the kernel distance; give the seed that
            the fake images were drawn by.

    Returns:
        A list of `Score`: `frechet_distance`, `kernel_distance`, `precision`,
        `recall`, `density`, `coverage` and `diversity`.

    Raises:
        ValueError: If there are less than six images of a kind, images of
            different sizes or kinds, or features that are not finite.
    """
    real, real_example = _extract(features, "real_images", real_images)
    fake, fake_example = _extract(features, "fake_images", fake_images)
    require_same_shape(real_example, fake_example)
    capacity = min(CAPACITY, max(len(real), len(fake)))
    scores = []
    for make_metric in (
        lambda: FrechetDistance(features),
        lambda: KernelDistance(features, capacity=capacity),
        lambda: PrecisionRecall(features, capacity=capacity),
        lambda: Diversity(features, capacity=capacity),
    ):
        metric = make_metric()
        metric.update_features(real, fake)
        scores += metric.score(split, seed)
    return scores


def _extract(features, name, images):
    """Features of all images, and the first batch of these."""
    rows, first = [], None
    for batch in _batches(images):
        first = batch if first is None else first
        require_same_shape(first, batch)
        rows.append(np.asarray(features(batch)))
    count = sum(map(len, rows))
    if count < 2:
        raise ValueError(
            f"`{name}` must be at least two images. Received: {count}."
        )
    return np.concatenate(rows), first


def _batches(images):
    if not (isinstance(images, np.ndarray) or tf.is_tensor(images)):
        return images
    return (
        images[start : start + _BATCH_SIZE]
        for start in range(0, len(images), _BATCH_SIZE)
    )
