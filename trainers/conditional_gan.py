"""Trains a conditional GAN: it makes new pictures of the class that you name.

python -m trainers.conditional_gan --recipe=quickstart
python -m trainers.conditional_gan --data=FOLDER   (one folder per class)
python -m trainers.conditional_gan --run_dir=runs/conditional_gan-001
"""

import dataclasses

from keras_gans.networks.labels import CONDITIONINGS
from trainers import cli, latent, task
from trainers.config import option
from trainers.image_task import ConditionalImageTask


@dataclasses.dataclass(frozen=True)
class Config(latent.Config):
    """Flags of the conditional GAN trainer."""

    conditioning: str = option(
        "concat",
        "How the discriminator sees the label (dcgan and mlp).",
        choices=CONDITIONINGS,
        fixed=True,
    )


def make_task(config):
    """Reads the data; returns the `Task` that the flags ask for."""
    return ConditionalImageTask(config)


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    return task.run(config, make_task)


if __name__ == "__main__":
    cli.main("conditional_gan", Config, train, __doc__)
