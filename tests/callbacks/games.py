"""Tiny data, and GANs that learn them, or fail to, within seconds."""

import dataclasses

import keras
import numpy as np

from keras_gans.models import GAN, ConditionalGAN
from keras_gans.networks import build_mlp_discriminator, build_mlp_generator

LATENT_DIM = 8
IMAGE_SHAPE = (8, 8, 1)
NUM_CLASSES = 4
# With these, the games below are learnt, in some hundred steps.
SANE = {
    "generator_rate": 2e-3,
    "discriminator_rate": 2e-3,
    "penalty": "r1",
    "penalty_weight": 0.5,
}


@dataclasses.dataclass
class Mixture:
    centers: np.ndarray
    deviation: float

    def points(self, count, seed=0):
        rng = np.random.default_rng(seed)
        modes = np.arange(count) % len(self.centers)
        noise = rng.normal(size=(count, 2)) * self.deviation
        return (self.centers[modes] + noise).astype("float32")


def ring(num_modes=4, deviation=0.15):
    angles = 2 * np.pi * np.arange(num_modes) / num_modes
    return Mixture(
        np.stack([np.cos(angles), np.sin(angles)], axis=-1), deviation
    )


def corners(count=512, seed=0):
    """Images with a bright spot in one of four corners, its label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % NUM_CLASSES
    images = rng.normal(-0.8, 0.05, (count, *IMAGE_SHAPE))
    for image, label in zip(images, labels):
        top = 4 * (label // 2) + rng.integers(2)
        left = 4 * (label % 2) + rng.integers(2)
        image[top : top + 3, left : left + 3] += rng.uniform(0.8, 1.6)
    return np.clip(images, -1, 1).astype("float32"), labels


class CornerClassifier:
    """Says which corner is the brightest: no training, no mistakes."""

    def classify(self, images):
        halves = np.asarray(images)[..., 0].reshape(-1, 2, 4, 2, 4)
        return halves.mean(axis=(2, 4)).reshape(-1, NUM_CLASSES).argmax(-1)


def gan(
    shape,
    conditional=False,
    generator=None,
    hidden_units=(64, 64),
    generator_rate=1e-3,
    discriminator_rate=1e-3,
    beta_1=0.5,
    **compile_arguments,
):
    """A compiled GAN of dense layers."""
    keras.utils.set_random_seed(0)
    num_classes = NUM_CLASSES if conditional else None
    networks = [
        generator
        or build_mlp_generator(LATENT_DIM, shape, hidden_units, num_classes),
        build_mlp_discriminator(shape, hidden_units, num_classes),
    ]
    if conditional:
        model = ConditionalGAN(*networks, num_classes=num_classes, seed=0)
    else:
        model = GAN(*networks, seed=0)
    model.compile(
        keras.optimizers.Adam(generator_rate, beta_1=beta_1),
        keras.optimizers.Adam(discriminator_rate, beta_1=beta_1),
        **compile_arguments,
    )
    return model


def play(model, data, epochs, *callbacks, batch_size=32, **fit_arguments):
    """Trains on images or on `(images, labels)`; returns Keras's history."""
    images, labels = data if isinstance(data, tuple) else (data, None)
    return model.fit(
        images,
        labels,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
        **fit_arguments,
    ).history


class Sampler:
    """Stands in for a model: what it samples is given by a function."""

    def __init__(self, sample):
        self.sample = sample


def watch(instrument, samplers):
    """Shows an instrument one sampler per epoch; returns its history."""
    for epoch, sampler in enumerate(samplers):
        instrument.set_model(sampler)
        instrument.on_epoch_begin(epoch)
        instrument.on_epoch_end(epoch, {})
    return instrument.history


def rows_of(**figures):
    """A history from the columns of its table."""
    return [
        {"epoch": epoch, **dict(zip(figures, values))}
        for epoch, values in enumerate(zip(*figures.values()), start=1)
    ]


def first_alarm(instrument, history):
    """Epoch and sentences of the first alarm; there must be one."""
    return instrument.alarms(history)[0]
