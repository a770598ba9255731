import numpy as np
import pytest

from keras_gans.metrics import (
    distances,
    mean_pairwise_distance,
    nearest_distances,
)


def images_of(count, seed=0, shape=(3, 2, 2)):
    images = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    return images.astype("float32")


def distance_by_loop(images, labels):
    gaps = [
        np.sqrt(np.mean((np.float64(a) - b) ** 2))
        for i, a in enumerate(images)
        for j, b in enumerate(images)
        if i != j and labels[i] == labels[j]
    ]
    return np.mean(gaps)


def test_hand_worked_triangle():
    # A 3-4-5 triangle of points with two values each.
    points = np.array([[0, 0], [3, 0], [0, 4]])
    assert mean_pairwise_distance(points) == pytest.approx(4 / np.sqrt(2))
    # Of label 0 there is only the first pair.
    distance = mean_pairwise_distance(points, [0, 0, 1])
    assert distance == pytest.approx(3 / np.sqrt(2))


@pytest.mark.parametrize("labelled", [False, True])
def test_mean_equals_loop(labelled):
    images = images_of(11)
    labels = np.arange(11) % 3 if labelled else None
    expected = distance_by_loop(images, labels if labelled else [0] * 11)
    distance = mean_pairwise_distance(images, labels)
    assert distance == pytest.approx(expected, rel=1e-12)


def test_labels_find_what_the_whole_set_hides():
    """Two pictures, one per label: different, but no variety in a label."""
    images = images_of(2)[[0, 1, 0, 1]]
    assert mean_pairwise_distance(images) > 0.1
    assert mean_pairwise_distance(images, [0, 1, 0, 1]) < 1e-12


def test_small_differences_survive_a_large_mean():
    """Of squares of 1e8, their differences of 1e-8 would be noise."""
    images = 1e-4 * images_of(8).astype("float64")
    distance = mean_pairwise_distance(images + 1e4)
    assert distance == pytest.approx(
        distance_by_loop(images, [0] * 8), rel=1e-6
    )


def test_size_of_images_does_not_matter():
    small = images_of(8, shape=(2, 2, 1))
    large = small.repeat(3, axis=1).repeat(3, axis=2)
    assert mean_pairwise_distance(large) == pytest.approx(
        mean_pairwise_distance(small)
    )


def test_refuses_a_set_without_pairs():
    with pytest.raises(ValueError, match="two images of one label"):
        mean_pairwise_distance(images_of(1))
    with pytest.raises(ValueError, match="two images of one label"):
        mean_pairwise_distance(images_of(3), [0, 1, 2])
    with pytest.raises(ValueError, match=r"shape \(2,\) for 3 images"):
        mean_pairwise_distance(images_of(3), [0, 1])


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_nearest_equals_loop_in_blocks_of_any_size(block, monkeypatch):
    monkeypatch.setattr(distances, "_BLOCK", block)
    images, references = images_of(7), images_of(9, seed=1)
    gaps = np.float64(images)[:, None] - references
    table = np.sqrt(np.sum(gaps**2, axis=(2, 3, 4)))
    nearest, indices = nearest_distances(images, references)
    np.testing.assert_allclose(nearest, table.min(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(indices, table.argmin(axis=1))


def test_copies_are_at_exactly_zero():
    references = images_of(50)
    nearest, indices = nearest_distances(references[[30, 7]], references)
    assert nearest.tolist() == [0, 0]
    assert indices.tolist() == [30, 7]


def test_nearest_refuses_other_shapes_and_empty_references():
    with pytest.raises(ValueError, match=r"`references` must be at least one"):
        nearest_distances(images_of(2), images_of(2, shape=(2, 2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 3, 2, 2\) and \(0, 3, 2, 2\)"):
        nearest_distances(images_of(2), images_of(0))
