"""Trains an autoencoder: a code that holds what matters of a picture.

python -m trainers.autoencoder --recipe=quickstart
python -m trainers.autoencoder --recipe=quickstart --model=variational
python -m trainers.autoencoder --data=FOLDER --image_size=64
python -m trainers.autoencoder --run_dir=runs/autoencoder-001   (goes on)
"""

import dataclasses

from keras_gans.models.sparse_autoencoder import PENALTIES
from keras_gans.models.variational_autoencoder import LIKELIHOODS
from trainers import cli, task
from trainers import config as config_lib
from trainers.autoencoder_task import CORRUPTIONS, TASKS
from trainers.config import UsageError, option

_NETWORKS = ("convolutional", "dense")


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """Flags of the autoencoder trainer."""

    model: str = option(
        "undercomplete",
        "Kind of autoencoder.",
        choices=tuple(TASKS),
        fixed=True,
    )
    data: str = option(
        "",
        "Folder of pictures, of one folder per class or of IDX files, "
        "embedded:NAME or tfds:NAME. Needed.",
        fixed=True,
    )
    image_size: str = option(
        "64", "Side of the pictures, or HEIGHTxWIDTH.", fixed=True
    )
    channels: int = option(3, "Channels of the pictures.", 1, fixed=True)
    flip: bool = option(False, "Flip pictures at random.", fixed=True)
    binarize: bool = option(
        False,
        "Draw each pixel as black or white, white with its brightness as "
        "probability: anew in each epoch, once for test pictures.",
        fixed=True,
    )
    batch_size: int = option(128, "Pictures in a step.", 1, fixed=True)
    flat_epochs: int = option(50, "Epochs at the full learning rate.", 0)
    decay_epochs: int = option(50, "Epochs of its linear fall.", 0)
    learning_rate: float = option(1e-3, "Of Adam.")
    network: str = option(
        "convolutional", "Pair of networks.", choices=_NETWORKS, fixed=True
    )
    code_dim: int = option(
        0,
        "Numbers in a code; 0: 32, or 256 for a denoising or sparse one.",
        0,
        fixed=True,
    )
    filters: int = option(
        32,
        "Width of the first convolution; each next one has twice as many.",
        1,
        fixed=True,
    )
    num_levels: int = option(
        0,
        "Convolutions, each of which halves the sides; 0: until the shorter "
        "one is at most 8.",
        0,
        fixed=True,
    )
    hidden_units: int = option(
        256, "Width of hidden layers, with --network=dense.", 1, fixed=True
    )
    hidden_layers: int = option(
        1, "Hidden layers, with --network=dense.", 0, fixed=True
    )
    corruption: str = option(
        "gaussian",
        "Noise of a denoising autoencoder.",
        choices=tuple(CORRUPTIONS),
        fixed=True,
    )
    corruption_level: float = option(
        0.3,
        "Its deviation, as a share of the way from black to white, or the "
        "share of the pixels that it replaces.",
        0,
        fixed=True,
    )
    penalty: str = option(
        "kl",
        "Penalty of a sparse autoencoder: activity held to a target, or L1.",
        choices=PENALTIES,
        fixed=True,
    )
    penalty_weight: float = option(1.0, "Its weight.", 0)
    target_activity: float = option(0.05, "The target of --penalty=kl.", 0)
    likelihood: str = option(
        "bernoulli",
        "Of the pixels of a variational autoencoder.",
        choices=LIKELIHOODS,
        fixed=True,
    )
    variance: float = option(
        0.1, "Of --likelihood=gaussian, for pixels in [-1, 1].", fixed=True
    )
    beta: float = option(1.0, "Weight of the divergence.", 0)
    free_bits: float = option(
        0.0, "Nats that each number of the code may carry for nothing.", 0
    )
    kl_warmup_steps: int = option(
        0, "Steps in which the weight of the divergence grows to beta.", 0
    )

    def check(self):
        if not self.data:
            raise UsageError(
                "--data must be a folder, embedded:NAME or tfds:NAME. To see "
                "what happens, try --recipe=quickstart."
            )
        super().check()
        for name in ("learning_rate", "variance"):
            if getattr(self, name) <= 0:
                raise UsageError(
                    f"--{name} must be > 0. Received: {getattr(self, name)}."
                )
        if not 0 < self.target_activity < 1:
            raise UsageError(
                "--target_activity must be between 0 and 1. Received: "
                f"{self.target_activity}."
            )
        self._check_flags_of_other_models()

    def _check_flags_of_other_models(self):
        defaults = {f.name: f.default for f in dataclasses.fields(self)}
        for model, kind in TASKS.items():
            for name in kind.flags:
                value = getattr(self, name)
                if model != self.model and value != defaults[name]:
                    raise UsageError(
                        f"--{name} is for --model={model}. Received: "
                        f"--{name}={value} with --model={self.model}."
                    )

    @property
    def size(self):
        return config_lib.parse_size("image_size", self.image_size)


def make_task(config):
    """Reads the data; returns the `Task` that the flags ask for."""
    return TASKS[config.model](config)


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    return task.run(config, make_task)


if __name__ == "__main__":
    cli.main("autoencoder", Config, train, __doc__)
