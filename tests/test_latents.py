"""Paths between latents and the truncation trick."""

import math
import re
import statistics

import numpy as np
import pytest

from keras_gans import latents
from tests.models.test_latent import make


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def norms(vectors):
    return np.linalg.norm(vectors.astype("float64"), axis=-1)


def angles(vectors, others):
    cosines = np.sum(vectors.astype("float64") * others, axis=-1)
    return np.arccos(cosines / norms(vectors) / norms(others))


@pytest.mark.parametrize("method", latents.METHODS)
@pytest.mark.parametrize("shape", [(2,), (5, 64), (2, 3, 7)], ids=str)
def test_paths_begin_and_end_exactly(method, shape):
    start, end = normal(*shape, seed=1), normal(*shape, seed=2)
    path = latents.interpolate(start, end, 7, method)
    assert path.shape == (7, *shape)
    assert path.dtype == np.float32
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_array_equal(path[-1], end)


def test_hand_worked_quarter_turn():
    """From east to north in steps of 30 degrees."""
    root = math.sqrt(3)
    np.testing.assert_allclose(
        latents.interpolate([2, 0], [0, 2], 4),
        [[2, 0], [root, 1], [1, root], [0, 2]],
        atol=1e-6,
    )
    np.testing.assert_allclose(
        latents.interpolate([2, 0], [0, 2], 5, "linear"),
        [[2, 0], [1.5, 0.5], [1, 1], [0.5, 1.5], [0, 2]],
    )


def test_spherical_steps_are_equal_angles_and_norms_grow_evenly():
    start, end = normal(20, 2, seed=1), 3 * normal(20, 2, seed=2)
    path = latents.interpolate(start, end, 9)
    steps = angles(path[:-1], path[1:])
    np.testing.assert_allclose(
        steps, np.tile(angles(start, end) / 8, (8, 1)), atol=1e-5
    )
    np.testing.assert_allclose(
        norms(path), np.linspace(norms(start), norms(end), 9), rtol=1e-5
    )


def test_equal_norms_stay_and_a_straight_line_leaves_them():
    ends = normal(2, 50, 100)
    ends *= 10 / np.linalg.norm(ends, axis=-1, keepdims=True)
    path = latents.interpolate(*ends, 11)
    np.testing.assert_allclose(norms(path), 10, rtol=1e-5)
    line = latents.interpolate(*ends, 11, "linear")
    # Normal vectors of 100 dimensions are nearly orthogonal: 10 / sqrt(2).
    np.testing.assert_allclose(norms(line[5]).mean(), 7.07, rtol=0.03)


def test_for_equal_norms_it_is_the_formula_of_the_paper():
    ends = normal(2, 30, 8).astype("float64")
    start, end = ends / np.linalg.norm(ends, axis=-1, keepdims=True)
    angle = np.arccos(np.sum(start * end, -1, keepdims=True))
    path = latents.interpolate(start, end, 6)
    for t, vectors in zip(np.linspace(0, 1, 6), path):
        expected = np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
        np.testing.assert_allclose(vectors, expected / np.sin(angle), atol=1e-6)


def test_each_path_is_its_own():
    """A batch holds the paths that its members have alone."""
    start, end = normal(3, 4, seed=1), normal(3, 4, seed=2)
    start[1] = end[1]  # No arc beside two that are.
    together = latents.interpolate(start, end, 5)
    for i in range(3):
        alone = latents.interpolate(start[i], end[i], 5)
        np.testing.assert_array_equal(together[:, i], alone)


@pytest.mark.parametrize(
    ("start", "end", "middle"),
    [
        ([1, 2], [1, 2], [1, 2]),
        ([1, 2], [3, 6], [2, 4]),
        ([1, 2], [-1, -2], [0, 0]),
        ([0, 0], [0, 0], [0, 0]),
        ([1.5], [-1.5], [0]),
        # A hundred-thousandth of a degree apart: nearly one direction.
        ([1, 0], [1, 2e-7], [1, 1e-7]),
    ],
    ids=["equal", "parallel", "opposite", "zero", "one number", "close"],
)
def test_where_there_is_no_arc_the_path_is_straight(start, end, middle):
    path = latents.interpolate(start, end, 3)
    np.testing.assert_allclose(path, [start, middle, end], atol=1e-9)


def test_nearly_opposite_directions_do_not_leave_the_norms():
    # White's formula passes a norm of 5.7 here.
    angle = math.radians(170)
    end = [2 * math.cos(angle), 2 * math.sin(angle)]
    path = latents.interpolate([1, 0], end, 21)
    assert np.all((norms(path) > 0.999) & (norms(path) < 2.001))


def test_truncated_values_are_in_range_and_in_order():
    values = np.linspace(-8, 8, 4001, dtype="float32")
    for threshold in (0.04, 0.7, 2.0):
        truncated = latents.truncate(values, threshold)
        assert truncated.dtype == np.float32
        assert np.abs(truncated).max() <= threshold
        # Strictly, where float32 can tell neighbours apart.
        assert np.all(np.diff(truncated) >= 0)
        assert np.all(np.diff(truncated[np.abs(values) < 2]) > 0)
        np.testing.assert_array_equal(truncated, -truncated[::-1])


