"""What all trainers of a generator against a discriminator share."""

import dataclasses

from keras_gans import losses
from keras_gans.callbacks import Balance, Oscillation
from keras_gans.models.adversarial import paper_adam
from keras_gans.optimizers import FlatThenLinear
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import report_alarm

# A Wasserstein critic needs a penalty, which translators do not have.
LOSSES_WITHOUT_PENALTY = tuple(
    sorted(losses.ADVERSARIAL_LOSSES.keys() - {"wasserstein"})
)


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """Flags of the game; subclasses set the defaults of their papers."""

    generator_learning_rate: float = option(2e-4, "Of the generator's Adam.")
    discriminator_learning_rate: float = option(
        2e-4, "Of the discriminator's Adam."
    )
    adversarial_loss: str = option(
        "non_saturating",
        "Loss family.",
        choices=tuple(sorted(losses.ADVERSARIAL_LOSSES)),
    )

    def check(self):
        for player in ("generator", "discriminator"):
            rate = getattr(self, f"{player}_learning_rate")
            if rate <= 0:
                raise UsageError(
                    f"--{player}_learning_rate must be > 0. Received: {rate}."
                )
        super().check()

    @property
    def has_probabilities(self):
        # The answers of a Wasserstein critic are none.
        return self.adversarial_loss != "wasserstein"

    def optimizer(self, player, steps_per_epoch, **kwargs):
        """Adam of a player, with the schedule of the flags.

        Args:
            player: `"generator"` or `"discriminator"`.
            steps_per_epoch: Integer, updates of this player in an epoch.
            **kwargs: Of `keras.optimizers.Adam`.
        """
        return paper_adam(
            FlatThenLinear(
                getattr(self, f"{player}_learning_rate"),
                steps_per_epoch,
                self.flat_epochs,
                self.decay_epochs,
            ),
            **kwargs,
        )

    def balance_instruments(self):
        """What watches the discriminator's answers, where they are any."""
        if not self.has_probabilities:
            return []
        return [Balance(report=report_alarm), Oscillation(report=report_alarm)]
