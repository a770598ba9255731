"""Losses: pure functions per image, and thin Keras faces for them."""

from keras_gans.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gans.losses.adversarial import get as get_adversarial_losses
from keras_gans.losses.penalties import (
    PENALTIES,
    clip_weights,
    dragan_penalty,
    gradient_penalty,
    r1_penalty,
    r2_penalty,
)
from keras_gans.losses.penalties import check_fit as check_penalty
from keras_gans.losses.penalties import get as get_penalty
from keras_gans.losses.reconstruction import mean_absolute_error

__all__ = [
    "ADVERSARIAL_LOSSES",
    "PENALTIES",
    "check_penalty",
    "clip_weights",
    "dragan_penalty",
    "get_adversarial_losses",
    "get_penalty",
    "gradient_penalty",
    "mean_absolute_error",
    "r1_penalty",
    "r2_penalty",
]
