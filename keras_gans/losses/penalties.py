"""Penalties on a discriminator's gradient, and the clipping of its weights.

A penalty is called as `penalty(discriminator, real_images, fake_images,
seed_generator)`, whether it needs all of that or not, so that a model can
call any by name. It returns one value per image, float32 and >= 0; the model
adds its mean, times a weight, to the discriminator's loss, and differentiates
a second time, with respect to the discriminator's weights.

- `discriminator`: callable from float32 images `(batch, ...)` to logits
  `(batch, ...)`. Whatever else it is to be told is bound beforehand:
  `lambda images: discriminator([images, labels], training=True)`. Labels are
  of the images that the penalty uses: real ones, fake ones for `r2`, and for
  `gradient` the same for both. The score of an image is the mean of its
  patches' logits, as in the losses, and shall depend on no other image: batch
  normalisation does not fit (Gulrajani et al., section 4).
- `real_images`, `fake_images`: float tensors `(batch, ...)`, no gradient
  passes into them.
- `seed_generator`: `keras.random.SeedGenerator`, drawn from by `dragan` and
  `gradient`, for the global batch: no two replicas get the same numbers.

Under a half precision policy everything here is float32, but the forward and
backward pass inside the discriminator is in half, and so is the precision of
the gradients; the optimizer's loss scaling covers the second differentiation.
"""

import tensorflow as tf
from keras import ops

from keras_gans import noise
from keras_gans.losses import adversarial


def gradient_penalty(discriminator, real_images, fake_images, seed_generator):
    """`(|grad C(y)| - 1)^2` at a random point y between a real and a fake.

    `y = e x + (1 - e) G(z)`, with one e from [0, 1] per image; the norm is
    over all axes but the first. The paper's weight is 10.

    Reference:

    - [Gulrajani et al., 2017, eq. 3](https://arxiv.org/abs/1704.00028)

    Raises:
        ValueError: If the images differ in shape, or no gradient reaches them.
    """
    real_images, fake_images = _float32(real_images), _float32(fake_images)
    if not real_images.shape.is_compatible_with(fake_images.shape):
        raise ValueError(
            "`real_images` and `fake_images` must be of one shape, because "
            "the gradient penalty mixes them. Received: real_images.shape="
            f"{tuple(real_images.shape)}, fake_images.shape="
            f"{tuple(fake_images.shape)}."
        )
    share = _uniform_per_image(real_images, seed_generator)
    mixed_images = share * real_images + (1.0 - share) * fake_images
    return ops.square(_norm(_gradients(discriminator, mixed_images)) - 1.0)


def r1_penalty(discriminator, real_images, fake_images, seed_generator):
    """`1/2 |grad C(x)|^2` at the real images.

    The 1/2 is in here: the weight is the paper's gamma, 10.

    Reference:

    - [Mescheder et al., 2018, eq. 9](https://arxiv.org/abs/1801.04406)

    Raises:
        ValueError: If no gradient reaches the images.
    """
    del fake_images, seed_generator
    gradients = _gradients(discriminator, _float32(real_images))
    return 0.5 * _squared_norm(gradients)


def r2_penalty(discriminator, real_images, fake_images, seed_generator):
    """`1/2 |grad C(G(z))|^2` at the fakes (Mescheder et al., eq. 10)."""
    return r1_penalty(discriminator, fake_images, real_images, seed_generator)


def dragan_penalty(discriminator, real_images, fake_images, seed_generator):
    """`(|grad C(y)| - 1)^2` at a real image with noise.

    `y = x + e u std / 2`, with one e from [0, 1] per image, one u from [0, 1]
    per pixel, and the standard deviation of the pixels of the batch (of the
    replica's part of it). That is the authors' code, which adapts to the
    range of the pixels; the paper's text has normal noise of a variance to
    choose. The weight of both is 10.

    Reference:

    - [Kodali et al., 2017](https://arxiv.org/abs/1705.07215), and its code,
      https://github.com/kodalinaveen3/DRAGAN

    Raises:
        ValueError: If no gradient reaches the images.
    """
    del fake_images
    real_images = _float32(real_images)
    size = 0.5 * ops.std(real_images)
    offsets = size * noise.draw_uniform(tf.shape(real_images), seed_generator)
    share = _uniform_per_image(real_images, seed_generator)
    gradients = _gradients(discriminator, real_images + share * offsets)
    return ops.square(_norm(gradients) - 1.0)


