import re

import numpy as np
import pytest

from keras_gans.features import trustworthiness

pytest.importorskip("sklearn")


def points_of(count, seed=0, shape=(2, 3)):
    return np.random.default_rng(seed).normal(size=(count, *shape))


def order_by_distance(points):
    """Row i: the other points, the nearest to point i first."""
    rows = points.reshape(len(points), -1)
    return [
        sorted(
            (j for j in range(len(rows)) if j != i),
            key=lambda j, i=i: np.sum((rows[i] - rows[j]) ** 2),
        )
        for i in range(len(rows))
    ]


def trustworthiness_by_loop(images, codes, k):
    n = len(images)
    by_image, by_code = order_by_distance(images), order_by_distance(codes)
    penalty = sum(
        max(0, by_image[i].index(j) + 1 - k)
        for i in range(n)
        for j in by_code[i][:k]
    )
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty


@pytest.mark.parametrize("num_neighbors", [1, 5])
def test_equals_the_formula(num_neighbors):
    images, codes = points_of(23), points_of(23, seed=1, shape=(2,))
    codes += images[:, 0, :2]
    value = trustworthiness(images, codes, num_neighbors)
    expected = trustworthiness_by_loop(images, codes, num_neighbors)
    assert value == pytest.approx(expected, rel=1e-12)
    assert 0.5 < value < 0.95


def test_what_keeps_the_neighbours_is_trusted():
    images = points_of(60)
    assert trustworthiness(images, 7 - 2 * images) == 1.0


def test_codes_of_other_images_are_not_trusted():
    images = points_of(300)
    shuffled = np.random.default_rng(1).permutation(images)
    assert trustworthiness(images, shuffled) == pytest.approx(0.5, abs=0.05)


def test_many_images_are_thinned_out_evenly():
    images, codes = points_of(41), points_of(41, seed=1)
    # 0, 2, 4 ... 40.
    assert trustworthiness(images, codes, max_images=21) == trustworthiness(
        images[::2], codes[::2]
    )
    assert trustworthiness(images, codes, max_images=21) != trustworthiness(
        images, codes
    )


def test_bad_arguments_are_refused():
    images = points_of(20)
    with pytest.raises(ValueError, match="Received: 20 images and 19 codes"):
        trustworthiness(images, images[:19])
    message = (
        "`num_neighbors` must be >= 1 and below half the number of images "
        "that are looked at. Received: num_neighbors={} for {} images."
    )
    for num_neighbors, max_images in ((0, 3000), (10, 3000), (5, 10)):
        count = min(20, max_images)
        expected = re.escape(message.format(num_neighbors, count))
        with pytest.raises(ValueError, match=f"^{expected}$"):
            trustworthiness(images, images, num_neighbors, max_images)
