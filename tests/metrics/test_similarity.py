"""The measures themselves are tested where models log them."""

import numpy as np
import pytest

from keras_gans.metrics import mean_over_images


@pytest.mark.parametrize("count", [1, 64, 65, 200])
def test_each_image_counts_once_whatever_the_batches(count):
    rng = np.random.default_rng(0)
    images, others = rng.uniform(-1, 1, (2, count, 4, 4, 1))

    def largest_difference(images, others):
        return np.abs(images - others).max(axis=(1, 2, 3))

    expected = largest_difference(images, others).mean()
    mean = mean_over_images(largest_difference, images, others)
    assert mean == pytest.approx(expected)
