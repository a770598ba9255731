import numpy as np
import pytest

from keras_gans.prediction.sides import Sides


@pytest.mark.parametrize(
    ("side", "rounded"), [(1, 8), (8, 8), (9, 12), (12, 12), (13, 16)]
)
def test_sides_are_rounded_up(side, rounded):
    assert Sides(multiple=4, least=8).round_up(side) == rounded


def test_padding_is_a_mirror_image_at_the_far_sides():
    image = np.float32([[1, 2, 3], [4, 5, 6]])[..., None]
    padded = Sides(4, 4).pad(image)
    np.testing.assert_array_equal(
        padded[..., 0],
        [[1, 2, 3, 2], [4, 5, 6, 5], [1, 2, 3, 2], [4, 5, 6, 5]],
    )


def test_padding_longer_than_the_image_goes_back_and_forth():
    padded = Sides(8, 8).pad(np.float32([[1, 2, 3]])[..., None])
    assert padded.shape == (8, 8, 1)
    for row in padded[..., 0]:
        np.testing.assert_array_equal(row, [1, 2, 3, 2, 1, 2, 3, 2])


def test_no_padding_where_none_is_needed():
    image = np.zeros((4, 12, 3), "float32")
    assert Sides(4, 4).pad(image) is image
