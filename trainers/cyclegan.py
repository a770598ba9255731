"""Trains a CycleGAN: translation between two sets of pictures without pairs.

python -m trainers.cyclegan --recipe=quickstart
python -m trainers.cyclegan --data=FOLDER          (trainA trainB testA testB)
python -m trainers.cyclegan --recipe=horse2zebra --batch_size=1
python -m trainers.cyclegan --run_dir=runs/cyclegan-001      (goes on)
"""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_gans import data
from keras_gans.callbacks import TranslationStrips
from keras_gans.losses import ADVERSARIAL_LOSSES
from keras_gans.models import CycleGAN
from keras_gans.models.adversarial import paper_adam
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
)
from keras_gans.networks.blocks import NORMALIZATIONS, UPSAMPLINGS
from keras_gans.optimizers import FlatThenLinear
from trainers import (
    cli,
    environment,
    exports,
    run_folder,
    scores,
    training,
)
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say

_NUM_STRIPS = 8
# A Wasserstein critic needs a penalty, which this trainer does not have.
_LOSSES = tuple(sorted(ADVERSARIAL_LOSSES.keys() - {"wasserstein"}))


@dataclasses.dataclass(frozen=True)
class Config(config_lib.Config):
    """Flags of the CycleGAN trainer; the defaults are the paper's."""

    data: str = option(
        "",
        "Folder with trainA and trainB, embedded:NAME or tfds:NAME. Needed.",
        fixed=True,
    )
    image_size: str = option(
        "256", "Side of the crops in pixels, or HEIGHTxWIDTH.", fixed=True
    )
    load_size: str = option(
        "",
        "Size before cropping; default: 286/256 of image_size.",
        fixed=True,
    )
    flip: bool = option(True, "Flip pictures at random.", fixed=True)
    channels_a: int = option(3, "Channels of domain a.", 1, fixed=True)
    channels_b: int = option(3, "Channels of domain b.", 1, fixed=True)
    batch_size: int = option(
        1, "Pictures of each domain a step.", 1, fixed=True
    )
    flat_epochs: int = option(100, "Epochs at the full learning rate.", 0)
    decay_epochs: int = option(100, "Epochs of its linear fall.", 0)
    generator_learning_rate: float = option(
        2e-4, "Of the generators' Adam optimizer."
    )
    discriminator_learning_rate: float = option(
        2e-4, "Of the discriminators' Adam optimizer."
    )
    adversarial_loss: str = option(
        "least_squares", "Loss family.", choices=_LOSSES
    )
    lambda_cycle: float = option(10.0, "Weight of the cycle loss.", 0)
    lambda_identity: float = option(
        0.5, "Weight of the identity loss, relative to lambda_cycle.", 0
    )
    pool_size: int = option(50, "Past fakes kept per domain.", 0, fixed=True)
    generator_filters: int = option(
        64, "Width of the first convolution.", 1, fixed=True
    )
    num_residual_blocks: int = option(
        9,
        "Residual blocks; the paper: 9 at 256 pixels, 6 at 128.",
        0,
        fixed=True,
    )
    upsampling: str = option(
        "transposed", "Up-sampling.", choices=UPSAMPLINGS, fixed=True
    )
    discriminator_filters: int = option(
        64, "Width of the first convolution.", 1, fixed=True
    )
    discriminator_layers: int = option(
        3, "Strided convolutions; 3: patches of 70x70 pixels.", 0, fixed=True
    )
    normalization: str = option(
        "instance", "Normalisation.", choices=NORMALIZATIONS, fixed=True
    )
    affine: bool = option(
        False, "Learned scale and offset in the norms.", fixed=True
    )
    use_bias: bool = option(
        True, "Biases in convolutions before a norm.", fixed=True
    )

    def check(self):
        if not self.data:
            raise UsageError(
                "--data must be a folder with trainA and trainB, "
                "embedded:NAME or tfds:NAME. To see what happens, try "
                "--recipe=quickstart."
            )
        if any(side % 4 or side < 8 for side in self.crop_size):
            raise UsageError(
                "--image_size must be at least 8 and divisible by 4. "
                f"Received: {self.image_size}."
            )
        if any(
            load < crop
            for load, crop in zip(self.size_before_crop, self.crop_size)
        ):
            raise UsageError(
                f"--load_size must not be smaller than --image_size, "
                f"{self.image_size}. Received: {self.load_size}."
            )
        for player in ("generator", "discriminator"):
            rate = getattr(self, f"{player}_learning_rate")
            if rate <= 0:
                raise UsageError(
                    f"--{player}_learning_rate must be > 0. Received: {rate}."
                )
        if self.epochs == 0:
            raise UsageError(
                "--flat_epochs and --decay_epochs must not both be 0."
            )

    @property
    def crop_size(self):
        return config_lib.parse_size("image_size", self.image_size)

    @property
    def size_before_crop(self):
        if self.load_size:
            return config_lib.parse_size("load_size", self.load_size)
        return tuple(round(side * 286 / 256) for side in self.crop_size)

    @property
    def epochs(self):
        return self.flat_epochs + self.decay_epochs


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    environment.set_up(config)
    domains = _open_data(config)
    pipeline = data.UnpairedPipeline(
        domains.train_a,
        domains.train_b,
        config.crop_size,
        config.size_before_crop,
        config.batch_size,
        config.seed,
        config.flip,
    )
    held_out = _load_held_out(domains, config)
    # All pictures have been read: a broken one leaves no folder behind.
    with run_folder.RunFolder(config, "cyclegan") as run:
        return _train_in(run, config, pipeline, held_out)


