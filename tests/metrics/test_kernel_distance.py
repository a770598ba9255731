import numpy as np
import pytest

from keras_gans.metrics import kernel_distance


def rows_of(count, dim=5, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, dim)) + shift


def discrepancy_by_loop(rows, others):
    """The estimator as the paper writes it, term by term."""

    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def within(rows):
        return np.mean(
            [
                kernel(x, y)
                for i, x in enumerate(rows)
                for j, y in enumerate(rows)
                if i != j
            ]
        )

    across = np.mean([kernel(x, y) for x in rows for y in others])
    return within(rows) + within(others) - 2 * across


def test_hand_worked_line():
    # Kernels: within 1, within (2 * 4 + 1)^3, across 1: 1 + 729 - 2 * 1.
    distance, deviation = kernel_distance([[0], [0]], [[2], [4]])
    assert distance == pytest.approx(728)
    assert deviation == 0


def test_all_of_equal_sets_is_the_estimator():
    rows, others = rows_of(12), rows_of(12, seed=1, shift=0.5)
    distance, deviation = kernel_distance(rows, others)
    expected = discrepancy_by_loop(rows, others)
    assert distance == pytest.approx(expected, rel=1e-12)
    assert deviation == 0


def test_subsets_of_one_size_are_averaged():
    """As many values as subsets, each of one row in ten left out."""
    rows, others = rows_of(10), rows_of(10, seed=1, shift=0.5)
    possible = [
        discrepancy_by_loop(np.delete(rows, i, 0), np.delete(others, j, 0))
        for i in range(10)
        for j in range(10)
    ]
    one, deviation = kernel_distance(rows, others, 9, num_subsets=1)
    assert deviation == 0
    assert np.min(np.abs(np.subtract(possible, one))) < 1e-12
    mean, deviation = kernel_distance(rows, others, 9, num_subsets=2000)
    error = np.std(possible) / np.sqrt(2000)
    assert abs(mean - np.mean(possible)) < 5 * error
    assert deviation == pytest.approx(np.std(possible), rel=0.2)


def test_has_no_bias():
    """Of one distribution it is 0 on average; with own pairs it is not."""
    values = [
        kernel_distance(rows_of(20, seed=i), rows_of(20, seed=1000 + i))[0]
        for i in range(400)
    ]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 4 * error
    assert min(values) < 0
    # What an estimator with the diagonal would add, on average.
    diagonal = np.mean([(x @ x / 5 + 1) ** 3 for x in rows_of(1000)])
    assert 2 * (diagonal - 1) / 20 > 10 * error


def test_seed_decides():
    rows, others = rows_of(50), rows_of(40, seed=1)
    first, again, other = (
        kernel_distance(rows, others, 20, 3, seed) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_refuses_too_few():
    with pytest.raises(ValueError, match="Received: 1 and 4 rows"):
        kernel_distance(rows_of(1), rows_of(4))
    with pytest.raises(ValueError, match="subset_size=1, num_subsets=100"):
        kernel_distance(rows_of(4), rows_of(4), subset_size=1)
    with pytest.raises(ValueError, match="num_subsets=0"):
        kernel_distance(rows_of(4), rows_of(4), num_subsets=0)