# name -> penalty
PENALTIES = {
    "dragan": dragan_penalty,
    "gradient": gradient_penalty,
    "r1": r1_penalty,
    "r2": r2_penalty,
}

# name -> families of losses that it is for; what is not here fits all. A
# penalty bounds slopes, which helps whatever the game is (Fedus et al., 2018;
# Kurach et al., 2019; DRAGAN's authors leave the objective to the user). To
# clip weights is to make a critic Lipschitz, and nothing else.
FITTING_LOSSES = {
    "weight_clipping": ("wasserstein",),
}


def get(identifier):
    """Returns the penalty that `identifier` means.

    Args:
        identifier: A name in `PENALTIES`, or a function like those, which is
            returned as it is.

    Raises:
        ValueError: If the name is unknown, or it is no function.
    """
    if isinstance(identifier, str) and identifier in PENALTIES:
        return PENALTIES[identifier]
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    raise ValueError(
        f"`penalty` must be one of {sorted(PENALTIES)} or a function of "
        "(discriminator, real_images, fake_images, seed_generator). "
        f"Received: penalty={identifier!r}."
    )


def check_fit(regularizer, adversarial_loss):
    """Refuses a regularizer that is meaningless for a loss.

    Args:
        regularizer: A penalty, as of `get`, or `"weight_clipping"`.
        adversarial_loss: A name in `ADVERSARIAL_LOSSES` or a pair of losses.
            A discriminator's loss of one's own belongs to the families from
            whose classes it derives.

    Raises:
        ValueError: If the two do not fit, or one of them is unknown.
    """
    _, discriminator_loss = adversarial.get(adversarial_loss)
    if regularizer not in FITTING_LOSSES:
        get(regularizer)
        return
    families = FITTING_LOSSES[regularizer]
    if not any(
        isinstance(discriminator_loss, adversarial.ADVERSARIAL_LOSSES[name][1])
        for name in families
    ):
        raise ValueError(
            f"`{regularizer}` must go with an adversarial loss of "
            f"{list(families)}; the penalties {sorted(PENALTIES)} fit every "
            f"loss. Received: a {type(discriminator_loss).__name__}."
        )


def clip_weights(variables, limit):
    """Moves every weight into [-limit, limit], as WGAN does after an update.

    A function for a model's turn, not a `keras.constraints.Constraint`: the
    networks are injected, and a constraint would have to be given to every
    layer when it is built, biases and norms included.

    Reference:

    - [Arjovsky et al., 2017, algorithm 1](https://arxiv.org/abs/1701.07875),
      line 7, with a limit of 0.01.

    Args:
        variables: Trainable variables of the critic, all of them.
        limit: Float > 0.

    Raises:
        ValueError: If `limit` is not > 0.
    """
    if not limit > 0:
        raise ValueError(f"`limit` must be > 0. Received: limit={limit}.")
    for variable in variables:
        variable.assign(ops.clip(variable, -limit, limit))


def _gradients(discriminator, images):
    """Slopes of each image's score, of the shape of `images`."""
    # A penalty binds the discriminator, not the generator.
    images = ops.stop_gradient(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = _float32(discriminator(images))
    gradients = tape.gradient(logits, images)
    if gradients is None:
        raise ValueError(
            "`discriminator` must be differentiable in the images, but no "
            "gradient reaches them. Let it answer with `keras.ops` or layers."
        )
    # Of the sum of the patches first, of their mean here: the tiny slopes of
    # a mean would underflow on their way through a half precision network.
    patches = tf.reduce_prod(tf.shape(logits)[1:])
    return gradients / _float32(patches)


def _squared_norm(gradients):
    return ops.sum(ops.square(gradients), axis=tuple(range(1, gradients.ndim)))


def _norm(gradients):
    squared_norm = _squared_norm(gradients)
    # A root has no slope at zero: it would be inf, and inf * 0 is NaN.
    is_zero = ops.equal(squared_norm, 0.0)
    root = ops.sqrt(ops.where(is_zero, 1.0, squared_norm))
    return ops.where(is_zero, 0.0, root)


def _uniform_per_image(images, seed_generator):
    shape = [tf.shape(images)[0]] + [1] * (images.ndim - 1)
    return noise.draw_uniform(shape, seed_generator)


def _float32(values):
    return ops.cast(values, "float32")
