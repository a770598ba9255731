"""CycleGAN (Zhu et al., 2017, https://arxiv.org/abs/1703.10593)."""

import functools
import warnings

import keras
import tensorflow as tf
from keras import layers, ops

from keras_gans.layers import (
    Conv2D,
    Conv2DTranspose,
    ImagePool,
    InstanceNormalization,
    PixelShuffle,
    ReflectionPadding2D,
)
from keras_gans.losses import mean_absolute_error
from keras_gans.models.adversarial import AdversarialModel
from keras_gans.models.base import at_least_float32

_LOGS = (
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
    "cycle_loss",
    "identity_loss",
)


@keras.saving.register_keras_serializable(package="keras_gans")
class CycleGAN(AdversarialModel):
    """Learns to translate between two domains of images without pairs.

    `generator_ab` maps images of domain a to domain b, `generator_ba` back;
    `discriminator_a` judges images of domain a. The generators minimise, in
    one backward pass through the whole objective (eq. 3),

        adversarial(fake_b) + adversarial(fake_a)
        + lambda_cycle * (|ba(ab(a)) - a| + |ab(ba(b)) - b|)
        + lambda_cycle * lambda_identity * (|ba(a) - a| + |ab(b) - b|)

    so that both cycle terms reach both generators. The discriminators then
    learn from real images and from a pool of past fakes (section 4).

    Train it by `compile` and `fit` on batches `(images_a, images_b)`, float32
    `(batch, height, width, channels)` in [-1, 1]. `predict` translates a to
    b, and `predict(images, direction="ba")` back. The logs are running means;
    `cycle_loss` and `identity_loss` are the unweighted mean absolute
    differences of both sides, `real_probability` and `fake_probability` what
    the discriminators answer: both near 0.5 when the game is balanced.

    Reference:

    - [Zhu et al., 2017](https://arxiv.org/abs/1703.10593)

    Args:
        generator_ab: Built model from images of a to images of b.
        generator_ba: Built model from images of b to images of a.
        discriminator_a: Built model from images of a to logits.
        discriminator_b: Built model from images of b to logits.
        pool_size: Integer >= 0, past fakes kept per domain. Defaults to 50.
        seed: Integer or `None`, seeds the pools' draws.
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        ValueError: If the networks' channels or sizes do not fit each other.
    """

    def __init__(
        self,
        generator_ab,
        generator_ba,
        discriminator_a,
        discriminator_b,
        pool_size=50,
        seed=None,
        **kwargs,
    ):
        _check_fit(
            "generator_ab", generator_ab, "discriminator_b", discriminator_b
        )
        _check_fit(
            "generator_ba", generator_ba, "discriminator_a", discriminator_a
        )
        _check_fit("generator_ab", generator_ab, "generator_ba", generator_ba)
        _check_fit("generator_ba", generator_ba, "generator_ab", generator_ab)
        super().__init__(**kwargs)
        self.generator_ab = generator_ab
        self.generator_ba = generator_ba
        self.discriminator_a = discriminator_a
        self.discriminator_b = discriminator_b
        self.pool_size = pool_size
        self.seed = seed
        self.pool_a = self._build_pool(generator_ba, seed)
        self.pool_b = self._build_pool(
            generator_ab, None if seed is None else seed + 1
        )
        self._finish_init([keras.metrics.Mean(name) for name in _LOGS])

    def _build_pool(self, generator, seed):
        pool = ImagePool(self.pool_size, seed, dtype=keras.config.floatx())
        pool.build(generator.output_shape)
        return pool

    @property
    def generator_variables(self):
        return (
            self.generator_ab.trainable_variables
            + self.generator_ba.trainable_variables
        )

    @property
    def discriminator_variables(self):
        return (
            self.discriminator_a.trainable_variables
            + self.discriminator_b.trainable_variables
        )

    def export_networks(self):
        return {
            "generator_ab": self.generator_ab,
            "generator_ba": self.generator_ba,
        }

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        adversarial_loss="least_squares",
        discriminator_loss_weight=0.5,
        lambda_cycle=10.0,
        lambda_identity=0.5,
        **kwargs,
    ):
        """Sets optimizers, losses and weights; the defaults are the paper's.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` of both
                generators, its name or config. Defaults to the paper's Adam
                at a constant rate; see `keras_gans.FlatThenLinear`.
            discriminator_optimizer: The same, of both discriminators.
            adversarial_loss: Name of a loss family or a pair of
                `keras.losses.Loss`. Defaults to `"least_squares"`.
            discriminator_loss_weight: Float > 0. Defaults to 0.5: "we divide
                the objective by 2 while optimizing D" (section 4).
            lambda_cycle: Float >= 0, weight of the cycle terms, or a pair of
                them: of `a -> b -> a` and of `b -> a -> b`.
            lambda_identity: Float >= 0, weight of the identity terms
                relative to `lambda_cycle` (section 5.2). It is set to 0, with
                a warning, where the domains' channel counts differ.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            ValueError: If a weight is negative or a name unknown.
        """
        lambdas = (
            tuple(lambda_cycle)
            if isinstance(lambda_cycle, (tuple, list))
            else (lambda_cycle, lambda_cycle)
        )
        if len(lambdas) != 2 or not all(map(_is_weight, lambdas)):
            raise ValueError(
                "`lambda_cycle` must be a number >= 0 or a pair of them. "
                f"Received: lambda_cycle={lambda_cycle}."
            )
        if not _is_weight(lambda_identity):
            raise ValueError(
                "`lambda_identity` must be >= 0. "
                f"Received: lambda_identity={lambda_identity}."
            )
        channels_a = self.generator_ab.input_shape[-1]
        channels_b = self.generator_ba.input_shape[-1]
        if lambda_identity and channels_a != channels_b:
            warnings.warn(
                "The identity loss is off: it feeds a generator with images "
                f"of its target domain, but domain a has {channels_a} "
                f"channels and domain b {channels_b}. Set `lambda_identity=0` "
                "to say so yourself.",
                stacklevel=2,
            )
            lambda_identity = 0.0
        super().compile(
            generator_optimizer,
            discriminator_optimizer,
            adversarial_loss,
            discriminator_loss_weight,
            **kwargs,
        )
        self.lambda_cycle_a, self.lambda_cycle_b = lambdas
        self.lambda_identity = lambda_identity

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {
            **config,
            "lambda_cycle": (self.lambda_cycle_a, self.lambda_cycle_b),
            "lambda_identity": self.lambda_identity,
        }

    def call(self, images, training=False):
        return self.generator_ab(images, training=training)

    def predict(self, x, *args, direction="ab", **kwargs):
        """As `keras.Model.predict`, on images of the domain translated from.

        Args:
            x: Images of domain a (or b), or a data set of batches of them.
            *args: Of `keras.Model.predict`.
            direction: `"ab"` (default) or `"ba"`.
            **kwargs: Of `keras.Model.predict`.

        Returns:
            A NumPy array of images in [-1, 1].
        """
        generators = {"ab": self.generator_ab, "ba": self.generator_ba}
        if direction not in generators:
            raise ValueError(
                "`direction` must be 'ab' or 'ba'. "
                f"Received: direction={direction!r}."
            )
        if isinstance(x, tf.data.Dataset) and isinstance(x.element_spec, tuple):
            raise ValueError(
                "`x` must hold images of one domain, not pairs. Map the data "
                "set to its first or second part."
            )
        return generators[direction].predict(x, *args, **kwargs)

    def train_step(self, data):
        real_a, real_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        logs, fake_a, fake_b = self._train_generators(real_a, real_b)
        logs |= self._train_discriminators(
            real_a, self.pool_a(fake_a), real_b, self.pool_b(fake_b)
        )
        return self._log(**logs)

    def test_step(self, data):
        real_a, real_b, _ = keras.utils.unpack_x_y_sample_weight(data)
        loss, logs, fake_a, fake_b = self._generators_objective(
            real_a, real_b, training=False
        )
        discriminator_loss, probabilities = self._discriminators_objective(
            real_a, fake_a, real_b, fake_b, training=False
        )
        return self._log(
            generator_loss=loss,
            discriminator_loss=discriminator_loss,
            **logs,
            **probabilities,
        )

    def _train_generators(self, real_a, real_b):
        loss, logs, fake_a, fake_b = self._take_turn(
            functools.partial(self._generators_objective, training=True),
            self._parts(real_a, real_b),
            self.generator_optimizer,
            self.generator_variables,
        )
        return {"generator_loss": loss, **logs}, fake_a, fake_b

    def _train_discriminators(self, real_a, fake_a, real_b, fake_b):
        loss, probabilities = self._take_turn(
            functools.partial(self._discriminators_objective, training=True),
            self._parts(real_a, fake_a, real_b, fake_b),
            self.discriminator_optimizer,
            self.discriminator_variables,
        )
        return {"discriminator_loss": loss, **probabilities}

    def _generators_objective(self, real_a, real_b, training):
        # A third of the generators' work: not done for a weight of zero.
        has_identity = bool(self.lambda_identity)
        fake_b, *same_b = _answer_each(
            self.generator_ab, training, real_a, *[real_b] * has_identity
        )
        fake_a, *same_a = _answer_each(
            self.generator_ba, training, real_b, *[real_a] * has_identity
        )
        cycle_a = _l1(real_a, self.generator_ba(fake_b, training=training))
        cycle_b = _l1(real_b, self.generator_ab(fake_a, training=training))
        loss = (
            self._adversarial(self.discriminator_b, real_b, fake_b, training)
            + self._adversarial(self.discriminator_a, real_a, fake_a, training)
            + self.lambda_cycle_a * cycle_a
            + self.lambda_cycle_b * cycle_b
        )
        identity_a = identity_b = 0.0
        if has_identity:
            identity_a, identity_b = _l1(real_a, *same_a), _l1(real_b, *same_b)
            loss += self.lambda_identity * (
                self.lambda_cycle_a * identity_a
                + self.lambda_cycle_b * identity_b
            )
        logs = {
            "cycle_loss": (cycle_a + cycle_b) / 2,
            "identity_loss": (identity_a + identity_b) / 2,
        }
        return loss, logs, fake_a, fake_b

    def _adversarial(self, discriminator, real_images, fake_images, training):
        real_logits = None
        if getattr(self.generator_loss, "needs_real_logits", True):
            real_logits = _judge(discriminator, real_images, training)
        fake_logits = _judge(discriminator, fake_images, training)
        return ops.mean(self.generator_loss.call(real_logits, fake_logits))

    def _discriminators_objective(
        self, real_a, fake_a, real_b, fake_b, training
    ):
        losses, probabilities = [], []
        for discriminator, real_images, fake_images in (
            (self.discriminator_a, real_a, fake_a),
            (self.discriminator_b, real_b, fake_b),
        ):
            real_logits, fake_logits = map(
                at_least_float32,
                _answer_each(discriminator, training, real_images, fake_images),
            )
            losses.append(
                ops.mean(self.discriminator_loss.call(real_logits, fake_logits))
            )
            probabilities.append(self._probabilities(real_logits, fake_logits))
        loss = self.discriminator_loss_weight * sum(losses)
        of_a, of_b = probabilities
        return loss, {name: (of_a[name] + of_b[name]) / 2 for name in of_a}

    def get_config(self):
        networks = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in (
                "generator_ab",
                "generator_ba",
                "discriminator_a",
                "discriminator_b",
            )
        }
        return {
            **super().get_config(),
            **networks,
            "pool_size": self.pool_size,
            "seed": self.seed,
        }


