"""What every two-player model shares; the algorithms live beside it."""

import abc

import keras
import tensorflow as tf
from keras import ops

from keras_gans.losses import adversarial as adversarial_losses
from keras_gans.models.base import BaseModel
from keras_gans.optimizers import FusedAdam


class AdversarialModel(BaseModel):
    """Abstract base: optimizers, losses and answers of two players.

    A training step is a sequence of turns, in each of which a player
    minimises a loss over its variables: `_take_turn`.
    Subclasses are final, or abstract for a family of games.
    """

    @property
    @abc.abstractmethod
    def generator_variables(self):
        """Variables that the generator's optimizer updates."""

    @property
    @abc.abstractmethod
    def discriminator_variables(self):
        """Variables that the discriminator's optimizer updates."""

    def optimizers(self):
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        adversarial_loss="least_squares",
        discriminator_loss_weight=1.0,
        **kwargs,
    ):
        """Sets optimizers and losses.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer`, its name or
                config. Defaults to the papers' Adam.
            discriminator_optimizer: The same, for the discriminator.
            adversarial_loss: Name in `keras_gans.losses.ADVERSARIAL_LOSSES`
                or a pair of `keras.losses.Loss`: generator's,
                discriminator's. Their values per image are averaged,
                whatever their `reduction`.
            discriminator_loss_weight: Float > 0, factor of the
                discriminator's loss.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`.
        """
        if discriminator_loss_weight <= 0:
            raise ValueError(
                "`discriminator_loss_weight` must be > 0. Received: "
                f"discriminator_loss_weight={discriminator_loss_weight}."
            )
        if generator_optimizer is not None and (
            generator_optimizer is discriminator_optimizer
        ):
            raise ValueError(
                "`generator_optimizer` and `discriminator_optimizer` must be "
                "two objects: each keeps moments of its own variables."
            )
        for name, optimizer in (
            ("generator_optimizer", generator_optimizer),
            ("discriminator_optimizer", discriminator_optimizer),
        ):
            _check_updates(name, optimizer)
        # `optimizer=None`: Keras would add an RMSprop that nothing uses, and
        # learning-rate callbacks would turn that one, silently.
        super().compile(optimizer=None, **kwargs)
        self.generator_optimizer = self._prepare_optimizer(
            generator_optimizer, self.generator_variables, paper_adam
        )
        self.discriminator_optimizer = self._prepare_optimizer(
            discriminator_optimizer, self.discriminator_variables, paper_adam
        )
        self.generator_loss, self.discriminator_loss = adversarial_losses.get(
            adversarial_loss
        )
        self.discriminator_loss_weight = discriminator_loss_weight

    def get_compile_config(self):
        config = super().get_compile_config()
        return config and {
            **config,
            "adversarial_loss": keras.saving.serialize_keras_object(
                (self.generator_loss, self.discriminator_loss)
            ),
            "discriminator_loss_weight": self.discriminator_loss_weight,
        }

    def _run_once(self, generate, parts):
        """Lets both players use one forward pass of the generator.

        Only where the batch is whole: what a pass keeps for the gradients is
        the memory that parts are to save, so each player runs its own.

        Args:
            generate: Function of what a part holds; returns fake images.
            parts: What `_parts` returns.

        Returns:
            A tape that has recorded the pass, or `None`, and a function like
            `generate`.
        """
        if len(parts) > 1:
            return None, generate
        with tf.GradientTape() as tape:
            fake_images = generate(*parts[0])
        return tape, lambda *part: fake_images

    def _probabilities(self, real_logits, fake_logits):
        """What the discriminator answers, as two logs in [0, 1]."""

        def mean_probability(logits, other_logits):
            return ops.mean(
                adversarial_losses.probability_real(
                    self.discriminator_loss, logits, other_logits
                )
            )

        return {
            "real_probability": mean_probability(real_logits, fake_logits),
            "fake_probability": mean_probability(fake_logits, real_logits),
        }


def _check_updates(name, optimizer):
    """Refuses an optimizer that does not update in each of its turns."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    num_steps = getattr(inner, "gradient_accumulation_steps", None)
    if num_steps is not None and num_steps > 1:
        raise ValueError(
            f"`{name}` must have no `gradient_accumulation_steps`: its player "
            "would collect gradients from games against several opponents. "
            "`accumulate_steps` of `compile` cuts each batch. Received: "
            f"gradient_accumulation_steps={num_steps}."
        )


def paper_adam(learning_rate=2e-4, beta_1=0.5, beta_2=0.999, **kwargs):
    """Adam as in DCGAN, pix2pix and CycleGAN.

    Its epsilon is PyTorch's 1e-8, not Keras's 1e-7.
    """
    return FusedAdam(learning_rate, beta_1, beta_2, epsilon=1e-8, **kwargs)
