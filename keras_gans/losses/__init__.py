"""Losses: pure functions per image, and thin Keras faces for them."""

from keras_gans.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gans.losses.adversarial import get as get_adversarial_losses
from keras_gans.losses.codes import (
    kl_sparsity,
    kl_to_standard_normal,
    l1_sparsity,
)
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
from keras_gans.losses.reconstruction import (
    bernoulli_negative_log_likelihood,
    gaussian_negative_log_likelihood,
    mean_absolute_error,
    squared_error,
)

__all__ = [
    "ADVERSARIAL_LOSSES",
    "PENALTIES",
    "bernoulli_negative_log_likelihood",
    "check_penalty",
    "clip_weights",
    "dragan_penalty",
    "gaussian_negative_log_likelihood",
    "get_adversarial_losses",
    "get_penalty",
    "gradient_penalty",
    "kl_sparsity",
    "kl_to_standard_normal",
    "l1_sparsity",
    "mean_absolute_error",
    "r1_penalty",
    "r2_penalty",
    "squared_error",
]
