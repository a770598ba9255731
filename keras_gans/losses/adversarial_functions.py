"""The arithmetic of the adversarial losses: what each player minimises.

All work on logits, the unbounded answers of a discriminator; a high logit
always means "judged real". Every function takes `(real_logits, fake_logits)`
of shape `(batch, ...)`, averages over all axes but the first (the patches of
a PatchGAN), and returns one value per image. `adversarial.py` says which two
make a game.

Notation: C is the logit, D = sigmoid(C) the probability of "real".
"""

import tensorflow as tf
from keras import ops


def least_squares_discriminator_loss(
    real_logits, fake_logits, label_smoothing=0.0
):
    """`(C(x) - 1 + s)^2 + C(G(z))^2`, per image, >= 0.

    s is `label_smoothing`: see `non_saturating_discriminator_loss`.

    Reference:

    - [Mao et al., 2017, eq. 9](https://arxiv.org/abs/1611.04076) with a = 0,
      b = 1, without the factor 1/2, as in section 4 of the CycleGAN paper;
      models weight it by `discriminator_loss_weight`.
    """
    target = 1.0 - label_smoothing
    return _mean_per_image(ops.square(real_logits - target)) + _mean_per_image(
        ops.square(fake_logits)
    )


def least_squares_generator_loss(real_logits, fake_logits):
    """`(C(G(z)) - 1)^2`, per image, >= 0 (Mao et al., eq. 9, c = 1)."""
    del real_logits  # Only relativistic losses look at the real side.
    return _mean_per_image(ops.square(fake_logits - 1.0))


def non_saturating_discriminator_loss(
    real_logits, fake_logits, label_smoothing=0.0
):
    """`-(1 - s) log D(x) - s log(1 - D(x)) - log(1 - D(G(z)))`, per image.

    >= 0; 2 log 2 when the discriminator answers 0.5 to everything. It is the
    discriminator's side of the minimax game as well. s is `label_smoothing`:
    real images are to be answered by 1 - s, so that the discriminator never
    gains by certainty. One-sided: smoothed fakes would reward the generator
    for staying where it is.

    Reference:

    - [Goodfellow et al., 2014, eq. 1](https://arxiv.org/abs/1406.2661)
    - [Salimans et al., 2016, section 3.4](https://arxiv.org/abs/1606.03498)
    """
    # -log D is softplus(-C), and -log(1 - D) is that plus C.
    real_loss = ops.softplus(-real_logits) + label_smoothing * real_logits
    return _mean_per_image(real_loss) + _mean_per_image(
        ops.softplus(fake_logits)
    )


def non_saturating_generator_loss(real_logits, fake_logits):
    """`-log D(G(z))`, per image, >= 0 (Goodfellow et al., end of section 3)."""
    del real_logits
    return _mean_per_image(ops.softplus(-fake_logits))


def minimax_generator_loss(real_logits, fake_logits):
    """`log(1 - D(G(z)))`, per image, <= 0 (Goodfellow et al., eq. 1).

    The generator's side of the game as it is played on paper. It saturates:
    its gradient, -D(G(z)) per logit, vanishes where the discriminator rejects
    the image, which is where a generator starts. `non_saturating` has the
    same fixed point without that.
    """
    del real_logits
    return _mean_per_image(-ops.softplus(fake_logits))


def hinge_discriminator_loss(real_logits, fake_logits):
    """`max(0, 1 - C(x)) + max(0, 1 + C(G(z)))`, per image, >= 0.

    Reference:

    - [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894)
    """
    return _mean_per_image(ops.relu(1.0 - real_logits)) + _mean_per_image(
        ops.relu(1.0 + fake_logits)
    )


def hinge_generator_loss(real_logits, fake_logits):
    """`-C(G(z))`, per image, unbounded (Lim & Ye, 2017)."""
    del real_logits
    return _mean_per_image(-fake_logits)


def wasserstein_discriminator_loss(real_logits, fake_logits):
    """`C(G(z)) - C(x)`, per image, unbounded: the loss of a critic.

    Its negative estimates the Wasserstein distance as far as the critic is
    Lipschitz; nothing bounds it otherwise. Add `gradient_penalty`, or clip
    the weights after each update.

    Reference:

    - [Arjovsky et al., 2017, eq. 3](https://arxiv.org/abs/1701.07875)
    """
    return _mean_per_image(fake_logits) - _mean_per_image(real_logits)


def wasserstein_generator_loss(real_logits, fake_logits):
    """`-C(G(z))`, per image, unbounded (Arjovsky et al., algorithm 1)."""
    # Lim & Ye took it over for the hinge.
    return hinge_generator_loss(real_logits, fake_logits)


def relativistic_average_discriminator_loss(real_logits, fake_logits):
    """`-log R(x, G(z)) - log(1 - R(G(z), x))`, per image, >= 0.

    With `R(a, b) = sigmoid(C(a) - mean C(b))`, how much more real a is than b
    on average. The value of an image therefore depends on its whole batch:
    the mean is over all images, those of other replicas too, and over all
    patches, because a PatchGAN is one critic whose samples are patches; so it
    is in the authors' code, and in ESRGAN's.

    Reference:

    - [Jolicoeur-Martineau, 2018, RaSGAN](https://arxiv.org/abs/1807.00734),
      without the factor 1/2 of the code, as in the paper.
    """
    return _mean_per_image(
        ops.softplus(mean_over_batch(fake_logits) - real_logits)
    ) + _mean_per_image(
        ops.softplus(fake_logits - mean_over_batch(real_logits))
    )


def relativistic_average_generator_loss(real_logits, fake_logits):
    """`-log R(G(z), x) - log(1 - R(x, G(z)))`, per image, >= 0.

    The discriminator's loss with the sides exchanged: fakes shall look more
    real than real images do, which also pulls the real ones down.
    """
    return relativistic_average_discriminator_loss(fake_logits, real_logits)


def mean_over_batch(logits):
    """Mean of all logits of the batch, the parts of other replicas included."""
    mean = ops.mean(logits)
    replica = tf.distribute.get_replica_context()
    if replica and replica.num_replicas_in_sync > 1:
        mean = replica.all_reduce(tf.distribute.ReduceOp.MEAN, mean)
    return mean


def _mean_per_image(values):
    if values.ndim == 1:
        return values
    return ops.mean(values, axis=tuple(range(1, values.ndim)))
