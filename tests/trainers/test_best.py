"""Which epoch is the best, and when it is time to stop."""

import math

import pytest

from trainers.best import Best
from trainers.config import UsageError


def look(best, values, first_epoch=1):
    """Shows figures of epochs of 10 steps; returns which were the best."""
    return [
        epoch
        for epoch, value in enumerate(values, start=first_epoch)
        if best.update({"epoch": epoch, best.metric: value}, 10 * epoch)
    ]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("val_frechet_distance", [1, 3, 6]),
        ("max:val_frechet_distance", [1, 2]),
        ("val_ssim", [1, 2]),
        ("val_ssim_ab", [1, 2]),
        ("val_l1_ba", [1, 3, 6]),
        ("val_mse", [1, 3, 6]),
        ("min:brightness", [1, 3, 6]),
    ],
)
def test_the_best_is_strictly_better(metric, expected):
    best = Best(metric)
    assert look(best, [5, 7, 4, 4, 6, 3, 3]) == expected
    assert best.record["epoch"] == expected[-1]
    assert best.record["step"] == 10 * expected[-1]


def test_figures_that_are_not_finite_are_never_the_best():
    best = Best("val_ssim")
    assert look(best, [math.nan, math.inf, 0.2, math.nan, 0.1]) == [3]


def test_it_is_over_when_patience_has_run_out():
    best = Best("val_l1", patience=2)
    values, over = [5, 4, 4, 3, 3, 9], []
    for epoch, value in enumerate(values, start=1):
        look(best, [value], epoch)
        over.append(best.is_over(epoch))
    assert over == [False, False, False, False, False, True]
    label, text = best.sentences(6, 20)[-1]
    assert label == "verdict"
    assert text == (
        "Stopped after 6 of 20 epochs: val_l1 has not become better for 2 "
        "epochs. A higher --patience would go on."
    )
    # At the end of the plan there is nothing that was stopped.
    assert [label for label, _ in best.sentences(6, 6)] == ["best"]


def test_without_patience_it_is_never_over():
    best = Best("val_l1")
    look(best, [1] + [2] * 50)
    assert not best.is_over(51)


def test_without_a_figure_nothing_is_chosen():
    best = Best("")
    assert not best.update({"epoch": 1}, 10)
    assert not best.is_over(100)
    assert best.sentences(1, 1) == []


@pytest.mark.parametrize("end", range(1, 6))
def test_a_restored_record_decides_as_one_never_saved(end):
    values = [5, 4, 4, 3, 3, 9]
    whole, first, second = (Best("val_l1", patience=2) for _ in range(3))
    look(whole, values)
    look(first, values[:end])
    second.restore(first.record)
    look(second, values[end:], end + 1)
    assert second.record == whole.record
    assert second.is_over(6) and whole.is_over(6)


@pytest.mark.parametrize("metric", ["val_ssim", "max:val_l1"])
def test_the_record_of_another_figure_is_not_gone_on_with(metric):
    saved, other = Best("val_l1"), Best(metric)
    look(saved, [5])
    other.restore(saved.record)
    assert other.record is None


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (
            "brightness",
            "--best_metric must say whether brightness should be low or high: "
            "min:brightness or max:brightness.",
        ),
        (
            "low:val_l1",
            "--best_metric must be NAME, min:NAME or max:NAME. Received: "
            "low:val_l1.",
        ),
    ],
)
def test_unclear_directions_are_refused(metric, message):
    with pytest.raises(UsageError) as error:
        Best(metric)
    assert str(error.value) == message


def test_a_figure_that_is_not_logged_is_an_error_that_names_those():
    with pytest.raises(UsageError) as error:
        Best("val_l2_error").update({"epoch": 1, "val_l1_error": 2}, 10)
    assert str(error.value) == (
        "--best_metric must be a figure of this run: val_l1_error. Received: "
        "val_l2_error. Did you mean val_l1_error?"
    )
