"""What GAN and ConditionalGAN share: the game between noise and images."""

import abc

import keras
from keras import ops

from keras_gans import replicas
from keras_gans.losses import adversarial as adversarial_losses
from keras_gans.losses import penalties
from keras_gans.metrics.deviation import Deviation
from keras_gans.models.adversarial import AdversarialModel
from keras_gans.models.base import at_least_float32, cut
from keras_gans.noise import draw_normal

_LOGS = (
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
)
# Of the answers over the steps of an epoch: a game that swings has large ones.
_DEVIATIONS = ("real_probability_deviation", "fake_probability_deviation")


class LatentModel(AdversarialModel):
    """Abstract base of models whose generator turns noise into images.

    One `train_step` is Goodfellow's algorithm 1: `discriminator_steps` turns
    of the discriminator, each on its own part of the batch and on new fakes,
    then one turn of the generator against the discriminator as it is now. The
    fakes of the last discriminator's turn are those of the generator's: its
    forward pass runs once.

    Subclasses are final and say what a batch holds (`_unpack`) and what both
    networks are conditioned on.

    Args:
        generator: Built model from noise (and conditions) to images.
        discriminator: Built model from images (and conditions) to one logit
            per image or per patch.
        discriminator_steps: Integer >= 1, turns of the discriminator in a
            step. The batch is cut into as many parts, so multiply its size.
        average_decay: Float in [0, 1), decay of the moving average of the
            generator's weights that `call`, `predict`, `sample` and exports
            use; 0 for none.
        seed: Integer or `None`, seeds the noise.
    """

    def __init__(
        self,
        generator,
        discriminator,
        discriminator_steps=1,
        average_decay=0.0,
        seed=None,
        **kwargs,
    ):
        if discriminator.output_shape[-1] != 1:
            raise ValueError(
                "`discriminator` must end in one logit per image or patch. "
                f"Received: output shape {discriminator.output_shape}."
            )
        if not isinstance(discriminator_steps, int) or discriminator_steps < 1:
            raise ValueError(
                "`discriminator_steps` must be an integer >= 1. Received: "
                f"discriminator_steps={discriminator_steps}."
            )
        if not 0 <= average_decay < 1:
            raise ValueError(
                "`average_decay` must be in [0, 1). Received: "
                f"average_decay={average_decay}."
            )
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.average_decay = average_decay
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        if average_decay:
            self.average_generator = keras.models.clone_model(generator)
            self.average_generator.set_weights(generator.get_weights())
            self.average_generator.trainable = False
        self._finish_init(
            [keras.metrics.Mean(name) for name in _LOGS]
            + [Deviation(name) for name in _DEVIATIONS]
        )

    @abc.abstractmethod
    def _unpack(self, data):
        """Returns the images of a batch and the list of its conditions."""

    @property
    def generator_variables(self):
        return self.generator.trainable_variables

    @property
    def discriminator_variables(self):
        return self.discriminator.trainable_variables

    def export_networks(self):
        return {"generator": self.inference_generator}

    @property
    def inference_generator(self):
        """The generator that samples: the averaged one, if there is one."""
        return self.average_generator if self.average_decay else self.generator

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        adversarial_loss="non_saturating",
        discriminator_loss_weight=1.0,
        penalty=None,
        penalty_weight=10.0,
        clip_limit=None,
        label_smoothing=0.0,
        instance_noise=0.0,
        **kwargs,
    ):
        """Sets optimizers and losses.

        Gradients are clipped by the optimizers, as everywhere in Keras: give
        them `global_clipnorm`, `clipnorm` or `clipvalue`.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer`, its name or
                config. Defaults to DCGAN's Adam.
            discriminator_optimizer: The same, for the discriminator.
            adversarial_loss: Name of a loss family or a pair of
                `keras.losses.Loss`. Defaults to `"non_saturating"`.
            discriminator_loss_weight: Float > 0, factor of the
                discriminator's loss.
            penalty: Name in `keras_gans.losses.PENALTIES` or `None`.
            penalty_weight: Float > 0. Defaults to 10, as for WGAN-GP.
            clip_limit: Float > 0, bound of all weights of a Wasserstein
                critic (the paper: 0.01), or `None`.
            label_smoothing: Float in [0, 0.5), by which the target of real
                images is less than 1 (Salimans et al., 2016, section 3.4);
                for loss families that have one.
            instance_noise: Float >= 0, deviation of the noise that is added
                to whatever the discriminator sees in training (Sonderby et
                al., 2017), or a `LearningRateSchedule` of it.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`.

        Raises:
            ValueError: If a name is unknown, a number out of range, or a
                penalty or smoothing does not fit the loss.
        """
        if not penalty_weight > 0:
            raise ValueError(
                "`penalty_weight` must be > 0. Received: "
                f"penalty_weight={penalty_weight}."
            )
        if not callable(instance_noise) and not instance_noise >= 0:
            raise ValueError(
                "`instance_noise` must be >= 0 or a schedule. Received: "
                f"instance_noise={instance_noise}."
            )
        if penalty is not None:
            penalties.check_fit(penalty, adversarial_loss)
        if clip_limit is not None:
            penalties.check_fit("weight_clipping", adversarial_loss)
        super().compile(
            generator_optimizer,
            discriminator_optimizer,
            adversarial_losses.get(adversarial_loss, label_smoothing),
            discriminator_loss_weight,
            **kwargs,
        )
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.clip_limit = clip_limit
        self.instance_noise = instance_noise
        self.trackers.pop("penalty", None)
        if penalty is not None:
            self.trackers["penalty"] = keras.metrics.Mean("penalty")

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {
            **config,
            "penalty": self.penalty,
            "penalty_weight": self.penalty_weight,
            "clip_limit": self.clip_limit,
            "instance_noise": keras.saving.serialize_keras_object(
                self.instance_noise
            ),
        }

    def call(self, inputs, training=False):
        return self.inference_generator(inputs, training=training)

    def draw_latents(self, num_images, seed=None):
        """Returns standard normal noise for the generator.

        Args:
            num_images: Integer.
            seed: Integer for the same noise at each call, or `None` for the
                next noise of the model.

        Returns:
            A float tensor `(num_images, latent_dim)`.
        """
        shape = (num_images, *self._latent_shape)
        if seed is not None:
            return keras.random.normal(shape, seed=seed)
        return self._draw_normal(shape)

    @property
    def _latent_shape(self):
        inputs = self.generator.input
        if isinstance(inputs, dict):
            inputs = inputs["latents"]
        return inputs.shape[1:]

    def _draw_normal(self, shape):
        """The next noise of the model."""
        return draw_normal(shape, self.seed_generator)

    def train_step(self, data):
        images, conditions = self._unpack(data)
        self.check_batch_size(images.shape[0])
        for turn in cut([images, *conditions], self.discriminator_steps):
            latents = self.draw_latents(ops.shape(turn[0])[0])
            parts = self._parts(latents, *turn)
            tape, generate = self._run_once(self._generate, parts)
            logs = self._train_discriminator(parts, generate)
        logs["generator_loss"] = self._train_generator(parts, generate, tape)
        self._update_average()
        for name in _DEVIATIONS:
            logs[name] = logs[name.removesuffix("_deviation")]
        return self._log(**logs)

    def test_step(self, data):
        images, conditions = self._unpack(data)
        # A seed of its own: evaluation must not move the noise of training.
        latents = self.draw_latents(ops.shape(images)[0], seed=0)
        fake_images = self.generator(
            self._inputs("latents", latents, conditions), training=False
        )
        real_logits = self._judge(images, conditions, training=False)
        fake_logits = self._judge(fake_images, conditions, training=False)
        discriminator_loss = self.discriminator_loss.call(
            real_logits, fake_logits
        )
        return self._log(
            generator_loss=ops.mean(
                self.generator_loss.call(real_logits, fake_logits)
            ),
            discriminator_loss=self.discriminator_loss_weight
            * ops.mean(discriminator_loss),
            **self._probabilities(real_logits, fake_logits),
        )

    def check_batch_size(self, batch_size):
        """Refuses batches that a training step cannot use.

        Args:
            batch_size: Integer, or `None` if it is not known.

        Raises:
            ValueError: If the batch cannot be cut into as many equal parts as
                turns and their accumulation take, or if batch normalisation
                would see one image alone.
        """
        count, what = (
            self.discriminator_steps,
            "the number of discriminator steps",
        )
        if self.accumulate_steps > 1:
            count *= self.accumulate_steps
            what += " times `accumulate_steps`"
        self._check_divides(batch_size, count, what)
        sees_one_image = batch_size == count and any(
            isinstance(layer, keras.layers.BatchNormalization)
            # Others see what all replicas have.
            and not (layer.synchronized and replicas.count() > 1)
            for network in (self.generator, self.discriminator)
            for layer in network.layers
        )
        if sees_one_image:
            raise ValueError(
                "Batch normalisation needs more than one image per turn. "
                f"Received: a batch of {batch_size} for {count} turns."
            )

    def _generate(self, latents, images, *conditions):
        del images
        return self.generator(
            self._inputs("latents", latents, conditions), training=True
        )

    def _judge(self, images, conditions, training):
        logits = self.discriminator(
            self._inputs("images", images, conditions), training=training
        )
        return at_least_float32(logits)

    def _train_discriminator(self, parts, generate):
        def objective(latents, real_images, *conditions):
            fake_images = generate(latents, real_images, *conditions)
            return self._discriminator_objective(
                real_images, fake_images, conditions
            )

        loss, logs = self._take_turn(
            objective,
            parts,
            self.discriminator_optimizer,
            self.discriminator_variables,
        )
        if self.clip_limit is not None:
            penalties.clip_weights(
                self.discriminator_variables, self.clip_limit
            )
        return {"discriminator_loss": loss, **logs}

    def _train_generator(self, parts, generate, tape):
        def objective(latents, real_images, *conditions):
            fake_images = generate(latents, real_images, *conditions)
            return self._generator_objective(
                real_images, fake_images, conditions
            ), {}

        loss, _ = self._take_turn(
            objective,
            parts,
            self.generator_optimizer,
            self.generator_variables,
            tape,
        )
        return loss

    def _discriminator_objective(self, real_images, fake_images, conditions):
        real_images = self._add_noise(real_images)
        fake_images = self._add_noise(ops.stop_gradient(fake_images))
        # Two calls: batch normalisation sees each kind by itself.
        real_logits = self._judge(real_images, conditions, training=True)
        fake_logits = self._judge(fake_images, conditions, training=True)
        loss = self.discriminator_loss_weight * ops.mean(
            self.discriminator_loss.call(real_logits, fake_logits)
        )
        logs = self._probabilities(real_logits, fake_logits)
        if self.penalty is not None:
            penalty = ops.mean(
                penalties.get(self.penalty)(
                    lambda images: self._judge(images, conditions, True),
                    real_images,
                    fake_images,
                    self.seed_generator,
                )
            )
            loss += self.penalty_weight * penalty
            logs["penalty"] = penalty
        return loss, logs

    def _generator_objective(self, real_images, fake_images, conditions):
        real_logits = None
        if getattr(self.generator_loss, "needs_real_logits", True):
            real_logits = self._judge(
                self._add_noise(real_images), conditions, training=True
            )
        fake_logits = self._judge(
            self._add_noise(fake_images), conditions, training=True
        )
        return ops.mean(self.generator_loss.call(real_logits, fake_logits))

    def _add_noise(self, images):
        deviation = self.instance_noise
        if callable(deviation):
            deviation = deviation(self.discriminator_optimizer.iterations)
        elif deviation == 0:
            return images
        return images + deviation * self._draw_normal(ops.shape(images))

    def _update_average(self):
        if not self.average_decay:
            return
        for average, weight in zip(
            self.average_generator.weights, self.generator.weights
        ):
            if weight.dtype != "float32" or not average.shape:
                average.assign(weight)
                continue
            average.assign(weight + self.average_decay * (average - weight))

    def get_config(self):
        return {
            **super().get_config(),
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(
                self.discriminator
            ),
            "discriminator_steps": self.discriminator_steps,
            "average_decay": self.average_decay,
            "seed": self.seed,
        }
