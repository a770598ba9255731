import re

import numpy as np
import pytest

from keras_gans.metrics import frechet_distance


def features_of(count=50, dim=5, seed=0):
    """Rows with a covariance that is far from diagonal."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dim)) @ rng.normal(size=(dim, dim))


def test_hand_worked_line():
    # Means 1 and 3, variances 2 and 8: 2^2 + (sqrt 2 - sqrt 8)^2.
    distance = frechet_distance([[0], [2]], [[1], [5]])
    assert distance == pytest.approx(6.0)


def test_equals_the_closed_form_of_the_plane():
    """tr (C C')^(1/2) = sqrt(tr C C' + 2 sqrt(det C C')) for 2 x 2."""
    features, others = features_of(dim=2), features_of(dim=2, seed=1) + 1
    product = np.cov(features.T) @ np.cov(others.T)
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    gap = features.mean(axis=0) - others.mean(axis=0)
    expected = (
        np.sum(gap**2)
        + np.trace(np.cov(features.T) + np.cov(others.T))
        - 2 * root
    )
    assert frechet_distance(features, others) == pytest.approx(expected)


def test_equals_the_eigenvalues_of_the_product():
    features, others = features_of(), features_of(30, seed=1)
    product = np.cov(features.T) @ np.cov(others.T)
    # Not symmetric, so another routine than ours.
    roots = np.sqrt(np.linalg.eigvals(product).astype(complex)).real
    gap = features.mean(axis=0) - others.mean(axis=0)
    expected = (
        np.sum(gap**2)
        + np.trace(np.cov(features.T) + np.cov(others.T))
        - 2 * roots.sum()
    )
    distance = frechet_distance(features, others)
    assert distance == pytest.approx(expected)
    assert distance == pytest.approx(frechet_distance(others, features))


@pytest.mark.parametrize("count", [50, 3], ids=["full rank", "few rows"])
def test_equal_sets_and_shifted_ones(count):
    features = features_of(count)
    assert 0 <= frechet_distance(features, features) < 1e-5
    shift = np.array([3, 0, 0, 4, 0])
    distance = frechet_distance(features, features + shift)
    assert distance == pytest.approx(25, abs=1e-5)


def test_float32_features_are_summed_in_float64():
    features = features_of().astype("float32")
    shifted = features + np.float32(1000)
    exact = np.float64(shifted) - np.float64(features)
    expected = np.sum(exact.mean(axis=0) ** 2)
    assert frechet_distance(features, shifted) == pytest.approx(expected)


def test_refuses_what_has_no_distance():
    good = features_of()
    message = (
        "`features` must be an array of at least two rows. "
        "Received: shape (1, 5)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        frechet_distance(good[:1], good)
    with pytest.raises(ValueError, match="`other_features` must be an array"):
        frechet_distance(good, good[0])
    with pytest.raises(ValueError, match=r"equally wide.*\(50, 5\).*\(50, 4\)"):
        frechet_distance(good, good[:, :4])
    good[3, 2] = np.nan
    with pytest.raises(ValueError, match="1 of 250 values are NaN"):
        frechet_distance(good, features_of())
