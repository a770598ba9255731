"""Trains a conditional GAN: it makes new pictures of the class that you name.

python -m trainers.conditional_gan --recipe=quickstart
python -m trainers.conditional_gan --data=FOLDER   (one folder per class)
python -m trainers.conditional_gan --run_dir=runs/conditional_gan-001
"""

import dataclasses

from keras_gans.networks.labels import CONDITIONINGS
from trainers import cli, environment, latent
from trainers.config import option
from trainers.image_task import ConditionalImageTask
from trainers.task import run_task


@dataclasses.dataclass(frozen=True)
class Config(latent.Config):
    """Flags of the conditional GAN trainer."""

    conditioning: str = option(
        "concat",
        "How the discriminator sees the label (dcgan and mlp).",
        choices=CONDITIONINGS,
        fixed=True,
    )


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    environment.set_up(config)
    return run_task(ConditionalImageTask(config))


if __name__ == "__main__":
    cli.main("conditional_gan", Config, train, __doc__)