def test_truncated_noise_has_the_moments_of_the_truncated_normal():
    """Its variance is 1 - 2 t pdf(t) / (cdf(t) - cdf(-t)).

    By hand for t = 1: the density is 0.24197 and the mass 0.68269, so
    1 - 0.48394 / 0.68269 = 0.29112.
    """
    noise = normal(400_000)
    normal_law = statistics.NormalDist()
    for threshold in (0.5, 1.0, 2.0):
        mass = 2 * normal_law.cdf(threshold) - 1
        variance = 1 - 2 * threshold * normal_law.pdf(threshold) / mass
        truncated = latents.truncate(noise, threshold)
        np.testing.assert_allclose(np.var(truncated), variance, rtol=0.01)
        np.testing.assert_allclose(np.mean(truncated), 0, atol=0.01)
        # Negative control: clipping has another distribution.
        clipped = np.clip(noise, -threshold, threshold)
        assert abs(np.var(clipped) / variance - 1) > 0.1
    assert math.isclose(
        np.var(latents.truncate(noise, 1.0)), 0.29112, rel_tol=0.01
    )


@pytest.mark.parametrize("value", [-6.0, -3.0, -0.1, 0.0, 0.5, 2.0, 6.0])
def test_each_value_keeps_its_quantile(value):
    """Share of the truncated normal below = share of the normal below."""
    law, threshold = statistics.NormalDist(), 1.5
    truncated = float(latents.truncate([value], threshold)[0])
    mass = law.cdf(threshold) - law.cdf(-threshold)
    below = (law.cdf(truncated) - law.cdf(-threshold)) / mass
    np.testing.assert_allclose(below, law.cdf(value), atol=1e-7)


@pytest.mark.parametrize("threshold", [9.0, 20.0, 40.0, math.inf])
def test_a_large_threshold_changes_nothing_not_even_tails(threshold):
    values = np.array([-8, -6, -1, -1e-3, 0, 0.3, 6, 8], "float32")
    np.testing.assert_allclose(
        # At 9, the tail that is cut off has 1e-4 of what is beyond 8.
        latents.truncate(values, threshold),
        values,
        rtol=1e-4 if threshold == 9 else 1e-6,
    )


def test_a_tail_of_no_probability_is_the_threshold():
    np.testing.assert_array_equal(
        latents.truncate([-50, 50, -np.inf], 2.0), np.float32([-2, 2, -2])
    )


def test_samples_of_all_thresholds_are_kindred():
    gan = make()
    whole = gan.sample(50, seed=3)
    np.testing.assert_array_equal(
        gan.sample(50, seed=3, truncation=0.7),
        gan.predict(
            latents.truncate(gan.draw_latents(50, seed=3), 0.7), verbose=0
        ),
    )
    np.testing.assert_allclose(
        gan.sample(50, seed=3, truncation=20.0), whole, atol=1e-5
    )
    spreads = [
        np.std(gan.sample(50, seed=3, truncation=threshold))
        for threshold in (2.0, 0.5, 0.04)
    ]
    assert np.std(whole) > spreads[0] > spreads[1] > spreads[2]


def test_conditional_samples_are_truncated_too():
    gan = make(conditional=True)
    labels = np.array([0, 1, 3])
    noise = latents.truncate(gan.draw_latents(3, seed=5), 0.5)
    np.testing.assert_array_equal(
        gan.sample(labels, seed=5, truncation=0.5),
        gan.predict({"latents": noise, "labels": labels}, verbose=0),
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: latents.interpolate([1, 2], [1, 2, 3], 3),
            "`start` and `end` must have the same shape `(..., latent_dim)`. "
            "Received: (2,) and (3,).",
        ),
        (
            lambda: latents.interpolate([1], [2], 1),
            "`num_steps` must be >= 2. Received: num_steps=1.",
        ),
        (
            lambda: latents.interpolate([1], [2], 3, "cubic"),
            "`method` must be one of ('linear', 'spherical'). "
            "Received: method='cubic'.",
        ),
        (
            lambda: latents.truncate([1], 0.0),
            "`threshold` must be > 0. Received: threshold=0.0.",
        ),
        (
            lambda: latents.truncate([1], math.nan),
            "`threshold` must be > 0. Received: threshold=nan.",
        ),
        (
            lambda: make().sample(0),
            "`num_images` must be an integer >= 1. Received: num_images=0.",
        ),
        (
            lambda: make().sample(2, truncation=-1),
            "`threshold` must be > 0. Received: threshold=-1.",
        ),
        (
            lambda: make(conditional=True).sample([]),
            "`labels` must be a list of integers, at least one. "
            "Received: labels=array([], dtype=float64).",
        ),
    ],
    ids=[
        "shapes",
        "steps",
        "method",
        "zero",
        "nan",
        "no images",
        "truncation",
        "no labels",
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()
