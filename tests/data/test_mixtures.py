import itertools
import re

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data

# The definitions in the papers: centres, and the variance of a coordinate.
GRID = list(itertools.product((-4, -2, 0, 2, 4), repeat=2))
ROOTS = np.exp(2j * np.pi * np.arange(8) / 8)
DEFINITIONS = {
    "ring_8": (np.stack([ROOTS.real, ROOTS.imag], axis=-1), 1e-4),
    "grid_25": (np.array(GRID, float), 0.0025),
}
# Chi-squared of k - 1 degrees of freedom, p = 0.001.
CHI_SQUARED = {"ring_8": 24.3, "grid_25": 51.2}


def batches(pipeline, steps, start_step=0):
    """The first batches, as an array `(steps, batch, 2)`."""
    dataset = pipeline.dataset(start_step).take(steps)
    return np.stack(list(dataset.as_numpy_iterator()))


def pipeline_of(name="ring_8", batch_size=4, seed=0):
    return data.MixturePipeline(data.open_mixture(name), batch_size, 10, seed)


def points_of(name, source, count=20_000):
    if source == "sample":
        return data.open_mixture(name).sample(count, seed=0)
    return batches(pipeline_of(name, batch_size=100), count // 100).reshape(
        -1, 2
    )


def test_every_mixture_has_a_definition_here():
    assert set(DEFINITIONS) == set(data.MIXTURES)


@pytest.mark.parametrize("source", ["sample", "pipeline"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_modes_are_those_of_the_papers(name, source):
    centers, variance = DEFINITIONS[name]
    points = points_of(name, source)
    assert points.shape == (20_000, 2) and points.dtype == np.float32
    distances = np.linalg.norm(points[:, None] - centers, axis=-1)
    modes = np.argmin(distances, axis=1)
    expected = len(points) / len(centers)
    counts = np.bincount(modes, minlength=len(centers))
    chi_squared = np.sum((counts - expected) ** 2 / expected)
    assert chi_squared < CHI_SQUARED[name]
    for mode, center in enumerate(centers):
        offsets = (points[modes == mode] - center) / np.sqrt(variance)
        # 4.5 standard errors, of a mean, of a variance, of a correlation.
        error = 4.5 / np.sqrt(len(offsets))
        np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=error)
        covariance = offsets.T @ offsets / len(offsets)
        np.testing.assert_allclose(
            covariance, np.eye(2), atol=error * np.sqrt(2)
        )


def test_points_are_normal_in_each_mode():
    # Of a normal variate, 68.27 % are within one deviation, 99.73 % in three.
    points = data.open_mixture("grid_25").sample(50_000, seed=3)
    offsets = np.abs(points - 2 * np.rint(points / 2)) / 0.05
    assert abs(np.mean(offsets < 1) - 0.6827) < 0.005
    assert abs(np.mean(offsets < 3) - 0.9973) < 0.0006


def test_mixtures_know_their_names():
    for name in data.MIXTURES:
        assert data.open_mixture(name).name == name


def test_a_mixture_of_ones_own():
    centers = np.array([[5, -3]], "float32")
    mixture = data.GaussianMixture(centers, 2.0, "one")
    points = mixture.sample(10_000, seed=0)
    np.testing.assert_allclose(points.mean(axis=0), [5, -3], atol=0.1)
    np.testing.assert_allclose(points.std(axis=0), [2, 2], atol=0.1)


def test_sample_depends_on_the_seed_alone():
    mixture = data.open_mixture("ring_8")
    np.testing.assert_array_equal(mixture.sample(50, 7), mixture.sample(50, 7))
    assert not np.any(mixture.sample(50, 7) == mixture.sample(50, 8))


def test_modes_and_offsets_are_independent():
    points = data.open_mixture("ring_8").sample(20_000, seed=0)
    modes = np.rint(np.angle(points @ [1, 1j]) / (np.pi / 4)) % 8
    offsets = points - np.stack([ROOTS.real, ROOTS.imag], -1)[modes.astype(int)]
    for indicator in np.eye(8)[modes.astype(int)].T:
        for offset in offsets.T:
            assert abs(np.corrcoef(indicator, offset)[0, 1]) < 0.03


# 63 and 64 lie on both sides of the points that are drawn at once.
@pytest.mark.parametrize("start_step", [1, 63, 64, 65, 130])
def test_start_step_equals_skipping(start_step):
    whole = batches(pipeline_of(), 135)
    np.testing.assert_array_equal(
        batches(pipeline_of(), 5, start_step), whole[start_step:][:5]
    )


def test_points_are_fresh_in_every_step():
    points = batches(pipeline_of(), 300).reshape(-1, 2)
    assert len(np.unique(points, axis=0)) == len(points)


def test_pipelines_of_two_seeds_and_samples_differ():
    one, other = (batches(pipeline_of(seed=s), 16) for s in (0, 1))
    assert not np.any(one == other)
    sampled = data.open_mixture("ring_8").sample(64, seed=0)
    assert not np.any(one.reshape(-1, 2) == sampled)


def test_elements_have_static_shapes_and_no_end():
    pipeline = pipeline_of(batch_size=3)
    assert (pipeline.batch_size, pipeline.steps_per_epoch) == (3, 10)
    dataset = pipeline.dataset()
    assert dataset.element_spec == tf.TensorSpec((3, 2), "float32")
    # `unbatch` does not know, but the 10 steps of an epoch are no limit.
    assert batches(pipeline, 200).shape == (200, 3, 2)


BAD_NAMES = {
    "ring": "'ring'. Did you mean 'ring_8'?",
    "grid25": "'grid25'. Did you mean 'grid_25'?",
    "swiss_roll": "'swiss_roll'.",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_unknown_name_is_refused(name):
    message = (
        "`name` must be one of grid_25, ring_8. "
        f"Received: name={BAD_NAMES[name]}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.open_mixture(name)


BAD_MIXTURES = {
    "shape": (
        np.zeros((3, 3)),
        1.0,
        "`centers` must have shape (k, 2), k at least 1. "
        "Received: shape (3, 3).",
    ),
    "empty": (
        np.zeros((0, 2)),
        1.0,
        "`centers` must have shape (k, 2), k at least 1. "
        "Received: shape (0, 2).",
    ),
    "zero": (
        np.zeros((3, 2)),
        0.0,
        "`deviation` must be positive. Received: deviation=0.0.",
    ),
    "nan": (
        np.zeros((3, 2)),
        float("nan"),
        "`deviation` must be positive. Received: deviation=nan.",
    ),
}


@pytest.mark.parametrize("case", BAD_MIXTURES)
def test_bad_mixtures_are_refused(case):
    centers, deviation, message = BAD_MIXTURES[case]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.GaussianMixture(centers, deviation, case)


@pytest.mark.parametrize("bad", [0, -1, 2.5])
@pytest.mark.parametrize("argument", ["batch_size", "steps_per_epoch"])
def test_bad_counts_are_refused(argument, bad):
    counts = {"batch_size": 4, "steps_per_epoch": 10, argument: bad}
    message = (
        f"`{argument}` must be a positive integer. Received: {argument}={bad}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        data.MixturePipeline(data.open_mixture("ring_8"), **counts)


def test_negative_start_step_is_refused():
    message = "`start_step` must not be negative. Received: start_step=-1."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pipeline_of().dataset(-1)
