import numpy as np
import pytest

from export import comparison

SHAPE = (2, 16, 16, 3)


def flat(value):
    return np.full(SHAPE, value, "float32")


def test_figures_of_a_known_difference():
    answers = flat(0.25)
    answers[1] += 0.5
    figures = comparison.compare(answers, flat(0.25), scale=1.0)
    assert figures["max_difference"] == 0.5
    assert figures["mean_difference"] == 0.25
    # Of the worst image: 10 log10(2^2 / 0.5^2).
    assert figures["psnr_db"] == pytest.approx(12.0412, abs=1e-4)
    # Of two flat ones there is only the term of brightness, from 0 to 1.
    a, b, c = 1.25 / 2, 1.75 / 2, 0.01**2
    expected = (2 * a * b + c) / (a**2 + b**2 + c)
    assert figures["ssim"] == pytest.approx(expected, abs=5e-3)
    assert (figures["output_min"], figures["output_max"]) == (0.25, 0.75)


def test_unit_of_codes():
    figures = comparison.compare(
        np.full((1, 4), 90.0), np.full((1, 4), 100.0), 100.0, are_images=False
    )
    assert figures["max_difference"] == pytest.approx(0.1)
    assert "ssim" not in figures


def test_pixels_are_compared_with_pixels():
    outputs = flat(0.3)  # Level 165.75.
    assert comparison.compare(np.full(SHAPE, 166, "uint8"), outputs, 1.0)[
        "max_difference"
    ] == pytest.approx(0.0, abs=1e-7)
    assert comparison.compare(np.full(SHAPE, 165, "uint8"), outputs, 1.0)[
        "max_difference"
    ] == pytest.approx(1 / 127.5, abs=1e-6)


def test_no_figures_of_what_cannot_be_compared():
    broken = flat(0.0)
    broken[0, 0, 0, 0] = np.nan
    assert comparison.compare(broken, flat(0.0), 1.0) == {
        "finite": False,
        "same_shape": True,
    }
    assert comparison.compare(flat(0.0)[:1], flat(0.0), 1.0) == {
        "finite": True,
        "same_shape": False,
    }


def test_worst_of_several():
    good = comparison.compare(flat(0.0), flat(0.0), 1.0)
    bad = comparison.compare(flat(0.5), flat(0.0), 1.0)
    assert comparison.worst([good, bad]) == {
        **bad,
        "output_min": 0.0,
    }
    broken = {"finite": False, "same_shape": True}
    assert comparison.worst([good, broken]) == broken
