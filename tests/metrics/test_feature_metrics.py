import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.metrics import (
    Diversity,
    FrechetDistance,
    KernelDistance,
    PrecisionRecall,
    density_coverage,
    frechet_distance,
    kernel_distance,
    mean_pairwise_distance,
    precision_recall,
)
from tests.metrics.rows_as_images import features, images_of, rows

METRICS = {
    "frechet": FrechetDistance,
    "kernel": lambda features: KernelDistance(features, 20, 3),
    "neighbours": PrecisionRecall,
    "diversity": Diversity,
}
REAL, FAKE = images_of(50), images_of(40, seed=1, shift=0.1)


def values(scores):
    return [score.value for score in scores]


def of_functions(name):
    real, fake = rows(REAL), rows(FAKE)
    return {
        "frechet": lambda: [frechet_distance(real, fake)],
        "kernel": lambda: [kernel_distance(real, fake, 20, 3, seed=4)[0]],
        "neighbours": lambda: [
            *precision_recall(real, fake, 3),
            *density_coverage(real, fake, 5),
        ],
        "diversity": lambda: [mean_pairwise_distance(fake)],
    }[name]()


@pytest.mark.parametrize("size", [1, 7, 50])
@pytest.mark.parametrize("name", METRICS)
def test_batches_of_any_size_give_what_the_functions_do(name, size):
    metric = METRICS[name](features())
    for start in range(0, 50, size):
        batch = slice(start, start + size)
        metric.update_state(REAL[batch], FAKE[batch])
    scores = metric.score(seed=4)
    assert values(scores) == pytest.approx(of_functions(name), rel=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_real_and_fake_may_come_apart_and_in_a_graph(name):
    metric = METRICS[name](features())
    update = tf.function(metric.update_state, reduce_retracing=True)
    for start in range(0, 50, 13):
        update(None, tf.constant(FAKE[start : start + 13]))
        update(tf.constant(REAL[start : start + 13]))
    scores = metric.score(seed=4)
    assert values(scores) == pytest.approx(of_functions(name), rel=1e-9)


def test_result_is_of_keras_in_a_graph_too():
    metric = PrecisionRecall(features())
    metric.update_state(REAL, FAKE)
    expected = dict(
        zip(("precision", "recall", "density", "coverage"), [*metric.score()])
    )
    for result in (metric.result(), tf.function(metric.result)()):
        assert {k: float(v) for k, v in result.items()} == pytest.approx(
            {name: score.value for name, score in expected.items()}
        )
    metric = FrechetDistance(features())
    metric.update_state(REAL, FAKE)
    expected = frechet_distance(rows(REAL), rows(FAKE))
    assert float(metric.result()) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_reset_forgets_all(name):
    metric = METRICS[name](features())
    metric.update_state(FAKE + 0.5, REAL)
    metric.reset_state()
    metric.update_state(REAL, FAKE)
    found = values(metric.score(seed=4))
    assert found == pytest.approx(of_functions(name), rel=1e-9)


def test_large_means_cost_no_digits():
    """A naive sum of squares fails where the moments' do not."""
    rng = np.random.default_rng(0)
    sides = [
        np.float32(1e4 + own * rng.normal(size=(400, 6))) for own in (1, 1.2)
    ]
    metric = FrechetDistance(features())
    for start in range(0, 400, 32):
        metric.update_features(*(s[start : start + 32] for s in sides))
    expected = frechet_distance(*sides)
    assert values(metric.score()) == pytest.approx([expected], rel=1e-9)
    naive = np.mean(sides[0] ** 2, 0) - np.mean(sides[0], 0) ** 2
    assert np.max(np.abs(naive - np.var(np.float64(sides[0]), 0))) > 1e-3


def test_closed_form_of_gaussians():
    """N(0, A) to N(m, B), axes apart: |m|^2 + sum (a - b)^2 of deviations."""
    rng = np.random.default_rng(0)
    metric = FrechetDistance(features())

    def exactly(mean, deviations):
        """Rows whose moments are these, not nearly these."""
        normal = rng.normal(size=(60, 6))
        normal -= normal.mean(axis=0)
        basis, _ = np.linalg.qr(normal)
        return basis * np.sqrt(59) * deviations + mean

    deviations = np.array([[1, 2, 3, 4, 5, 6], [2, 2, 1, 4, 6, 6.0]])
    mean = np.arange(6.0)
    metric.update_features(
        exactly(0, deviations[0]), exactly(mean, deviations[1])
    )
    expected = mean @ mean + np.sum((deviations[0] - deviations[1]) ** 2)
    # Features are float32.
    assert values(metric.score()) == pytest.approx([expected], rel=1e-6)


def test_protocol_says_how_it_was_measured():
    metric = KernelDistance(features(), subset_size=30, num_subsets=5)
    metric.update_state(REAL, FAKE)
    (score,) = metric.score("some test", seed=4)
    assert score.name == "kernel_distance" and score.lower_is_better
    assert str(score.protocol) == (
        "50 real and 40 fake images, split some test, features pixels "
        "(pixels), resizer none, 5 subsets of 30, seed 4"
    )
    metric = PrecisionRecall(features())
    metric.update_state(REAL, FAKE)
    neighbors = [s.protocol.num_neighbors for s in metric.score()]
    assert neighbors == [3, 3, 5, 5]


def test_notes_of_few_images_and_singular_covariances():
    metric = FrechetDistance(features())
    metric.update_state(REAL[:6], FAKE)
    (score,) = metric.score()
    assert score.notes == (
        "Fewer than 2048 images: a figure of little weight.",
        "The covariance of 6 features of 6 images is singular: the distance "
        "is too large.",
    )
    metric.update_state(REAL[6:7])
    assert len(metric.score()[0].notes) == 1
    many = np.random.default_rng(0).normal(size=(2048, 6))
    metric.reset_state()
    metric.update_features(many, many[:2047])
    assert len(metric.score()[0].notes) == 1
    metric.update_features(None, many[:1])
    assert metric.score()[0].notes == ()


def test_singular_distance_is_that_of_the_function():
    """Fewer images than features: no crash, and every digit."""
    real, fake = (images_of(5, seed=i, shape=(4, 4, 2)) for i in (0, 1))
    metric = FrechetDistance(features(32))
    metric.update_state(real, fake)
    expected = frechet_distance(rows(real), rows(fake))
    assert values(metric.score()) == pytest.approx([expected], rel=1e-9)


def test_more_images_than_there_is_room_for():
    metric = Diversity(features(), capacity=20)
    for start in range(0, 50, 15):
        metric.update_state(REAL[start : start + 15], FAKE[start : start + 15])
    (score,) = metric.score()
    assert score.value == pytest.approx(mean_pairwise_distance(rows(FAKE)[:20]))
    assert (score.protocol.num_real, score.protocol.num_fake) == (20, 20)
    own = mean_pairwise_distance(rows(REAL)[:20])
    assert score.notes[1:] == (
        f"The real images' own diversity is {own:.4g}.",
        "Only the first 20 of 50 real images are used.",
        "Only the first 20 of 40 fake images are used.",
    )
    with pytest.raises(ValueError, match="Received: capacity=1"):
        Diversity(features(), capacity=1)


@pytest.mark.parametrize("name", METRICS)
def test_too_few_images_are_said(name):
    metric = METRICS[name](features())
    metric.update_state(REAL[:1], FAKE)
    for result in tf.nest.flatten(metric.result()):
        assert np.isnan(result)
    with pytest.raises(ValueError, match="at least two real and two fake"):
        metric.score()


@pytest.mark.parametrize("name", METRICS)
def test_features_that_are_not_finite_are_said(name):
    metric = METRICS[name](features())
    bad = rows(FAKE)
    bad[3, 2], bad[5, 1] = np.nan, np.inf
    message = (
        "`fake_features` must be finite. Received: 2 of 240 values are NaN or "
        "infinite."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        metric.update_features(rows(REAL), bad)
    # In a graph nobody looks before the end.
    tf.function(metric.update_features)(tf.constant(rows(REAL)), bad)
    with pytest.raises(ValueError, match="features of the fake images must be"):
        metric.score()


def test_other_shapes_are_refused():
    metric = FrechetDistance(features())
    with pytest.raises(ValueError, match="one height, width and number of"):
        metric.update_state(REAL, images_of(4, shape=(3, 2, 1)))
    with pytest.raises(ValueError, match="one height, width and number of"):
        metric.update_state(REAL, images_of(4, shape=(2, 1, 3)))
    with pytest.raises(ValueError, match=r"shape \(n, 6\). Received: shape"):
        metric.update_features(np.zeros((4, 5)))


def test_random_state_of_keras_stays():
    def draw():
        return keras.random.normal((3,)).numpy().tolist()

    keras.utils.set_random_seed(3)
    expected = draw()
    keras.utils.set_random_seed(3)
    metric = KernelDistance(features(), 20, 3)
    metric.update_state(REAL, FAKE)
    metric.score()
    assert draw() == expected
