import numpy as np
import pytest

from export.formats import DEFAULT, FORMATS, LOOSEST, Bounds


def figures(max_difference, psnr_db):
    return {"max_difference": max_difference, "psnr_db": psnr_db}


def test_bounds_name_the_figure():
    bounds = Bounds(max_difference=1e-3, min_psnr_db=60.0)
    assert list(bounds.problems(figures(1e-3, 60.0))) == []
    assert list(bounds.problems(figures(2e-3, 59.0))) == [
        "max difference 2.0e-03 from Keras is over the bound of 1.0e-03",
        "PSNR 59.0 dB against Keras is under the bound of 60.0 dB",
    ]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (figures(1e-6, 120.0), Bounds(1e-3, 60.0)),
        (figures(2e-3, 75.0), Bounds(2e-2, 55.0)),
        (figures(1.0, 10.0), LOOSEST),
    ],
    ids=["stable", "magnifies", "hopeless"],
)
def test_bounds_follow_the_rounding_of_keras(rounding, expected):
    assert Bounds(1e-3, 60.0).loosened(rounding) == expected


def test_bounds_that_are_absent_stay_absent():
    bounds = Bounds(min_psnr_db=60.0).loosened(figures(1.0, 1.0))
    assert bounds == Bounds(None, LOOSEST.min_psnr_db, None)


def test_loosening_never_tightens():
    bounds = Bounds(min_psnr_db=35.0)
    assert bounds.loosened(figures(1e-6, 120.0)) == bounds
    assert bounds.loosened(figures(1.0, 10.0)) == bounds


def test_bound_of_similarity():
    bounds = Bounds(min_ssim=0.95)
    assert list(bounds.problems(figures(0.5, 10.0) | {"ssim": 0.95})) == []
    assert list(bounds.problems(figures(0.5, 10.0) | {"ssim": 0.9})) == [
        "SSIM 0.9000 against Keras is under the bound of 0.9500"
    ]
    assert list(bounds.problems(figures(0.5, 10.0))) == []  # Codes have none.


def test_pixels_may_be_one_level_off():
    bounds = Bounds(max_difference=1e-4, min_psnr_db=60.0).for_pixels()
    one_level = 2 / 255
    assert list(bounds.problems(figures(one_level, 54.1))) == []
    assert len(list(bounds.problems(figures(2 * one_level, 53.9)))) == 2
    # One pixel in four, one level off.
    expected = 10 * np.log10(2.0**2 / (one_level**2 / 4))
    assert bounds.min_psnr_db == pytest.approx(expected, abs=0.2)


def test_table_gets_looser_from_float_to_integers():
    names = ("float16", "dynamic", "int8")
    psnr_db = [FORMATS[name].bounds.min_psnr_db for name in names]
    assert psnr_db == sorted(psnr_db, reverse=True)
    assert "int8" not in DEFAULT
