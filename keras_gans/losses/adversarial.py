"""Adversarial losses: the games that two players can play, by name.

Thin Keras faces, for reduction and saving, of the functions in
`adversarial_functions.py`, where the sign convention is. A game is a pair
(generator's loss, discriminator's loss); both are called with `(real_logits,
fake_logits)`, so any two can be paired.

A face may say three things to the model that plays with it:

- `needs_real_logits = False`, a generator's: it ignores the real side, which
  saves a forward pass of the discriminator;
- `probability(logits)`, a discriminator's: how its answers read as
  probabilities of "real", where that is not the sigmoid;
- `is_relative = True`, a discriminator's: a number added to all logits does
  not change it, so that one logit alone says nothing about "real".

Those whose target for real images can be smoothed take `label_smoothing`.
"""

import keras
from keras import ops

from keras_gans.losses.adversarial_functions import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    mean_over_batch,
    minimax_generator_loss,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    relativistic_average_discriminator_loss,
    relativistic_average_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)


class _SmoothedLoss(keras.losses.Loss):
    """A discriminator's loss with a target for real images.

    Args:
        label_smoothing: Float in [0, 0.5), by which the target of real images
            is less than 1. Defaults to 0.
        **kwargs: Of `keras.losses.Loss`.
    """

    def __init__(self, label_smoothing=0.0, **kwargs):
        if not 0 <= label_smoothing < 0.5:
            raise ValueError(
                "`label_smoothing` must be in [0, 0.5). Received: "
                f"label_smoothing={label_smoothing}."
            )
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="keras_gans")
class LeastSquaresDiscriminatorLoss(_SmoothedLoss):
    """`least_squares_discriminator_loss`, reduced over the batch."""

    def call(self, real_logits, fake_logits):
        return least_squares_discriminator_loss(
            real_logits, fake_logits, self.label_smoothing
        )

    def probability(self, logits):
        # The best answer to targets 1 and 0 is itself the probability of
        # "real" (Mao et al., eq. 5); a sigmoid would read 0.62 at balance.
        return ops.clip(logits, 0.0, 1.0)


