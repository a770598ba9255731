import numpy as np
import pytest

from export import parity

WEIGHTS = [np.zeros((1000, 500), "float32"), np.ones(1000, "float32")]
WEIGHTS[0].flat = np.arange(500_000)
OVERHEAD = 50_000


@pytest.mark.parametrize(
    ("bytes_per_weight", "possible"), [(1, {1, 2}), (2, {2}), (4, {4})]
)
def test_sizes_tell_lost_weights_and_other_formats(bytes_per_weight, possible):
    for stored in (1, 2, 4):
        num_bytes = stored * 501_000 + OVERHEAD
        problems = parity.find_size_problems(
            num_bytes, bytes_per_weight, WEIGHTS
        )
        assert (problems == []) == (stored in possible)
    assert parity.find_size_problems(OVERHEAD, bytes_per_weight, WEIGHTS)


def test_float_ends_may_be_large():
    num_bytes = 4 * 501_000 + OVERHEAD
    assert parity.find_size_problems(num_bytes, 1, WEIGHTS)
    assert not parity.find_size_problems(num_bytes, 1, WEIGHTS, most=4)


def test_equal_kernels_are_stored_once():
    num_bytes = 4 * 501_000 + OVERHEAD
    twice = [*WEIGHTS, WEIGHTS[0].copy()]
    assert not parity.find_size_problems(num_bytes, 4, twice)
    other = WEIGHTS[0] + 1.0
    assert parity.find_size_problems(num_bytes, 4, [*WEIGHTS, other])
