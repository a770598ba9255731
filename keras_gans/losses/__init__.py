"""Losses: pure functions per image, and thin Keras faces for them."""

from keras_gans.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gans.losses.adversarial import get as get_adversarial_losses
from keras_gans.losses.reconstruction import mean_absolute_error

__all__ = [
    "ADVERSARIAL_LOSSES",
    "get_adversarial_losses",
    "mean_absolute_error",
]