@keras.saving.register_keras_serializable(package="keras_gans")
class LeastSquaresGeneratorLoss(keras.losses.Loss):
    """`least_squares_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return least_squares_generator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class NonSaturatingDiscriminatorLoss(_SmoothedLoss):
    """`non_saturating_discriminator_loss`, reduced over the batch."""

    def call(self, real_logits, fake_logits):
        return non_saturating_discriminator_loss(
            real_logits, fake_logits, self.label_smoothing
        )


@keras.saving.register_keras_serializable(package="keras_gans")
class NonSaturatingGeneratorLoss(keras.losses.Loss):
    """`non_saturating_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return non_saturating_generator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class MinimaxGeneratorLoss(keras.losses.Loss):
    """`minimax_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return minimax_generator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class HingeDiscriminatorLoss(keras.losses.Loss):
    """`hinge_discriminator_loss`, reduced over the batch."""

    def call(self, real_logits, fake_logits):
        return hinge_discriminator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class HingeGeneratorLoss(keras.losses.Loss):
    """`hinge_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return hinge_generator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class WassersteinDiscriminatorLoss(keras.losses.Loss):
    """`wasserstein_discriminator_loss`, reduced over the batch."""

    is_relative = True

    def call(self, real_logits, fake_logits):
        return wasserstein_discriminator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class WassersteinGeneratorLoss(keras.losses.Loss):
    """`wasserstein_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return wasserstein_generator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticAverageDiscriminatorLoss(keras.losses.Loss):
    """`relativistic_average_discriminator_loss`, reduced over the batch."""

    is_relative = True

    def call(self, real_logits, fake_logits):
        return relativistic_average_discriminator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticAverageGeneratorLoss(keras.losses.Loss):
    """`relativistic_average_generator_loss`, reduced over the batch."""

    needs_real_logits = True

    def call(self, real_logits, fake_logits):
        return relativistic_average_generator_loss(real_logits, fake_logits)


# name -> (loss of the generator, loss of the discriminator)
ADVERSARIAL_LOSSES = {
    "hinge": (HingeGeneratorLoss, HingeDiscriminatorLoss),
    "least_squares": (LeastSquaresGeneratorLoss, LeastSquaresDiscriminatorLoss),
    # The same discriminator as non_saturating: only the generators differ.
    "minimax": (MinimaxGeneratorLoss, NonSaturatingDiscriminatorLoss),
    "non_saturating": (
        NonSaturatingGeneratorLoss,
        NonSaturatingDiscriminatorLoss,
    ),
    "relativistic_average": (
        RelativisticAverageGeneratorLoss,
        RelativisticAverageDiscriminatorLoss,
    ),
    "wasserstein": (WassersteinGeneratorLoss, WassersteinDiscriminatorLoss),
}


def get(identifier, label_smoothing=0.0):
    """Returns the (generator, discriminator) losses that `identifier` means.

    Args:
        identifier: A name in `ADVERSARIAL_LOSSES`, or a pair of
            `keras.losses.Loss`, which is returned as it is.
        label_smoothing: Float in [0, 0.5), by which the target of real images
            is less than 1. Only for a name, and only where there is a target.

    Raises:
        ValueError: If the name is unknown, it is no such pair, or the loss
            has no target to smooth.
    """
    if label_smoothing:
        return _get_smoothed(identifier, label_smoothing)
    if isinstance(identifier, str) and identifier in ADVERSARIAL_LOSSES:
        generator_loss, discriminator_loss = ADVERSARIAL_LOSSES[identifier]
        return generator_loss(), discriminator_loss()
    if isinstance(identifier, (tuple, list)) and len(identifier) == 2:
        if all(isinstance(loss, keras.losses.Loss) for loss in identifier):
            return tuple(identifier)
    raise ValueError(
        f"`adversarial_loss` must be one of {sorted(ADVERSARIAL_LOSSES)} or a "
        "pair of `keras.losses.Loss` (generator's, discriminator's). "
        f"Received: adversarial_loss={identifier!r}."
    )


def _get_smoothed(identifier, label_smoothing):
    smoothed = [
        name
        for name, (_, loss) in ADVERSARIAL_LOSSES.items()
        if issubclass(loss, _SmoothedLoss)
    ]
    if identifier not in smoothed:
        raise ValueError(
            "`label_smoothing` must be 0 unless `adversarial_loss` is one of "
            f"{smoothed}: other losses have no target for real images. "
            f"Received: label_smoothing={label_smoothing}, "
            f"adversarial_loss={identifier!r}."
        )
    generator_loss, discriminator_loss = ADVERSARIAL_LOSSES[identifier]
    return generator_loss(), discriminator_loss(label_smoothing)


def probability_real(discriminator_loss, logits, other_logits=None):
    """The discriminator's answers as probabilities of "real", in [0, 1].

    The sigmoid of the logits, except where a loss says better by a method
    `probability`.

    Where the loss `is_relative`, the sigmoid is taken of the difference to
    the mean of `other_logits`: the R of the relativistic paper, 0.5 on both
    sides when the game is balanced. A Wasserstein critic has no probabilities
    at all; there, read only "0.5 is balance, and further is worse". Without
    `other_logits` such an answer is finite, and means nothing.

    Args:
        discriminator_loss: `keras.losses.Loss` of the discriminator.
        logits: Float tensor, its answers to images of one side.
        other_logits: Its answers to images of the other side.

    Returns:
        A tensor of the shape of `logits`.
    """
    if hasattr(discriminator_loss, "probability"):
        return discriminator_loss.probability(logits)
    is_relative = getattr(discriminator_loss, "is_relative", False)
    if is_relative and other_logits is not None:
        logits = logits - mean_over_batch(other_logits)
    return ops.sigmoid(logits)
