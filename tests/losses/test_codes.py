import numpy as np
import pytest

from keras_gans.losses import (
    kl_sparsity,
    kl_to_standard_normal,
    l1_sparsity,
)


def test_l1_of_hand_worked_codes():
    codes = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]], "float32")
    np.testing.assert_allclose(l1_sparsity(codes), [3.5, 0.0])
    maps = codes.reshape(2, 1, 3, 1)
    np.testing.assert_allclose(l1_sparsity(maps), [3.5, 0.0])


def test_kl_of_hand_worked_activities():
    # Activities 0.5 and 0.1 over two images.
    codes = np.array([[0.75, 0.0], [0.25, 0.2]], "float32")
    # 0.1 log(0.1 / 0.5) + 0.9 log(0.9 / 0.5) = -0.160944 + 0.529008
    np.testing.assert_allclose(
        kl_sparsity(codes, 0.1), [0.368064, 0.0], atol=1e-6
    )


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_kl_has_its_only_minimum_on_target(target):
    activities = np.linspace(0.01, 0.99, 99, dtype="float32")
    values = np.array(kl_sparsity(activities[None], target))
    assert np.all(values >= -1e-6)
    assert abs(activities[np.argmin(values)] - target) < 0.011
    slopes = np.sign(np.diff(values))
    assert np.sum(np.abs(np.diff(slopes)) > 0) <= 2


def test_kl_is_finite_at_the_ends():
    values = np.array(kl_sparsity(np.array([[0.0, 1.0]], "float32"), 0.1))
    assert np.all(np.isfinite(values))
    assert np.all(values > 1)


def test_divergence_of_hand_worked_normals():
    mean = np.array([[0.0, 1.0, 0.0]], "float32")
    log_variance = np.array([[0.0, 0.0, np.log(4)]], "float32")
    # 0; 1/2; (4 - log 4 - 1) / 2 = 0.806853
    np.testing.assert_allclose(
        kl_to_standard_normal(mean, log_variance),
        [[0.0, 0.5, 0.806853]],
        atol=1e-6,
    )


def test_divergence_equals_numerical_integration():
    mean, deviation = 0.7, 0.4
    x = np.linspace(-8, 8, 100_001)

    def density(x, mean, deviation):
        z = (x - mean) / deviation
        return np.exp(-(z**2) / 2) / deviation / np.sqrt(2 * np.pi)

    q, p = density(x, mean, deviation), density(x, 0, 1)
    terms = np.where(q > 1e-300, q * (np.log(q + 1e-300) - np.log(p)), 0)
    expected = np.sum(terms) * (x[1] - x[0])
    kl = kl_to_standard_normal(
        np.float32([[mean]]), np.float32([[2 * np.log(deviation)]])
    )
    np.testing.assert_allclose(kl, [[expected]], rtol=1e-5)
