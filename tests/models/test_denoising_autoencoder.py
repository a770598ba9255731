import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import GaussianCorruption, MaskingCorruption
from keras_gans.models import DenoisingAutoencoder
from tests.models import tiny_autoencoders as tiny


def make(corruption, **compile_with):
    model = {"corruption": corruption}
    return tiny.make("denoising", model=model, **compile_with)


def spy_on(monkeypatch, model):
    """What the encoder is shown, call by call."""
    seen = []
    call = model.encoder.call
    monkeypatch.setattr(
        model.encoder,
        "call",
        lambda images, **k: seen.append(np.array(images)) or call(images, **k),
    )
    return seen


def test_loss_is_that_of_the_noisy_picture_against_the_clean_one():
    model = make(GaussianCorruption(0.2, seed=3))
    noisy = GaussianCorruption(0.2, seed=3)(tiny.images())
    answers = model(noisy)
    expected = np.sum((tiny.images() - answers) ** 2) / 4
    logs = tiny.step(model, tiny.images())
    np.testing.assert_allclose(logs["loss"], expected, rtol=1e-5)


def test_each_step_has_new_noise(monkeypatch):
    model = make(
        GaussianCorruption(0.2, seed=3), optimizer=keras.optimizers.SGD(0.0)
    )
    seen = spy_on(monkeypatch, model)
    for _ in range(3):
        tiny.step(model, tiny.images())
    assert len(seen) == 3
    for i, noisy in enumerate(seen):
        assert np.mean(noisy != tiny.images()) > 0.9
        for other in seen[:i]:
            assert np.mean(noisy != other) > 0.5


def test_evaluation_corrupts_and_prediction_does_not(monkeypatch):
    model = make(MaskingCorruption(0.5, seed=3))
    seen = spy_on(monkeypatch, model)
    pictures = tiny.images()
    model.test_step(tf.constant(pictures))
    model(pictures)
    noisy, clean = seen
    share = np.mean(noisy == -1)
    assert 0.35 < share < 0.65  # 192 draws of 1/2, 4 deviations.
    np.testing.assert_array_equal(clean, pictures)


def test_evaluation_measures_before_and_after():
    model = make(GaussianCorruption(0.1, seed=3))
    logs = tiny.evaluate(model, tiny.images())
    noisy = np.array(model.corruption(tiny.images(), seed=0))
    denoised = np.array(model(noisy))
    for name, pictures in (("corrupted_psnr", noisy), ("psnr", denoised)):
        errors = np.mean((pictures - tiny.images()) ** 2, axis=(1, 2, 3))
        expected = np.mean(10 * np.log10(4 / errors))
        np.testing.assert_allclose(logs[name], expected, rtol=1e-5)


def test_it_learns_to_denoise():
    """Pictures of one grey each: their mean is nearly free of noise."""
    greys = np.linspace(-0.6, 0.6, 64, dtype="float32")
    pictures = np.broadcast_to(
        greys.reshape(-1, 1, 1, 1), (64, *tiny.SHAPE)
    ).copy()
    model = make(
        GaussianCorruption(0.1, seed=0),
        optimizer=keras.optimizers.Adam(0.01),
        run_eagerly=False,
    )
    data = tf.data.Dataset.from_tensor_slices(pictures).batch(16)
    tiny.fit(model, data, epochs=40)
    logs = tiny.evaluate(model, pictures)
    assert logs["psnr"] > logs["corrupted_psnr"] + 3


@pytest.mark.parametrize("corruption", [None, 0.3], ids=str)
def test_other_noise_is_refused(corruption):
    message = (
        "`corruption` must be a `keras_gans.layers.Corruption`, such as "
        f"`GaussianCorruption(0.3)`. Received: corruption={corruption!r}."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        DenoisingAutoencoder(tiny.encoder(), tiny.decoder(), corruption)


def test_noise_that_is_silent_in_evaluation_is_refused():
    noise = keras.layers.GaussianNoise(0.3)
    with pytest.raises(TypeError, match="^`corruption` must be a"):
        DenoisingAutoencoder(tiny.encoder(), tiny.decoder(), noise)
