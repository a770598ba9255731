"""What every two-player model shares; the algorithms live beside it."""

import abc

import keras
import tensorflow as tf
from keras import ops

from keras_gans.losses import adversarial as adversarial_losses


class AdversarialModel(keras.Model, abc.ABC):
    """Abstract base: optimizers, turns, logs and saved state of two players.

    A training step is a sequence of turns, in each of which a player
    minimises a loss over its variables; `_update` is the end of a turn.
    Subclasses are final. They set their built networks, call `_finish_init`
    with the trackers of their logs, and implement `train_step`, `test_step` and
    the three properties below.
    """

    @property
    @abc.abstractmethod
    def generator_variables(self):
        """Variables that the generator's optimizer updates."""

    @property
    @abc.abstractmethod
    def discriminator_variables(self):
        """Variables that the discriminator's optimizer updates."""

    # A method: Keras's saving walks over properties, and would file the
    # networks' weights under this name.
    @abc.abstractmethod
    def export_networks(self):
        """Returns the networks that users deploy, a dictionary by name."""

    def _finish_init(self, trackers):
        self.trackers = {tracker.name: tracker for tracker in trackers}
        self.built = True  # The injected networks already are.

    @property
    def metrics(self):
        # Without this, Keras logs a `loss` that nothing updates.
        return list(self.trackers.values())

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
            **kwargs: Of `keras.Model.compile`, such as `jit_compile`.
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
        # `optimizer=None`: Keras would add an RMSprop that nothing uses, and
        # learning-rate callbacks would turn that one, silently.
        super().compile(optimizer=None, **kwargs)
        self.generator_optimizer = self._prepare_optimizer(
            generator_optimizer, self.generator_variables
        )
        self.discriminator_optimizer = self._prepare_optimizer(
            discriminator_optimizer, self.discriminator_variables
        )
        self.generator_loss, self.discriminator_loss = adversarial_losses.get(
            adversarial_loss
        )
        self.discriminator_loss_weight = discriminator_loss_weight
        self._keras_compile_arguments = kwargs

    def _prepare_optimizer(self, optimizer, variables):
        if optimizer is None:
            optimizer = paper_adam()
        optimizer = keras.optimizers.get(optimizer)
        computes_in_half = any(
            layer.compute_dtype == "float16"
            for network in self.layers
            for layer in getattr(network, "layers", [network])
        )
        # Keras wraps only the optimizer that it knows of.
        if computes_in_half and not isinstance(
            optimizer, keras.optimizers.LossScaleOptimizer
        ):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Built now, so that a file can restore its slots.
        optimizer.build(variables)
        return optimizer

    def _update(self, tape, loss, optimizer, variables):
        """Ends a player's turn: one step of `optimizer` down `loss`.

        Returns the loss for the logs: NaN if a gradient was not finite. Such
        gradients count as zero, so the trainable weights stay finite (running
        statistics of batch normalisation do not), and the callback
        `StopOnNonFinite` sees the NaN.
        """
        with tape:
            # Replicas add their gradients up.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            scaled_loss = optimizer.scale_loss(loss / replicas)
        gradients = tape.gradient(
            scaled_loss, [variable.value for variable in variables]
        )
        for variable, gradient in zip(variables, gradients):
            if gradient is None:
                raise ValueError(
                    f"No gradient reaches the weight `{variable.path}`: it "
                    "has no influence on the loss. Leave its layer out, or "
                    "set `trainable=False` before `compile`."
                )
        if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            # Loss scaling looks for overflows, and skips their steps, itself.
            gradients, loss = _without_non_finite(gradients, loss)
        optimizer.apply(gradients, variables)
        return loss

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

    def _log(self, **values):
        for name, value in values.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in values}

    def get_compile_config(self):
        if not self.compiled:
            return None
        return keras.saving.serialize_keras_object(
            {
                "generator_optimizer": self.generator_optimizer,
                "discriminator_optimizer": self.discriminator_optimizer,
                "adversarial_loss": (
                    self.generator_loss,
                    self.discriminator_loss,
                ),
                "discriminator_loss_weight": self.discriminator_loss_weight,
                **self._keras_compile_arguments,
            }
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @classmethod
    def from_config(cls, config):
        return cls(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store):
        for name, variable in self._state_outside_weights().items():
            store[name] = variable

    def load_own_variables(self, store):
        for name, variable in self._state_outside_weights().items():
            variable.assign(store[name])

    def _state_outside_weights(self):
        """Seeds (of dropout and pools too) and running logs, by name.

        Keras leaves both out of its files; a resumed run would replay its
        first noise, and forget the epoch that it is in.
        """
        logs = self.metrics_variables
        others = {id(variable) for variable in self.weights + logs}
        seeds = [v for v in self.variables if id(v) not in others]
        return {
            **{f"seed_state_{i}": seed for i, seed in enumerate(seeds)},
            **{log.path.replace("/", "_"): log for log in logs},
        }


def paper_adam(learning_rate=2e-4, beta_1=0.5, beta_2=0.999, **kwargs):
    """Adam as in DCGAN, pix2pix and CycleGAN.

    Its epsilon is PyTorch's 1e-8, not Keras's 1e-7.
    """
    return keras.optimizers.Adam(
        learning_rate, beta_1, beta_2, epsilon=1e-8, **kwargs
    )


def _without_non_finite(gradients, loss):
    checks = [ops.all(ops.isfinite(gradient)) for gradient in gradients]
    is_finite = ops.all(ops.stack([*checks, ops.isfinite(loss)]))
    gradients = [
        ops.where(is_finite, gradient, ops.zeros_like(gradient))
        for gradient in gradients
    ]
    return gradients, ops.where(is_finite, loss, float("nan"))