# They show no image another one, draw no numbers and remember nothing.
_PER_IMAGE_LAYERS = frozenset(
    {
        Conv2D,
        Conv2DTranspose,
        InstanceNormalization,
        PixelShuffle,
        ReflectionPadding2D,
        layers.Activation,
        layers.Add,
        layers.Conv2D,
        layers.Conv2DTranspose,
        layers.Cropping2D,
        layers.DepthwiseConv2D,
        layers.InputLayer,
        layers.LeakyReLU,
        layers.ReLU,
        layers.UpSampling2D,
        layers.ZeroPadding2D,
    }
)


def _answer_each(network, training, *batches):
    """Returns the answer of `network` to each batch, by one call if it can.

    Each call is traced, and its graph optimised, anew: with fewer of them the
    first step comes sooner. The answers are the same but for rounding.
    """
    shapes = {tuple(batch.shape[1:]) for batch in batches}
    one_size = len(shapes) == 1 and None not in min(shapes)
    if len(batches) == 1 or not one_size or not _is_per_image(network):
        return [network(batch, training=training) for batch in batches]
    sizes = [ops.shape(batch)[0] for batch in batches]
    answers = network(ops.concatenate(batches), training=training)
    return tf.split(answers, sizes)


def _is_per_image(network):
    """Whether `network` surely treats each image as if it were alone."""
    return (
        # A class of one's own may do more than its graph tells.
        type(network).__module__.startswith("keras.")
        and hasattr(network, "operations")
        and _PER_IMAGE_LAYERS.issuperset(map(type, network.operations))
    )


def _is_weight(value):
    return isinstance(value, (int, float)) and 0 <= value < float("inf")


def _judge(discriminator, images, training):
    return at_least_float32(discriminator(images, training=training))


def _l1(images, reconstructions):
    return ops.mean(mean_absolute_error(images, reconstructions))


def _check_fit(source_name, source, target_name, target):
    """Refuses networks of which one cannot feed the other."""
    produced, expected = source.output_shape[1:], target.input_shape[1:]
    fits = all(
        size == wanted or wanted is None or size is None
        for size, wanted in zip(produced, expected)
    )
    if not fits:
        raise ValueError(
            f"`{source_name}` must produce what `{target_name}` takes. "
            f"Received: {source_name} with output shape {produced}, "
            f"{target_name} with input shape {expected}."
        )
