"""What `trainers.gan` and `trainers.conditional_gan` share: noise to images.

Their tasks are `image_task.ImageTask` and `mixture_task.MixtureTask`.
"""

import abc
import dataclasses

from keras_gans import losses
from keras_gans.networks.blocks import NORMALIZATIONS
from trainers import game, scores
from trainers.config import UsageError, option
from trainers.task import Task

NETWORKS = ("dcgan", "mlp", "resnet")
_NONE = "none"


@dataclasses.dataclass(frozen=True)
class Config(game.Config):
    """Flags of both trainers; the defaults are DCGAN's (Radford et al.)."""

    data: str = option(
        "",
        "Folder of pictures or of one folder per class, embedded:NAME or "
        "tfds:NAME. Needed.",
        fixed=True,
    )
    image_size: str = option("64", "Side of the square crops.", fixed=True)
    load_size: str = option(
        "",
        "Side before cropping, or HEIGHTxWIDTH. Default: image_size.",
        fixed=True,
    )
    flip: bool = option(True, "Flip pictures at random.", fixed=True)
    channels: int = option(3, "Channels of the pictures.", 1, fixed=True)
    batch_size: int = option(
        128, "Pictures in a turn of the discriminator.", 1, fixed=True
    )
    steps_per_epoch: int = option(
        0,
        "Steps in an epoch; 0: one walk through the pictures, 500 for the "
        "points of a mixture.",
        0,
        fixed=True,
    )
    flat_epochs: int = option(25, "Epochs at the full learning rate.", 0)
    decay_epochs: int = option(0, "Epochs of its linear fall.", 0)
    beta_1: float = option(0.5, "Adam's, of both players.", 0)
    beta_2: float = option(0.999, "Adam's, of both players.", 0)
    clip_norm: float = option(
        0.0, "Longest gradient of a player, all weights together; 0: any.", 0
    )
    label_smoothing: float = option(
        0.0, "Real images are to be answered by 1 minus this.", 0
    )
    penalty: str = option(
        _NONE,
        "Penalty on the discriminator's gradient.",
        choices=(_NONE, *sorted(losses.PENALTIES)),
        fixed=True,
    )
    penalty_weight: float = option(10.0, "Its weight.", 0)
    clip_limit: float = option(
        0.0, "Bound of a Wasserstein critic's weights (paper: 0.01); 0: no.", 0
    )
    instance_noise: float = option(
        0.0, "Deviation of noise on all that the discriminator sees.", 0
    )
    discriminator_steps: int = option(
        1, "Turns of the discriminator for one of the generator.", 1, fixed=True
    )
    average_decay: float = option(
        0.0,
        "Decay of the averaged generator that samples; 0: none.",
        0,
        fixed=True,
    )
    network: str = option(
        "dcgan", "Pair of networks.", choices=NETWORKS, fixed=True
    )
    latent_dim: int = option(100, "Numbers of noise.", 1, fixed=True)
    generator_filters: int = option(
        64, "Width of the last hidden convolution.", 1, fixed=True
    )
    discriminator_filters: int = option(
        64, "Width of the first convolution.", 1, fixed=True
    )
    hidden_units: int = option(
        128, "Width of the hidden layers, with --network=mlp.", 1, fixed=True
    )
    discriminator_normalization: str = option(
        "batch",
        "Normalisation, with --network=dcgan.",
        choices=NORMALIZATIONS,
        fixed=True,
    )
    spectral_norm: bool = option(
        False, "Spectral normalisation of the discriminator.", fixed=True
    )
    minibatch_stddev: bool = option(
        False,
        "Show the discriminator how much the batch varies (dcgan).",
        fixed=True,
    )
    dropout: float = option(
        0.0, "Rate in the discriminator (dcgan and mlp).", 0, fixed=True
    )

    def check(self):
        if not self.data:
            raise UsageError(f"--data must be {self._accepted_data}.")
        super().check()
        for name in ("beta_1", "beta_2"):
            beta = getattr(self, name)
            if beta >= 1:
                raise UsageError(
                    f"--{name} must be less than 1. Received: {beta}."
                )
        self._check_game()

    def _check_game(self):
        # A model would refuse these too, once the data has been read.
        try:
            losses.get_adversarial_losses(
                self.adversarial_loss, self.label_smoothing
            )
            if self.clip_limit:
                losses.check_penalty("weight_clipping", self.adversarial_loss)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if self.has_penalty and self.penalty_weight == 0:
            raise UsageError("--penalty_weight must be > 0, or --penalty none.")
        if (
            self.penalty == "gradient"
            and self.network == "dcgan"
            and self.discriminator_normalization == "batch"
        ):
            raise UsageError(
                "--penalty=gradient must not go with "
                "--discriminator_normalization=batch: it is a penalty on each "
                "image by itself (Gulrajani et al., section 4). Use none or "
                "instance."
            )

    @property
    def _accepted_data(self):
        return (
            "a folder, embedded:NAME or tfds:NAME. To see what happens, try "
            "--recipe=quickstart"
        )

    @property
    def has_penalty(self):
        return self.penalty != _NONE


class LatentTask(Task, abc.ABC):
    """Abstract base of tasks whose generators take noise."""

    def build_model(self):
        config = self.config
        adam = {
            "beta_1": config.beta_1,
            "beta_2": config.beta_2,
            "global_clipnorm": config.clip_norm or None,
        }
        steps_per_epoch = self.pipeline.steps_per_epoch
        turns = config.discriminator_steps
        try:
            model = self.connect(
                discriminator_steps=turns,
                average_decay=config.average_decay,
                seed=config.seed,
            )
            model.compile(
                config.optimizer("generator", steps_per_epoch, **adam),
                config.optimizer(
                    "discriminator", steps_per_epoch * turns, **adam
                ),
                config.adversarial_loss,
                penalty=config.penalty if config.has_penalty else None,
                penalty_weight=config.penalty_weight,
                clip_limit=config.clip_limit or None,
                label_smoothing=config.label_smoothing,
                instance_noise=config.instance_noise,
                **config.compile_arguments,
            )
            model.check_batch_size(self.pipeline.batch_size)
        except ValueError as error:
            raise UsageError(str(error)) from error
        return model

    @abc.abstractmethod
    def connect(self, **arguments):
        """Returns the model, not compiled; `arguments` are the model's."""

    def describe(self, model):
        return (
            f"{self.config.network}: generator "
            f"{model.generator.count_params():,}, discriminator "
            f"{model.discriminator.count_params():,} parameters"
        )

    def instruments(self, run):
        return [*self.config.balance_instruments(), *self.watch(run)]

    @abc.abstractmethod
    def watch(self, run):
        """Returns the instruments that look at samples."""

    def score(self, model, history, instruments):
        return scores.score_latent(self.measure(model), history, instruments)

    @abc.abstractmethod
    def measure(self, model):
        """Returns what samples of the model are worth, with `protocol`."""

    def sentences(self, score, history):
        return scores.latent_sentences(
            score, history, self.config.has_probabilities
        )
