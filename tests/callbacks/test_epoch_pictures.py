"""When pictures are drawn, and that drawing them changes no training."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans.callbacks import PointClouds, SampleGrids
from keras_gans.callbacks.epoch_pictures import EpochPictures
from tests.callbacks import games


class Stamps(EpochPictures):
    """Pictures in the colour of their number."""

    tag = "stamps"
    num_drawn = 0

    def draw(self):
        self.num_drawn += 1
        return Image.new("RGB", (5, 4), (self.num_drawn, 0, 0))


def train(*callbacks, **fit_arguments):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    zeros = np.zeros((2, 1))
    model.fit(zeros, zeros, verbose=0, callbacks=callbacks, **fit_arguments)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("every_epochs", "expected"),
    [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (7, [0, 5])],
    ids=["each", "every second", "only the ends"],
)
def test_pictures_are_of_the_ends_and_every_few_epochs(
    every_epochs, expected, tmp_path
):
    train(Stamps(tmp_path / "new" / "folder", every_epochs), epochs=5)
    assert names(tmp_path / "new" / "folder") == [
        f"epoch_{epoch:03d}.png" for epoch in expected
    ]


def test_a_training_that_goes_on_leaves_old_pictures_alone(tmp_path):
    train(Stamps(tmp_path), epochs=2)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    train(Stamps(tmp_path), epochs=4, initial_epoch=2)
    assert len(names(tmp_path)) == 5
    for path, content in before.items():
        assert path.read_bytes() == content
    # Stopped within its first epoch, a run begins at epoch 0 again.
    train(Stamps(tmp_path), epochs=1)
    first = tmp_path / "epoch_000.png"
    assert first.read_bytes() == before[first]


def test_a_trained_model_is_not_shown_as_untrained(tmp_path):
    train(Stamps(tmp_path), epochs=4, initial_epoch=3)
    assert names(tmp_path) == ["epoch_004.png"]


def test_save_returns_the_path_and_sets_the_epoch(tmp_path):
    stamps = Stamps(tmp_path)
    assert stamps.save(1234) == stamps.path_of(1234)
    assert stamps.path_of(1234) == tmp_path / "epoch_1234.png"
    assert stamps.epoch == 1234
    assert np.asarray(Image.open(stamps.path_of(1234))).shape == (4, 5, 3)


def test_tensorboard_gets_the_pictures_too(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path / "logs"))
    stamps = Stamps(tmp_path, summary_writer=writer)
    stamps.save(3)
    writer.close()
    (path,) = (tmp_path / "logs").iterdir()
    values = [
        (event.step, value.tag, value.tensor.string_val)
        for record in tf.data.TFRecordDataset(str(path))
        for event in [tf.compat.v1.Event.FromString(record.numpy())]
        for value in event.summary.value
    ]
    ((step, tag, (width, height, png)),) = values
    assert (step, tag, width, height) == (3, "stamps", b"5", b"4")
    np.testing.assert_array_equal(
        tf.io.decode_png(png), np.asarray(Image.open(stamps.path_of(3)))
    )


@pytest.mark.parametrize("kind", ["images", "images of labels", "points"])
def test_a_training_with_pictures_equals_one_without(kind, tmp_path):
    conditional = kind == "images of labels"
    shape = (2,) if kind == "points" else games.IMAGE_SHAPE
    images, labels = games.corners(32)
    data = {
        "images": images,
        "images of labels": (images, labels),
        "points": games.ring().points(32),
    }[kind]

    def trained(folder=None):
        model = games.gan(
            shape, conditional, hidden_units=(4,), run_eagerly=True
        )
        noise = np.ones((2, games.LATENT_DIM), "float32")
        if folder is None:
            callbacks = []
        elif kind == "points":
            callbacks = [PointClouds(games.ring(), noise, folder)]
        else:
            rows = [3, 1] if conditional else None
            callbacks = [SampleGrids(noise, folder, labels=rows)]
        history = games.play(model, data, 2, *callbacks, batch_size=8)
        return history, [np.array(value) for value in model.variables]

    history, variables = trained()
    history_with, variables_with = trained(tmp_path)
    assert names(tmp_path) == [f"epoch_00{epoch}.png" for epoch in range(3)]
    assert history_with == history
    assert len(variables_with) == len(variables)
    for value, expected in zip(variables_with, variables):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("every_epochs", [0, -1, 1.5])
def test_bad_every_epochs_is_refused(every_epochs, tmp_path):
    message = (
        "`every_epochs` must be an integer >= 1. "
        f"Received: every_epochs={every_epochs}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Stamps(tmp_path, every_epochs)


def test_the_base_draws_nothing_itself(tmp_path):
    with pytest.raises(TypeError, match="abstract"):
        EpochPictures(tmp_path)
