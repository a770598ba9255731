import pytest

from export.formats import FORMATS, LOOSEST, Bounds


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
    assert FORMATS["float16"].bounds.loosened(figures(1.0, 1.0)) == Bounds(
        None, LOOSEST.min_psnr_db
    )
