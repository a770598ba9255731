import pytest

from export.benchmark import ratios


def test_summary_of_five_numbers():
    # Sorted: 1 2 4 8 16. Quartiles are the numbers at ranks 1 and 3.
    assert ratios.summarise([8.0, 1.0, 16.0, 2.0, 4.0]) == {
        "median": 4.0,
        "lower_quartile": 2.0,
        "upper_quartile": 8.0,
        "minimum": 1.0,
    }


def test_summary_between_numbers():
    # Ranks 0.75, 1.5 and 2.25 of 1 2 3 4.
    summary = ratios.summarise([4.0, 3.0, 2.0, 1.0])
    assert summary["lower_quartile"] == 1.75
    assert summary["median"] == 2.5
    assert summary["upper_quartile"] == 3.25


def test_speed_pairs_the_rounds():
    # Rounds: 4 / 2, 9 / 3, 20 / 4. The ratio of the medians, 9 / 3, would be
    # the same, but not the quartiles, nor 5 as the median of the next.
    assert ratios.speed([4.0, 9.0, 20.0], [2.0, 3.0, 4.0]) == {
        "median": 3.0,
        "lower_quartile": 2.5,
        "upper_quartile": 4.0,
        "minimum": 2.0,
    }
    # A busy moment in the second round, which hit both alike.
    assert ratios.speed([5.0, 50.0, 5.0], [1.0, 10.0, 5.0])["median"] == 5.0


def test_a_row_is_as_fast_as_itself():
    values = [0.3, 0.1, 0.7]
    assert set(ratios.speed(values, values).values()) == {1.0}


def test_rounds_must_be_the_same():
    with pytest.raises(ValueError) as caught:
        ratios.speed([1.0, 2.0], [1.0])
    assert str(caught.value) == (
        "`baseline` and `values` must be of the same rounds. Received: 2 and 1."
    )
