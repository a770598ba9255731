import keras
import numpy as np
import pytest

from keras_gans.callbacks import Overfitting
from keras_gans.models import Autoencoder
from keras_gans.networks import build_dense_decoder, build_dense_encoder
from tests.callbacks import games

IMAGES = np.zeros((4, 2, 2, 1), "float32")


def diagnose(mse, val_mse):
    rows = games.rows_of(mse=mse, val_mse=val_mse)
    return Overfitting(IMAGES).diagnose(rows)


@pytest.mark.parametrize(
    ("mse", "val_mse", "is_said"),
    [
        ([5, 2, 1, 1, 1], [5, 4, 2.1, 2.1, 2.1], True),
        # Twice is no habit.
        ([5, 4, 3, 1, 1], [5, 5, 4, 2.1, 2.1], False),
        ([1, 1, 1], [2.1, 1.9, 2.1], False),
        ([1, 1, 1], [2, 2, 2], False),
        ([1, 1], [9, 9], False),
    ],
)
def test_when_it_speaks(mse, val_mse, is_said):
    assert bool(diagnose(mse, val_mse)) == is_said


def test_it_says_how_bad_it_is_and_when_it_was_best():
    sentences = diagnose([0.5, 0.4, 0.1, 0.1, 0.1], [0.7, 0.4, 0.8, 0.9, 1])
    assert "1.0000 on held-out images and 0.1000 on training" in sentences
    assert "overfitting" in sentences
    assert "best after epoch 2." in sentences


def test_the_figure_is_the_error_of_what_the_model_is_shown():
    class Halves:
        def reconstruct(self, images):
            return images / 2

    images = np.full((3, 2, 2, 1), 0.5)
    shown = np.full((3, 2, 2, 1), 0.8)
    for corrupted, error in ((None, 0.25**2), (shown, 0.1**2)):
        instrument = Overfitting(images, corrupted)
        instrument.set_model(Halves())
        assert instrument.measure()["val_mse"] == pytest.approx(error)


def train(images, held_out, report):
    keras.utils.set_random_seed(0)
    shape = images.shape[1:]
    model = Autoencoder(
        build_dense_encoder(shape, 16, (64,)),
        build_dense_decoder(16, shape, (64,)),
    )
    model.compile(keras.optimizers.Adam(5e-3))
    instrument = Overfitting(held_out, report=report.append)
    model.fit(
        images,
        epochs=25,
        batch_size=8,
        callbacks=[instrument],
        verbose=0,
    )
    return instrument.history


def test_sees_a_model_that_learns_noise_by_heart():
    rng = np.random.default_rng(0)
    noise = rng.uniform(-1, 1, (80, 6, 6, 1)).astype("float32")
    reports = []
    history = train(noise[:16], noise[16:], reports)
    assert len(reports) == 1
    assert history[-1]["mse"] < history[-1]["val_mse"] / 10


def test_says_nothing_of_a_model_that_generalises():
    # All images are mixtures of three: a code of 16 is enough for any.
    rng = np.random.default_rng(0)
    parts = rng.uniform(-1, 1, (3, 36))
    shares = rng.dirichlet([1, 1, 1], 400)
    images = (shares @ parts).reshape(400, 6, 6, 1).astype("float32")
    reports = []
    history = train(images[:200], images[200:], reports)
    assert reports == []
    assert history[-1]["val_mse"] < history[0]["val_mse"] / 3


@pytest.mark.parametrize(
    "shapes", [((0, 2, 2, 1), (0, 2, 2, 1)), ((3, 2, 2, 1), (2, 2, 2, 1))]
)
def test_images_that_cannot_be_compared_are_refused(shapes):
    images, corrupted = map(np.zeros, shapes)
    with pytest.raises(ValueError, match="must hold one image or more"):
        Overfitting(images, corrupted)