def _train_in(run, config, pipeline, held_out):
    run.write_json("environment.json", environment.describe())
    model = build_model(config, pipeline.steps_per_epoch)
    say(
        "model",
        f"generator {model.generator_ab.count_params():,}, discriminator "
        f"{model.discriminator_a.count_params():,} parameters, two of each",
    )
    say("run", str(run.path))
    samples_a = held_out.images_a[:_NUM_STRIPS]
    samples_b = held_out.images_b[:_NUM_STRIPS]
    run.samples.mkdir(exist_ok=True)
    np.savez_compressed(
        run.samples / "inputs.npz",
        generator_ab=samples_a,
        generator_ba=samples_b,
    )
    strips = TranslationStrips(
        samples_a,
        samples_b,
        run.samples,
        config.sample_epochs,
        held_out.are_pairs,
        tf.summary.create_file_writer(str(run.logs)),
    )
    history = training.fit(
        model, pipeline, run, config.epochs, config.checkpoint_steps, [strips]
    )
    score = scores.score_cyclegan(model, held_out)
    for label, text in scores.sentences(score, history):
        say(label, text)
    exit_code = exports.export(run) if config.export else 0
    run.write_json("score.json", score)
    say("look", str(strips.path_of(config.epochs)))
    if not config.export:
        say("next", f"python -m export --run_dir={run.path}")
    elif config.data.startswith("embedded:"):
        say("next", "python -m trainers.cyclegan --data=FOLDER, on your own")
    return exit_code


def build_model(config, steps_per_epoch):
    """The compiled CycleGAN that `config` describes."""
    shape_a = (*config.crop_size, config.channels_a)
    shape_b = (*config.crop_size, config.channels_b)

    def generator(image_shape, output_channels):
        return build_resnet_generator(
            image_shape,
            output_channels,
            config.generator_filters,
            config.num_residual_blocks,
            config.normalization,
            config.affine,
            config.use_bias,
            config.upsampling,
        )

    def discriminator(image_shape):
        return build_patchgan_discriminator(
            image_shape,
            config.discriminator_filters,
            config.discriminator_layers,
            config.normalization,
            config.affine,
            config.use_bias,
        )

    def optimizer(learning_rate):
        return paper_adam(
            FlatThenLinear(
                learning_rate,
                steps_per_epoch,
                config.flat_epochs,
                config.decay_epochs,
            )
        )

    model = CycleGAN(
        generator(shape_a, config.channels_b),
        generator(shape_b, config.channels_a),
        discriminator(shape_a),
        discriminator(shape_b),
        config.pool_size,
        config.seed,
    )
    lambda_identity = config.lambda_identity
    if lambda_identity and config.channels_a != config.channels_b:
        say("note", "identity loss off: the domains' channels differ")
        lambda_identity = 0.0
    model.compile(
        optimizer(config.generator_learning_rate),
        optimizer(config.discriminator_learning_rate),
        config.adversarial_loss,
        lambda_cycle=config.lambda_cycle,
        lambda_identity=lambda_identity,
    )
    return model


def _open_data(config):
    with config_lib.naming_flag("data", config.data):
        domains = data.open_unpaired(
            config.data, config.channels_a, config.channels_b
        )
    counts = [
        f"{len(images)} {images.name}"
        for images in (
            domains.train_a,
            domains.train_b,
            domains.test_a,
            domains.test_b,
        )
        if images is not None
    ]
    longer = max(len(domains.train_a), len(domains.train_b))
    if config.batch_size > longer:
        raise UsageError(
            f"--batch_size must be at most {longer}, the number of pictures "
            f"of the larger domain. Received: {config.batch_size}."
        )
    height, width = config.crop_size
    say("data", f"{config.data}: {', '.join(counts)}, {height}x{width}")
    return domains


def _load_held_out(domains, config):
    """Held-out pictures of both domains, or training pictures without them."""
    are_held_out = domains.test_a is not None and domains.test_b is not None
    if are_held_out:
        sets = domains.test_a, domains.test_b
    else:
        say("note", "no testA and testB: samples show training pictures")
        sets = domains.train_a, domains.train_b
    images_a, images_b = (
        data.to_float(images.load(config.crop_size)) for images in sets
    )
    return scores.HeldOut(
        images_a,
        images_b,
        are_pairs=are_held_out and domains.test_is_paired,
        split="test" if are_held_out else "train",
    )


if __name__ == "__main__":
    cli.main("cyclegan", Config, train, __doc__)
