import itertools

import numpy as np
import pytest

from keras_gans.prediction.tiles import least_tile_size, split_axis

# Length, longest span, overlap, multiple.
AXES = [
    (64, 64, 16, 4),
    (68, 64, 16, 4),
    (1024, 512, 64, 4),
    (1024, 256, 0, 1),
    (1000, 100, 96, 4),
    (1008, 130, 50, 3),
    (1024, 768, 128, 256),
    (96, 12, 8, 4),
]


@pytest.fixture(params=AXES, ids=str)
def axis(request):
    return request.param


def test_weights_add_up_to_one_and_are_none_at_inner_borders(axis):
    length, _, overlap, _ = axis
    spans = split_axis(*axis)
    total = np.zeros(length)
    for span in spans:
        assert np.all((span.weights >= 0) & (span.weights <= 1))
        total[span.place] += span.weights
        for border, at in ((span.start, 0), (span.stop, -1)):
            if overlap and 0 < border < length:
                assert span.weights[at] == 0
    np.testing.assert_allclose(total, 1, rtol=1e-6)


def test_spans_are_equal_overlap_enough_and_lie_on_the_grid(axis):
    length, longest, overlap, multiple = axis
    spans = split_axis(*axis)
    assert spans[0].start == 0 and spans[-1].stop == length
    assert len({span.stop - span.start for span in spans}) == 1
    for span in spans:
        assert span.stop - span.start <= longest
        assert span.start % multiple == span.stop % multiple == 0
    for span, following in itertools.pairwise(spans):
        assert span.start < following.start <= span.stop - overlap


def test_cores_are_the_axis_at_any_scale(axis):
    length, _, _, multiple = axis
    divisors = [d for d in range(1, multiple + 1) if multiple % d == 0]
    for divisor in divisors:
        counts = np.zeros(length // divisor)
        for span in split_axis(*axis):
            side = (span.stop - span.start) // divisor
            features = counts[span.start // divisor :][:side]
            assert len(features) == side
            assert len(features[span.core_of(side)])
            features[span.core_of(side)] += 1
        np.testing.assert_array_equal(counts, 1)


def test_one_span_where_one_is_enough():
    [span] = split_axis(60, 64, 16, 4)
    assert (span.start, span.stop, span.core) == (0, 60, (0, 60))
    np.testing.assert_array_equal(span.weights, np.ones(60))


def test_as_few_and_as_short_spans_as_can_be():
    spans = split_axis(1100, 1024, 128, 4)
    # (1100 - 128) / 2 = 486 pixels of each alone, rounded up, and the overlap.
    assert [(span.start, span.stop) for span in spans] == [
        (0, 616),
        (484, 1100),
    ]


def test_weights_pass_in_the_middle_half_of_the_overlap():
    first, second = split_axis(24, 16, 8, 1)
    # They share 8 to 16. Smooth steps at 1/8, 3/8, 5/8, 7/8 of 10 to 14.
    steps = [3 * t**2 - 2 * t**3 for t in (1 / 8, 3 / 8, 5 / 8, 7 / 8)]
    np.testing.assert_allclose(second.weights[:8], [0, 0, *steps, 1, 1])
    np.testing.assert_allclose(first.weights[8:], [1, 1, *steps[::-1], 0, 0])


@pytest.mark.parametrize(
    ("overlap", "multiple", "least"),
    [(128, 4, 132), (0, 4, 4), (128, 256, 512), (5, 4, 12)],
)
def test_least_tiles_get_ahead(overlap, multiple, least):
    assert least_tile_size(overlap, multiple) == least
    spans = split_axis(10 * least, least, overlap, multiple)
    assert spans[1].start == multiple
