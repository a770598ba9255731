import collections

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from keras_gans.data import sampling


@tf.function
def positions(count, length, seed=0, stream="a"):
    """Positions that are found one by one."""
    found = tf.map_fn(
        lambda n: data.shuffled_positions(n, 1, length, seed, stream),
        tf.range(count, dtype="int64"),
    )
    return found[:, 0]


def test_each_pass_visits_every_position_once():
    for length in (1, 2, 3, 7, 64):
        passes = positions(4 * length, length).numpy().reshape(4, length)
        np.testing.assert_array_equal(
            np.sort(passes, axis=1), np.tile(np.arange(length), (4, 1))
        )


def test_passes_seeds_and_streams_differ():
    first, second = positions(100, 50).numpy().reshape(2, 50)
    assert np.any(first != second)
    assert np.any(first != positions(50, 50, seed=1))
    assert np.any(first != positions(50, 50, stream="b"))


def test_first_place_is_spread_as_chance_would():
    # Seeds that count up failed here: chi-squared was eight times as large.
    passes = positions(2000 * 5, 5).numpy().reshape(2000, 5)
    for place in range(5):
        counts = np.bincount(passes[:, place], minlength=5)
        assert np.sum((counts - 400) ** 2 / 400) < 18.5  # p = 0.001, df 4.


def test_all_orders_of_three_occur_equally_often():
    orders = positions(1200 * 3, 3, seed=5).numpy().reshape(1200, 3)
    counts = collections.Counter(map(tuple, orders))
    assert len(counts) == 6
    assert sum((c - 200) ** 2 / 200 for c in counts.values()) < 20.5  # df 5.


def test_derived_seeds_do_not_collide():
    seeds = {data.derive_seed(s, t) for s in range(-50, 50) for t in "abcd"}
    assert len(seeds) == 400
    assert all(-(2**63) <= seed < 2**63 for seed in seeds)
    # Runs of earlier versions must go on as they began.
    assert data.derive_seed(0, "order/a") == 9158331708367842245


def test_positions_in_a_row_are_those_found_one_by_one():
    @tf.function
    def in_a_row(first, count, length):
        return data.shuffled_positions(first, count, length, 3, "b")

    # The last two counts lie in up to four and nine passes.
    for count, length in ((1, 1), (3, 7), (7, 7), (5, 12), (8, 3), (8, 1)):
        expected = positions(4 * length + 8, length, seed=3, stream="b").numpy()
        for start in range(3 * length):
            first = tf.constant(start, "int64")
            np.testing.assert_array_equal(
                in_a_row(first, count, length), expected[start:][:count]
            )


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_draws_belong_to_their_sample(size):
    whole = sampling.uniform_draws(0, 40, size, 3, "a").numpy()
    assert whole.shape == (40, size) and whole.dtype == np.float32
    assert len(np.unique(whole)) == whole.size
    for first, count in ((0, 1), (7, 5), (39, 1)):
        first_number = tf.constant(first, "int64")
        np.testing.assert_array_equal(
            sampling.uniform_draws(first_number, count, size, 3, "a"),
            whole[first:][:count],
        )
    for seed, stream in ((4, "a"), (3, "b")):
        other = sampling.uniform_draws(0, 40, size, seed, stream).numpy()
        assert not np.any(np.isin(other, whole))


def test_draws_are_uniform():
    draws = sampling.uniform_draws(0, 4000, 3, 0, "a").numpy()
    assert 0 <= draws.min() and draws.max() < 1
    for column in draws.T:
        counts = np.histogram(column, bins=10, range=(0, 1))[0]
        assert np.sum((counts - 400) ** 2 / 400) < 27.9  # p = 0.001, df 9.
    correlations = np.corrcoef(draws.T)[np.triu_indices(3, 1)]
    assert np.all(np.abs(correlations) < 0.06)


def test_a_few_items_are_evenly_spread():
    assert data.spread(3).tolist() == data.spread(3, 7).tolist() == [0, 1, 2]
    assert data.spread(9, 3).tolist() == [0, 4, 8]
    assert data.spread(10, 1).tolist() == [0]
    gaps = np.diff(data.spread(1000, 77))
    assert set(gaps.tolist()) <= {12, 13, 14}
