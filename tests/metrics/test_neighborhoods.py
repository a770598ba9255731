import numpy as np
import pytest

from keras_gans.metrics import (
    density_coverage,
    neighborhoods,
    precision_recall,
)


def rows_of(count, seed=0, dim=4):
    return np.random.default_rng(seed).normal(size=(count, dim))


def test_hand_worked_line():
    # Radii of the real points with k = 1: 1, 1, 2, 5; of the fakes 1.5, 1.5, 9.
    real = [[0.0], [1.0], [3.0], [8.0]]
    fake = [[0.5], [2.0], [11.0]]
    # 0.5 is near 0 and 1; 2 is near 1 (just) and 3; 11 is near 8.
    # 0, 1 and 3 are near 0.5 or 2; 8 is near 11, whose radius is 9.
    assert precision_recall(real, fake, 1) == (1.0, 1.0)
    # In open balls: 0.5 in two, 2 in that of 3 only, 11 in that of 8.
    assert density_coverage(real, fake, 1) == pytest.approx((4 / 3, 1.0))
    assert precision_recall(real, [[20.0], [21.0]], 1) == (0.0, 0.0)
    assert density_coverage(real, [[20.0], [21.0]], 1) == (0.0, 0.0)


def test_lost_modes_cost_recall_and_coverage_only():
    modes = np.repeat([[0.0, 0.0], [50.0, 0.0]], 40, axis=0)
    real = modes + rows_of(80, dim=2)
    fake = rows_of(80, seed=1, dim=2)
    precision, recall = precision_recall(real, fake)
    density, coverage = density_coverage(real, fake)
    assert precision > 0.8 and density > 0.8
    assert recall < 0.55 and coverage < 0.55


def test_outlier_deceives_precision_and_not_density():
    """Its ball holds all that lies between, Naeem et al., figure 3."""
    real = np.concatenate([rows_of(60), np.full((1, 4), 30.0)])
    fake = rows_of(60, seed=1) + 8
    assert precision_recall(real, fake)[0] > 0.9
    density, coverage = density_coverage(real, fake)
    assert density < 0.3 and coverage < 0.05


def test_set_is_of_density_one_to_itself():
    rows = rows_of(50)
    assert precision_recall(rows, rows[::-1]) == (1.0, 1.0)
    assert density_coverage(rows, rows[::-1]) == (1.0, 1.0)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_large_means_and_blocks_do_not_matter(block, monkeypatch):
    real, fake = rows_of(40), 1.2 * rows_of(30, seed=1) + 0.5
    expected = precision_recall(real, fake) + density_coverage(real, fake)
    monkeypatch.setattr(neighborhoods, "_BLOCK", block)
    real, fake = real + 1e4, fake + 1e4
    found = precision_recall(real, fake) + density_coverage(real, fake)
    assert found == pytest.approx(expected)
    assert all(0 < value < 1 for value in expected[:2])


@pytest.mark.parametrize("measure", [precision_recall, density_coverage])
@pytest.mark.parametrize("counts", [(4, 9), (9, 4)])
def test_refuses_too_few(measure, counts):
    real, fake = (rows_of(count) for count in counts)
    with pytest.raises(ValueError, match="num_neighbors=4 for"):
        measure(real, fake, 4)
    with pytest.raises(ValueError, match="num_neighbors=0 for"):
        measure(real, fake, 0)
    measure(real, fake, 3)
