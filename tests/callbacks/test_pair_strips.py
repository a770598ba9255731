import numpy as np
from PIL import Image

from keras_gans.callbacks import PairStrips


class Negative:
    """A translator that turns black into white; it notes the seeds."""

    def __init__(self):
        self.seeds = []

    def translate(self, images, seed):
        self.seeds.append(seed)
        return -images


def test_rows_are_input_output_target(tmp_path):
    inputs = np.linspace(-1, 1, 2 * 96 * 96).reshape(2, 96, 96, 1)
    targets = np.zeros((2, 96, 96, 3))
    targets[..., 0] = 1
    strips = PairStrips(inputs, targets, tmp_path)
    strips.set_model(Negative())
    with Image.open(strips.save(7)) as picture:
        pixels = np.asarray(picture, "float32") / 127.5 - 1
    assert strips.path_of(7).name == "epoch_007.png"
    top, gap = 22, 4
    for row in range(2):
        for column, images in enumerate((inputs, -inputs, targets)):
            y = top + row * (96 + gap)
            x = gap + column * (96 + gap)
            np.testing.assert_allclose(
                pixels[y : y + 96, x : x + 96],
                np.broadcast_to(images[row], (96, 96, 3)),
                atol=0.01,
            )


def test_the_dropout_is_the_same_each_time(tmp_path):
    strips = PairStrips(
        np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)), tmp_path
    )
    model = Negative()
    strips.set_model(model)
    strips.draw()
    strips.draw()
    assert model.seeds[0] == model.seeds[1] is not None
