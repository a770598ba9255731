"""Generators whose images are known in advance."""

import keras
import numpy as np
from keras import layers

from keras_gans.models import GAN, ConditionalGAN
from keras_gans.networks import build_mlp_discriminator

IMAGE_SHAPE = (80, 80, 1)  # Drawn as they are, neither enlarged nor shrunk.
NUM_CLASSES = 4
LEVELS_PER_CLASS = 50


def painter(conditional=False):
    """A model of flat images, one of two latents for each of their values.

    The grey level is 20 times the first of them, plus, for a conditional
    model, 50 times the label.
    """
    latents = layers.Input((2,), name="latents")
    weigh = layers.Dense(1, use_bias=False)
    inputs, levels = latents, weigh(latents)
    weigh.set_weights([np.array([[20.0], [0.0]])])
    if conditional:
        labels = layers.Input((), dtype="int32", name="labels")
        one_hot = layers.CategoryEncoding(NUM_CLASSES, output_mode="one_hot")
        look_up = layers.Dense(1, use_bias=False)
        levels = layers.Add()([levels, look_up(one_hot(labels))])
        level_of = LEVELS_PER_CLASS * np.arange(NUM_CLASSES)
        look_up.set_weights([level_of[:, None]])
        inputs = {"latents": latents, "labels": labels}
    x = layers.Rescaling(1 / 127.5, offset=-1)(levels)
    x = layers.Reshape((1, 1, 1))(x)
    generator = keras.Model(inputs, layers.UpSampling2D(IMAGE_SHAPE[:2])(x))
    if not conditional:
        discriminator = build_mlp_discriminator(IMAGE_SHAPE, ())
        return GAN(generator, discriminator)
    discriminator = build_mlp_discriminator(IMAGE_SHAPE, (), NUM_CLASSES)
    return ConditionalGAN(generator, discriminator, NUM_CLASSES)


def levels_of(picture, num_rows, num_columns):
    """Grey levels `(num_rows, num_columns)` in the middles of the cells."""
    left = picture.width - 84 * num_columns
    pixels = np.asarray(picture)[44::84, left + 40 :: 84, 0]
    assert pixels.shape == (num_rows, num_columns)
    return pixels
