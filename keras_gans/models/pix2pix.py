"""pix2pix (Isola et al., 2017, https://arxiv.org/abs/1611.07004)."""

import functools

import keras
from keras import layers, ops

from keras_gans.layers import InstanceNormalization
from keras_gans.losses import adversarial as adversarial_losses
from keras_gans.losses import mean_absolute_error
from keras_gans.metrics import (
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from keras_gans.models.adversarial import AdversarialModel
from keras_gans.models.base import at_least_float32, same_shape
from keras_gans.models.inference import inference_view, seed_dropout

_LOGS = (
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
    "l1_loss",
)
_TEST_LOGS = ("psnr", "ssim")


@keras.saving.register_keras_serializable(package="keras_gans")
class Pix2Pix(AdversarialModel):
    """Learns to translate images from pairs of input and target.

    The discriminator is conditional: it judges whether a target belongs to
    its input, which it sees on the first channels. The generator minimises
    (eq. 4)

        adversarial(input, fake) + lambda_l1 * |target - fake|

    where the second term gets the outlines right and the first one makes the
    picture sharp. In each step the discriminator takes the first turn, and the
    generator plays against the new one.

    Train it by `compile` and `fit` on batches `(input_images, target_images)`,
    float32 `(batch, height, width, channels)` in [-1, 1]; the paper's batch is
    one pair. `predict` translates, and always the same way; `translate` also
    offers the paper's noise, which is dropout. `l1_loss` is the unweighted
    mean absolute difference. `evaluate` adds PSNR (decibels, at most 100) and
    SSIM of pictures in [0, 1].

    Reference:

    - [Isola et al., 2017](https://arxiv.org/abs/1611.07004)

    Args:
        generator: Built model from input images to target images, such as
            `build_unet_generator`.
        discriminator: Built model from input and target, concatenated on the
            channels, to logits: `build_patchgan_discriminator((256, 256, 6),
            normalization="batch", affine=True, use_bias=False)`.
        norm_mode: How batch norms of both networks work outside of training:
            `"instance"` (the paper, whose batch is one image), `"batch"` or
            `"running"`; see `inference_view`. Holds for `call`, `predict`,
            `evaluate` and exports.
        seed: Integer or `None`, seeds the dropout of `translate`; that of
            training belongs to the generator.
        **kwargs: Base model keyword arguments (e.g. `name`).

    Raises:
        ValueError: If the networks' channels or sizes do not fit each other,
            if one normalises a single pixel, or if `norm_mode` is unknown.
    """

    def __init__(
        self,
        generator,
        discriminator,
        norm_mode="instance",
        seed=None,
        **kwargs,
    ):
        _check_fit(generator, discriminator)
        _check_norms("generator", generator)
        _check_norms("discriminator", discriminator)
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.norm_mode = norm_mode
        self.seed = seed
        # Behind a function: Keras would save views as networks of their own.
        self._view = functools.cache(
            functools.partial(inference_view, seed=seed)
        )
        # Made now, and not while a graph is being traced.
        self._view(generator, norm_mode)
        self._view(discriminator, norm_mode)
        self._finish_init(
            [keras.metrics.Mean(name) for name in _LOGS + _TEST_LOGS]
        )

    @property
    def generator_variables(self):
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    def export_networks(self, norm_mode=None, dropout=False):
        """Returns the generator as it runs on a device.

        Args:
            norm_mode: As of `translate`.
            dropout: Boolean. Files hold no chance: with `True`, what is
                dropped is drawn once, by the seed of the model, and is part
                of the file. Defaults to `False`.

        Returns:
            A dictionary from `"generator"` to a `keras.Model`.

        Raises:
            ValueError: If `norm_mode` is unknown.
        """
        norm_mode = self.norm_mode if norm_mode is None else norm_mode
        noise = "fixed" if dropout else False
        return {"generator": self._view(self.generator, norm_mode, noise)}

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        adversarial_loss="non_saturating",
        discriminator_loss_weight=0.5,
        lambda_l1=100.0,
        **kwargs,
    ):
        """Sets optimizers, losses and weights; the defaults are the paper's.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer`, its name or
                config. Defaults to the paper's Adam at a constant rate; see
                `keras_gans.FlatThenLinear`.
            discriminator_optimizer: The same, for the discriminator.
            adversarial_loss: Name of a loss family or a pair of
                `keras.losses.Loss`. Defaults to `"non_saturating"`.
                `"wasserstein"` is refused.
            discriminator_loss_weight: Float > 0. Defaults to 0.5: "we divide
                the objective by 2 while optimizing D" (section 3.3). The
                authors' Torch code has 1.
            lambda_l1: Float >= 0, weight of the L1 term. Defaults to 100.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            ValueError: If a weight is out of range, or a loss unknown or in
                need of a penalty.
        """
        if not 0 <= lambda_l1 < float("inf"):
            raise ValueError(
                f"`lambda_l1` must be >= 0. Received: lambda_l1={lambda_l1}."
            )
        adversarial_loss = adversarial_losses.get(adversarial_loss)
        if isinstance(
            adversarial_loss[1], adversarial_losses.WassersteinDiscriminatorLoss
        ):
            raise ValueError(
                "`adversarial_loss` must not be a Wasserstein loss: its "
                "discriminator needs a gradient penalty or weight clipping, "
                "and `Pix2Pix` has neither. Received: a "
                f"{type(adversarial_loss[1]).__name__}."
            )
        super().compile(
            generator_optimizer,
            discriminator_optimizer,
            adversarial_loss,
            discriminator_loss_weight,
            **kwargs,
        )
        self.lambda_l1 = lambda_l1

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {**config, "lambda_l1": self.lambda_l1}

    def call(self, input_images, training=False):
        if training:
            return self.generator(input_images, training=True)
        view = self._view(self.generator, self.norm_mode)
        return view(input_images, training=False)

    def translate(self, input_images, norm_mode=None, dropout=True, seed=None):
        """Translates as the paper's authors test, or in another mode.

        Without arguments, the generator runs "in exactly the same manner as
        during the training phase" (section 3.3), dropout included; but no
        running statistics move, nor does the noise of training.

        Args:
            input_images: Float array `(n, height, width, channels)` in
                [-1, 1], or a data set of batches of them.
            norm_mode: `"instance"`, `"batch"` or `"running"`; see
                `inference_view`. Defaults to that of the model.
            dropout: Boolean, whether to drop out. Defaults to `True`.
            seed: Integer >= 0 for the same dropout at each call, or `None`.

        Returns:
            A NumPy array `(n, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `norm_mode` is unknown.
        """
        norm_mode = self.norm_mode if norm_mode is None else norm_mode
        view = self._view(self.generator, norm_mode, dropout)
        if seed is not None:
            seed_dropout(view, seed)
        return view.predict(input_images, verbose=0)

    def train_step(self, data):
        parts = self._parts(*self._unpack(data))
        tape, generate = self._run_once(self._generate, parts)
        logs = self._train_discriminator(parts, generate)
        logs |= self._train_generator(parts, generate, tape)
        return self._log(**logs)

    def test_step(self, data):
        input_images, target_images = self._unpack(data)
        fake_images = self(input_images, training=False)
        images = (input_images, target_images, fake_images)
        loss, l1_loss = self._generator_objective(*images, training=False)
        discriminator_loss, probabilities = self._discriminator_objective(
            *images, training=False
        )
        return self._log(
            generator_loss=loss,
            discriminator_loss=discriminator_loss,
            l1_loss=l1_loss,
            **probabilities,
            psnr=ops.mean(
                peak_signal_to_noise_ratio(target_images, fake_images)
            ),
            ssim=ops.mean(structural_similarity(target_images, fake_images)),
        )

    def _unpack(self, data):
        input_images, target_images, _ = keras.utils.unpack_x_y_sample_weight(
            data
        )
        if target_images is None:
            raise ValueError(
                "pix2pix needs batches of pairs, (input_images, target_images)."
            )
        produced = self.generator.output_shape[1:]
        expected = tuple(target_images.shape[1:])
        if not same_shape(produced, expected):
            # They might broadcast, and then the L1 term would mean nothing.
            raise ValueError(
                "`generator` must produce what the targets are. Received: "
                f"generator with output shape {produced}, targets of shape "
                f"{expected}."
            )
        return input_images, target_images

    def _generate(self, input_images, target_images):
        del target_images
        return self.generator(input_images, training=True)

    def _train_discriminator(self, parts, generate):
        def objective(input_images, target_images):
            fake_images = generate(input_images, target_images)
            return self._discriminator_objective(
                input_images,
                target_images,
                ops.stop_gradient(fake_images),
                training=True,
            )

        loss, probabilities = self._take_turn(
            objective,
            parts,
            self.discriminator_optimizer,
            self.discriminator_variables,
        )
        return {"discriminator_loss": loss, **probabilities}

    def _train_generator(self, parts, generate, tape):
        def objective(input_images, target_images):
            fake_images = generate(input_images, target_images)
            loss, l1_loss = self._generator_objective(
                input_images, target_images, fake_images, training=True
            )
            return loss, {"l1_loss": l1_loss}

        loss, logs = self._take_turn(
            objective,
            parts,
            self.generator_optimizer,
            self.generator_variables,
            tape,
        )
        return {"generator_loss": loss, **logs}

    def _discriminator_objective(
        self, input_images, target_images, fake_images, training
    ):
        # Two calls: batch normalisation sees each kind by itself.
        real_logits = self._judge(input_images, target_images, training)
        fake_logits = self._judge(input_images, fake_images, training)
        loss = self.discriminator_loss_weight * ops.mean(
            self.discriminator_loss.call(real_logits, fake_logits)
        )
        return loss, self._probabilities(real_logits, fake_logits)

    def _generator_objective(
        self, input_images, target_images, fake_images, training
    ):
        real_logits = None
        if getattr(self.generator_loss, "needs_real_logits", True):
            real_logits = self._judge(input_images, target_images, training)
        fake_logits = self._judge(input_images, fake_images, training)
        adversarial = ops.mean(
            self.generator_loss.call(real_logits, fake_logits)
        )
        l1_loss = ops.mean(mean_absolute_error(target_images, fake_images))
        return adversarial + self.lambda_l1 * l1_loss, l1_loss

    def _judge(self, input_images, images, training):
        discriminator = self.discriminator
        if not training:
            discriminator = self._view(discriminator, self.norm_mode)
        pairs = ops.concatenate([input_images, images], axis=-1)
        return at_least_float32(discriminator(pairs, training=training))

    def get_config(self):
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(
                self.discriminator
            ),
            "norm_mode": self.norm_mode,
            "seed": self.seed,
        }


def _check_fit(generator, discriminator):
    """Refuses a discriminator that cannot see input and output as one."""
    inputs, outputs = generator.input_shape[1:], generator.output_shape[1:]
    if not same_shape(inputs[:-1], outputs[:-1]):
        raise ValueError(
            "`generator` must keep height and width. Received: generator from "
            f"{inputs} to {outputs}."
        )
    pair = (*outputs[:-1], inputs[-1] + outputs[-1])
    received = discriminator.input_shape[1:]
    if not same_shape(pair, received):
        raise ValueError(
            "`discriminator` must take input and target as channels of one "
            f"image, {pair}. Received: discriminator with input shape "
            f"{received}."
        )


def _check_norms(name, network):
    """Refuses norms that would subtract a pixel from itself."""
    norms = (layers.BatchNormalization, InstanceNormalization)
    for layer in network.layers:
        if isinstance(layer, norms) and layer.output.shape[1:3] == (1, 1):
            raise ValueError(
                f"`{name}` must not normalise a single pixel: by the "
                "statistics of one image, nothing of it is left. Received: "
                f"{name} with the norm {layer.name!r} of 1x1 pixels. Leave "
                "that norm out."
            )
