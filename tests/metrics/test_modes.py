import numpy as np
import pytest

from keras_gans.metrics import count_modes

CENTERS = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]


def test_hand_worked():
    points = [
        [0.2, 0.2],
        [0.0, -0.3],  # Three deviations: just good.
        [10.0, 0.31],  # A little more: not good.
        [5.0, 5.0],
    ]
    assert count_modes(points, CENTERS, 0.1 + 1e-9) == (1, 0.5)


def test_a_point_counts_for_its_nearest_centre_only():
    # Within three deviations of both centres.
    assert count_modes([[4.0, 0.0]], CENTERS[:2], 3.0) == (1, 1.0)


def test_samples_of_the_mixture_find_all():
    """Of a normal point of the plane, P(r <= 3) = 1 - exp(-9 / 2)."""
    rng = np.random.default_rng(0)
    modes = rng.integers(3, size=20_000)
    points = np.array(CENTERS)[modes] + 0.5 * rng.normal(size=(20_000, 2))
    found, good_share = count_modes(points, CENTERS, 0.5)
    assert found == 3
    assert good_share == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    # Two modes only, and points of nothing.
    found, good_share = count_modes(points[modes < 2], CENTERS, 0.5)
    assert found == 2
    assert count_modes(points + 100, CENTERS, 0.5) == (0, 0.0)


@pytest.mark.parametrize(
    ("points", "deviation", "message"),
    [
        ([[0.0, 0.0, 0.0]], 1.0, r"shapes \(1, 3\) and \(3, 2\)"),
        ([0.0, 0.0], 1.0, r"shapes \(2,\) and \(3, 2\)"),
        (np.empty((0, 2)), 1.0, r"shapes \(0, 2\) and \(3, 2\)"),
        ([[0.0, 0.0]], 0.0, "`deviation` must be > 0. Received: deviation=0.0"),
    ],
)
def test_refuses_other_shapes(points, deviation, message):
    with pytest.raises(ValueError, match=message):
        count_modes(points, CENTERS, deviation)
