"""Trains a GAN: a generator that makes new pictures from noise.

python -m trainers.gan --recipe=quickstart
python -m trainers.gan --data=FOLDER --image_size=64
python -m trainers.gan --recipe=grid_25         (points: watch it lose modes)
python -m trainers.gan --run_dir=runs/gan-001   (goes on)
"""

import dataclasses

from keras_gans.data import MIXTURES
from trainers import cli, latent, task
from trainers.config import UsageError, did_you_mean
from trainers.image_task import ImageTask
from trainers.mixture_task import MixtureTask

_MIXTURE = "mixture:"


@dataclasses.dataclass(frozen=True)
class Config(latent.Config):
    """Flags of the GAN trainer."""

    def check(self):
        super().check()
        if not self.is_mixture:
            return
        if self.mixture_name not in MIXTURES:
            raise UsageError(
                f"--data must be one of "
                f"{', '.join(_MIXTURE + name for name in sorted(MIXTURES))} "
                f"for a mixture. Received: {self.data}."
                f"{did_you_mean(self.mixture_name, MIXTURES)}"
            )
        if self.evaluate_epochs:
            raise UsageError(
                "--evaluate_epochs is for pictures: the points of a mixture "
                "are counted after each epoch as it is. --best_metric can be "
                "modes_found or good_share."
            )
        if self.network != "mlp":
            raise UsageError(
                "--network must be mlp for the points of a mixture. "
                f"Received: {self.network}."
            )

    @property
    def _accepted_data(self):
        return f"{super()._accepted_data} or --recipe=grid_25"

    @property
    def is_mixture(self):
        return self.data.startswith(_MIXTURE)

    @property
    def mixture_name(self):
        return self.data.removeprefix(_MIXTURE)


def make_task(config):
    """Reads the data; returns the `Task` that the flags ask for."""
    return MixtureTask(config) if config.is_mixture else ImageTask(config)


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    return task.run(config, make_task)


if __name__ == "__main__":
    cli.main("gan", Config, train, __doc__)
