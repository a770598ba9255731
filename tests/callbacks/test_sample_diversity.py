import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.callbacks import SampleDiversity
from tests.callbacks import games


def constant(labels_or_count, seed):
    del seed
    return np.full((np.size(np.arange(labels_or_count)), 8, 8, 1), 0.3)


def real(count, seed):
    return games.corners(count, seed + 100)[0]


def test_new_real_images_are_as_diverse_as_real_ones():
    instrument = SampleDiversity(games.corners()[0])
    history = games.watch(instrument, [games.Sampler(real)] * 12)
    for row in history:
        assert row["sample_diversity"] == pytest.approx(1, abs=0.05)
    assert instrument.alarms(history) == []


def test_half_the_contrast_is_half_the_diversity():
    instrument = SampleDiversity(games.corners()[0])
    faded = games.Sampler(lambda count, seed: real(count, seed) / 2)
    row = games.watch(instrument, [faded])[0]
    assert row["sample_diversity"] == pytest.approx(0.5, abs=0.03)


def test_sees_a_generator_that_collapses_or_never_wakes():
    instrument = SampleDiversity(games.corners()[0])
    asleep, awake = games.Sampler(constant), games.Sampler(real)
    history = games.watch(instrument, [asleep] * 2 + [awake] + [asleep] * 4)
    epoch, sentences = games.first_alarm(instrument, history)
    assert epoch == 6
    assert "0.00 times" in sentences
    history = games.watch(instrument, [asleep] * 12)
    assert games.first_alarm(instrument, history)[0] == 10


def test_compares_with_real_images_of_all_classes_though_sorted():
    images, labels = games.corners()
    order = np.argsort(labels, kind="stable")
    instrument = SampleDiversity(images[order], num_samples=64)
    row = games.watch(instrument, [games.Sampler(real)])[0]
    assert row["sample_diversity"] == pytest.approx(1, abs=0.1)


def test_sees_a_real_gan_that_collapses():
    """The generator is ten times as quick as the discriminator."""
    reports = []
    points = games.ring().points(256)
    instrument = SampleDiversity(points, None, 64, reports.append)
    model = games.gan((2,), generator_rate=1e-2)
    games.play(model, points, 15, instrument)
    assert reports
    for words in ("mode collapse", "minibatch standard", "r1", "wasserstein"):
        assert words in reports[0]


def test_sees_a_conditional_generator_that_ignores_its_noise():
    latents = layers.Input((games.LATENT_DIM,), name="latents")
    labels = layers.Input((), dtype="int32", name="labels")
    one_hot = layers.CategoryEncoding(4, output_mode="one_hot")(labels)
    x = layers.Concatenate()([layers.Rescaling(0.0)(latents), one_hot])
    x = layers.Dense(64, activation="tanh")(x)
    generator = keras.Model(
        {"latents": latents, "labels": labels},
        layers.Reshape(games.IMAGE_SHAPE)(x),
    )
    model = games.gan(games.IMAGE_SHAPE, True, generator)
    images, classes = games.corners(64)
    reports = []
    instrument = SampleDiversity(images, classes, report=reports.append)
    games.play(model, (images, classes), 10, instrument)
    assert len(reports) == 1
    assert "0.00 times" in reports[0] and "within a class" in reports[0]
    # Over all classes, its samples do differ.
    samples = model.sample(np.arange(4), seed=0)
    assert np.min(np.ptp(samples, axis=0).max()) > 0.1


def test_refuses_equal_images():
    with pytest.raises(ValueError, match="differ from each other. Received: 5"):
        SampleDiversity(np.ones((5, 8, 8, 1)))
