"""Adversarial losses: what the two players of the game minimise.

All work on logits, the unbounded answers of a discriminator; a high logit
always means "judged real". Every function takes `(real_logits, fake_logits)`
of shape `(batch, ...)`, averages over all axes but the first (the patches of
a PatchGAN), and returns one value per image.

A generator's loss that does not look at the real side may say so by
`needs_real_logits = False`, which saves a forward pass of the discriminator.
"""

import keras
from keras import ops


def least_squares_discriminator_loss(real_logits, fake_logits):
    """`(D(x) - 1)^2 + D(G(z))^2`, per image, >= 0.

    Reference:

    - [Mao et al., 2017, eq. 9](https://arxiv.org/abs/1611.04076) with a = 0,
      b = 1, without the factor 1/2, as in section 4 of the CycleGAN paper;
      models weight it by `discriminator_loss_weight`.
    """
    return _mean_per_image(ops.square(real_logits - 1.0)) + _mean_per_image(
        ops.square(fake_logits)
    )


def least_squares_generator_loss(real_logits, fake_logits):
    """`(D(G(z)) - 1)^2`, per image, >= 0 (Mao et al., eq. 9, c = 1)."""
    del real_logits  # Only relativistic losses look at the real side.
    return _mean_per_image(ops.square(fake_logits - 1.0))


def non_saturating_discriminator_loss(real_logits, fake_logits):
    """`-log D(x) - log(1 - D(G(z)))` with D = sigmoid(logit), per image, >= 0.

    2 log 2 when the discriminator answers 0.5 to everything.

    Reference:

    - [Goodfellow et al., 2014, eq. 1](https://arxiv.org/abs/1406.2661)
    """
    return _mean_per_image(ops.softplus(-real_logits)) + _mean_per_image(
        ops.softplus(fake_logits)
    )


def non_saturating_generator_loss(real_logits, fake_logits):
    """`-log D(G(z))`, per image, >= 0 (Goodfellow et al., end of section 3)."""
    del real_logits
    return _mean_per_image(ops.softplus(-fake_logits))


def hinge_discriminator_loss(real_logits, fake_logits):
    """`max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, per image, >= 0.

    Reference:

    - [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894)
    """
    return _mean_per_image(ops.relu(1.0 - real_logits)) + _mean_per_image(
        ops.relu(1.0 + fake_logits)
    )


def hinge_generator_loss(real_logits, fake_logits):
    """`-D(G(z))`, per image, unbounded (Lim & Ye, 2017)."""
    del real_logits
    return _mean_per_image(-fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class LeastSquaresDiscriminatorLoss(keras.losses.Loss):
    """`least_squares_discriminator_loss`, reduced over the batch."""

    def call(self, real_logits, fake_logits):
        return least_squares_discriminator_loss(real_logits, fake_logits)

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
class NonSaturatingDiscriminatorLoss(keras.losses.Loss):
    """`non_saturating_discriminator_loss`, reduced over the batch."""

    def call(self, real_logits, fake_logits):
        return non_saturating_discriminator_loss(real_logits, fake_logits)


@keras.saving.register_keras_serializable(package="keras_gans")
class NonSaturatingGeneratorLoss(keras.losses.Loss):
    """`non_saturating_generator_loss`, reduced over the batch."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return non_saturating_generator_loss(real_logits, fake_logits)


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


# name -> (loss of the generator, loss of the discriminator)
ADVERSARIAL_LOSSES = {
    "hinge": (HingeGeneratorLoss, HingeDiscriminatorLoss),
    "least_squares": (LeastSquaresGeneratorLoss, LeastSquaresDiscriminatorLoss),
    "non_saturating": (
        NonSaturatingGeneratorLoss,
        NonSaturatingDiscriminatorLoss,
    ),
}


def get(identifier):
    """Returns the (generator, discriminator) losses that `identifier` means.

    Args:
        identifier: A name in `ADVERSARIAL_LOSSES`, or a pair of
            `keras.losses.Loss`, which is returned as it is.

    Raises:
        ValueError: If the name is unknown or it is no such pair.
    """
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


def probability_real(discriminator_loss, logits):
    """The discriminator's answers as probabilities of "real", in [0, 1].

    The sigmoid of the logits, except where a loss says better by a method
    `probability`.
    """
    if hasattr(discriminator_loss, "probability"):
        return discriminator_loss.probability(logits)
    return ops.sigmoid(logits)


def _mean_per_image(values):
    if values.ndim == 1:
        return values
    return ops.mean(values, axis=tuple(range(1, values.ndim)))
