import numpy as np
import pytest

from keras_gans.metrics.deviation import Deviation


def deviation_of(values):
    metric = Deviation()
    for value in values:
        metric.update_state(value)
    return float(metric.result())


def test_hand_worked():
    # Mean 2, squared distances 1 and 1.
    assert deviation_of([1.0, 3.0]) == pytest.approx(1.0)
    assert deviation_of([]) == 0
    assert deviation_of([0.5]) == 0


def test_equals_numpy_for_probabilities():
    values = np.random.default_rng(0).beta(2, 5, 1000)
    assert deviation_of(values) == pytest.approx(np.std(values), abs=3e-4)


def test_constant_values_never_give_nan():
    for value in np.linspace(0, 1, 50):
        assert deviation_of([value] * 7) < 1e-3


def test_reset_forgets():
    metric = Deviation()
    metric.update_state(10.0)
    metric.reset_state()
    metric.update_state(1.0)
    metric.update_state(3.0)
    assert float(metric.result()) == pytest.approx(1.0)
