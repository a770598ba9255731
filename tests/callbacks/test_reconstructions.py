import numpy as np
import pytest
from PIL import Image

from keras_gans.callbacks import (
    Reconstructions,
    draw_grid,
    draw_reconstructions,
)

IMAGES = np.linspace(-1, 1, 3 * 80 * 80).reshape(3, 80, 80, 1)
CORRUPTED = np.where(IMAGES > 0, 1.0, IMAGES)


class Negative:
    """A model that turns black into white."""

    def reconstruct(self, images):
        return -images


def expected(*rows, names):
    return np.asarray(draw_grid(np.concatenate(rows), 3, names))


def test_reconstructions_stand_below_their_images():
    picture = draw_reconstructions(Negative(), IMAGES)
    np.testing.assert_array_equal(
        picture, expected(IMAGES, -IMAGES, names=["picture", "reconstructed"])
    )


def test_what_is_reconstructed_is_the_corrupted_image():
    picture = draw_reconstructions(Negative(), IMAGES, CORRUPTED)
    names = ["picture", "corrupted", "reconstructed"]
    np.testing.assert_array_equal(
        picture, expected(IMAGES, CORRUPTED, -CORRUPTED, names=names)
    )
    # The control: the clean image's would be another picture.
    assert np.any(picture != expected(IMAGES, CORRUPTED, -IMAGES, names=names))


@pytest.mark.parametrize("corrupted", [None, CORRUPTED], ids=["clean", "noisy"])
def test_the_callback_saves_the_same_picture(corrupted, tmp_path):
    callback = Reconstructions(IMAGES, tmp_path, corrupted_images=corrupted)
    callback.set_model(Negative())
    with Image.open(callback.save(7)) as saved:
        np.testing.assert_array_equal(
            saved, draw_reconstructions(Negative(), IMAGES, corrupted)
        )
    assert callback.path_of(7).name == "epoch_007.png"
