import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.callbacks import Memorization
from tests.callbacks import games

TRAIN_IMAGES, _ = games.corners(256)
HELD_OUT_IMAGES, _ = games.corners(256, seed=1)


def memorization(report=None, num_samples=50):
    return Memorization(TRAIN_IMAGES, HELD_OUT_IMAGES, num_samples, report)


def test_new_images_are_no_copies():
    new = games.Sampler(lambda count, seed: games.corners(count, seed + 2)[0])
    instrument = memorization()
    history = games.watch(instrument, [new] * 4)
    assert history[-1]["copied_share"] <= 0.06
    assert instrument.alarms(history) == []


@pytest.mark.parametrize(("share", "is_seen"), [(0.5, True), (0.1, False)])
def test_sees_copies_with_a_little_noise(share, is_seen):
    def sample(count, seed):
        samples = games.corners(count, seed + 2)[0]
        num_copies = round(share * count)
        samples[:num_copies] = TRAIN_IMAGES[:num_copies] + 0.001
        return samples

    instrument = memorization()
    history = games.watch(instrument, [games.Sampler(sample)] * 4)
    assert history[-1]["copied_share"] == pytest.approx(share, abs=0.06)
    assert [epoch for epoch, _ in instrument.alarms(history)] == [3] * is_seen


def test_keeps_samples_beside_their_nearest_training_images():
    rng = np.random.default_rng(0)
    chosen = rng.integers(256, size=50)
    copies = games.Sampler(lambda count, seed: TRAIN_IMAGES[chosen])
    instrument = memorization()
    assert instrument.samples is None
    games.watch(instrument, [copies])
    np.testing.assert_array_equal(instrument.samples, TRAIN_IMAGES[chosen])
    np.testing.assert_array_equal(instrument.nearest_images, instrument.samples)
    assert instrument.nearest_distances.tolist() == [0] * 50


def test_large_pictures_are_compared_by_averages_of_blocks():
    """Of 100 pixels, blocks of 4x4: what averages out is not seen."""
    rng = np.random.default_rng(0)
    small = rng.uniform(-0.5, 0.5, (20, 25, 25, 1))
    images = small.repeat(4, axis=1).repeat(4, axis=2)
    checkerboard = np.indices((100, 100)).sum(axis=0) % 2 - 0.5
    samples = games.Sampler(
        lambda count, seed: images[:count] + checkerboard[..., None]
    )
    instrument = Memorization(images, -images, num_samples=5)
    row = games.watch(instrument, [samples])[0]
    assert instrument.small_train_images.shape == (20, 25, 25, 1)
    np.testing.assert_allclose(instrument.nearest_distances, 0, atol=1e-12)
    assert row["copied_share"] == 1
    assert instrument.nearest_images.shape == (5, 100, 100, 1)


def test_sees_a_real_generator_that_repeats_its_training_images():
    """It looks its images up in a table of them."""
    latents = layers.Input((games.LATENT_DIM,))
    sharp = layers.Rescaling(300.0)(layers.Dense(256)(latents))
    table = layers.Dense(64, use_bias=False, trainable=False)
    pixels = table(layers.Softmax()(sharp))
    generator = keras.Model(latents, layers.Reshape((8, 8, 1))(pixels))
    table.kernel.assign(TRAIN_IMAGES.reshape(256, 64))
    reports = []
    model = games.gan(games.IMAGE_SHAPE, generator=generator)
    games.play(model, TRAIN_IMAGES, 3, memorization(reports.append))
    assert len(reports) == 1
    for words in ("memorization", "augmented", "stop earlier", "narrower"):
        assert words in reports[0]


def test_conditional_models_draw_all_labels():
    asked = []
    sampler = games.Sampler(
        lambda labels, seed: asked.extend(labels) or TRAIN_IMAGES[labels]
    )
    sampler.num_classes = 4
    games.watch(memorization(num_samples=6), [sampler])
    assert asked == [0, 1, 2, 3, 0, 1]
