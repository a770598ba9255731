"""Our figures beside those of other people's code, of the same features."""

import numpy as np
import pytest

from keras_gans.metrics import (
    density_coverage,
    frechet_distance,
    kernel_distance,
    precision_recall,
)


def sets(counts=(300, 250), dim=40, shift=0.3):
    """Correlated and skewed rows, as activations are."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(dim, dim)) / np.sqrt(dim)
    real, fake = (
        np.maximum(rng.normal(size=(n, dim)) @ mixing + own, -0.5)
        for n, own in zip(counts, (0.0, shift))
    )
    return real, fake


def moments(rows):
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


@pytest.mark.parametrize("dim", [2, 40, 100])
def test_frechet_distance_equals_scipy(dim):
    linalg = pytest.importorskip("scipy.linalg")
    real, fake = sets(dim=dim)
    (mean, covariance), (other_mean, other_covariance) = map(
        moments, (real, fake)
    )
    root = linalg.sqrtm(covariance @ other_covariance).real
    gap = mean - other_mean
    expected = gap @ gap + np.trace(covariance + other_covariance - 2 * root)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_equals_torchmetrics():
    torch = pytest.importorskip("torch")
    fid = pytest.importorskip("torchmetrics.image.fid")
    real, fake = sets()
    expected = fid._compute_fid(
        *(
            torch.tensor(moment)
            for rows in (real, fake)
            for moment in moments(rows)
        )
    )
    distance = frechet_distance(real, fake)
    assert distance == pytest.approx(float(expected), rel=1e-6)


def test_kernel_distance_equals_torchmetrics():
    torch = pytest.importorskip("torch")
    kid = pytest.importorskip("torchmetrics.image.kid")
    real, fake = sets(counts=(200, 200))
    expected = kid.poly_mmd(torch.tensor(real), torch.tensor(fake))
    distance, _ = kernel_distance(real, fake)
    assert distance == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("num_neighbors", [3, 5])
def test_neighborhoods_equal_prdc(num_neighbors):
    prdc = pytest.importorskip("prdc")
    real, fake = sets(dim=6, shift=0.6)
    expected = prdc.compute_prdc(real, fake, num_neighbors)
    assert 0.02 < expected["precision"] < 0.98
    assert 0.02 < expected["recall"] < 0.98
    found = precision_recall(real, fake, num_neighbors)
    assert found == pytest.approx((expected["precision"], expected["recall"]))
    found = density_coverage(real, fake, num_neighbors)
    assert found == pytest.approx((expected["density"], expected["coverage"]))
