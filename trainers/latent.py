"""What `trainers.gan` and `trainers.conditional_gan` share: noise to images.

A trainer hands `train` a task, which knows the data, the networks and what to
watch: `image_task.ImageTask` or `mixture_task.MixtureTask`.
"""

import dataclasses

import tensorflow as tf

from keras_gans import losses
from keras_gans.callbacks import Balance, Oscillation
from keras_gans.models.adversarial import paper_adam
from keras_gans.networks.blocks import NORMALIZATIONS
from keras_gans.optimizers import FlatThenLinear
from trainers import config as config_lib
from trainers import environment, exports, run_folder, scores, training
from trainers.config import UsageError, option
from trainers.environment import say

NETWORKS = ("dcgan", "mlp", "resnet")
_NONE = "none"


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
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
    generator_learning_rate: float = option(2e-4, "Of the generator's Adam.")
    discriminator_learning_rate: float = option(
        2e-4, "Of the discriminator's Adam."
    )
    beta_1: float = option(0.5, "Adam's, of both players.", 0)
    beta_2: float = option(0.999, "Adam's, of both players.", 0)
    clip_norm: float = option(
        0.0, "Longest gradient of a player, all weights together; 0: any.", 0
    )
    adversarial_loss: str = option(
        "non_saturating",
        "Loss family.",
        choices=tuple(sorted(losses.ADVERSARIAL_LOSSES)),
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
        for player in ("generator", "discriminator"):
            rate = getattr(self, f"{player}_learning_rate")
            if rate <= 0:
                raise UsageError(
                    f"--{player}_learning_rate must be > 0. Received: {rate}."
                )
        for name in ("beta_1", "beta_2"):
            beta = getattr(self, name)
            if beta >= 1:
                raise UsageError(
                    f"--{name} must be less than 1. Received: {beta}."
                )
        if self.epochs == 0:
            raise UsageError(
                "--flat_epochs and --decay_epochs must not both be 0."
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

    @property
    def has_probabilities(self):
        # The answers of a Wasserstein critic are none.
        return self.adversarial_loss != "wasserstein"

    @property
    def epochs(self):
        return self.flat_epochs + self.decay_epochs


def train(trainer, config, task):
    """Runs or goes on with one training.

    Args:
        trainer: Name of the trainer.
        config: Its config.
        task: What is learned; see the two modules.

    Returns:
        An exit code.
    """
    # Data are read and networks built: what cannot be leaves no folder.
    model = build_model(config, task)
    with run_folder.RunFolder(config, trainer) as run:
        return _train_in(run, config, task, model)


def build_model(config, task):
    """The compiled model that `config` describes, on the networks of `task`.

    Raises:
        UsageError: If networks or model refuse what the flags ask for.
    """
    steps_per_epoch = task.pipeline.steps_per_epoch

    def optimizer(learning_rate, updates_per_step):
        schedule = FlatThenLinear(
            learning_rate,
            steps_per_epoch * updates_per_step,
            config.flat_epochs,
            config.decay_epochs,
        )
        return paper_adam(
            schedule,
            beta_1=config.beta_1,
            beta_2=config.beta_2,
            global_clipnorm=config.clip_norm or None,
        )

    try:
        model = task.build_model(
            discriminator_steps=config.discriminator_steps,
            average_decay=config.average_decay,
            seed=config.seed,
        )
        model.compile(
            optimizer(config.generator_learning_rate, 1),
            optimizer(
                config.discriminator_learning_rate, config.discriminator_steps
            ),
            config.adversarial_loss,
            penalty=config.penalty if config.has_penalty else None,
            penalty_weight=config.penalty_weight,
            clip_limit=config.clip_limit or None,
            label_smoothing=config.label_smoothing,
            instance_noise=config.instance_noise,
        )
        model.check_batch_size(task.pipeline.batch_size)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return model


def _train_in(run, config, task, model):
    run.write_json("environment.json", environment.describe())
    say(
        "model",
        f"{config.network}: generator "
        f"{model.generator.count_params():,}, discriminator "
        f"{model.discriminator.count_params():,} parameters",
    )
    say("run", str(run.path))
    pictures = task.pictures(run, tf.summary.create_file_writer(str(run.logs)))
    # Pictures that are all alike, for instance, cannot be watched.
    with config_lib.naming_flag("data", config.data):
        instruments = [*_balance_instruments(config), *task.instruments(run)]
    history = training.fit(
        model,
        task.pipeline,
        run,
        config.epochs,
        config.checkpoint_steps,
        [pictures, *instruments],
    )
    score = scores.score_latent(task.score(model), history, instruments)
    for label, text in scores.latent_sentences(
        score, history, config.has_probabilities
    ):
        say(label, text)
    task.draw(run, model)
    exit_code = 0
    if config.export and task.is_exportable:
        exit_code = exports.export(run)
    run.write_json("score.json", score)
    say("look", str(pictures.path_of(config.epochs)))
    say("next", task.next_command(run))
    return exit_code


def _balance_instruments(config):
    if not config.has_probabilities:
        return []
    report = report_alarm
    return [Balance(report=report), Oscillation(report=report)]


def report_alarm(sentence):
    """Prints an alarm below the progress bar, which has not ended its line."""
    print()
    say("alarm", sentence)
