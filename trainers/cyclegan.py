"""Trains a CycleGAN: translation between two sets of pictures without pairs.

python -m trainers.cyclegan --recipe=quickstart
python -m trainers.cyclegan --data=FOLDER          (trainA trainB testA testB)
python -m trainers.cyclegan --recipe=horse2zebra --batch_size=1
python -m trainers.cyclegan --run_dir=runs/cyclegan-001      (goes on)
"""

import dataclasses

from keras_gans import data, evaluation
from keras_gans.callbacks import TranslationStrips
from keras_gans.models import CycleGAN
from keras_gans.networks import build_patchgan_discriminator
from trainers import cli, game, picture_data, scores, task, translation
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say


@dataclasses.dataclass(frozen=True)
class Config(translation.Config):
    """Flags of the CycleGAN trainer; the defaults are the paper's."""

    data: str = option(
        "",
        "Folder with trainA and trainB, embedded:NAME or tfds:NAME. Needed.",
        fixed=True,
    )
    channels_a: int = option(3, "Channels of domain a.", 1, fixed=True)
    channels_b: int = option(3, "Channels of domain b.", 1, fixed=True)
    adversarial_loss: str = option(
        "least_squares", "Loss family.", choices=game.LOSSES_WITHOUT_PENALTY
    )
    lambda_cycle: float = option(10.0, "Weight of the cycle loss.", 0)
    lambda_identity: float = option(
        0.5, "Weight of the identity loss, relative to lambda_cycle.", 0
    )
    generator: str = option(
        "resnet",
        "Kind of generators; mobile: separable convolutions.",
        choices=tuple(translation.RESNETS),
        fixed=True,
    )
    pool_size: int = option(50, "Past fakes kept per domain.", 0, fixed=True)
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
        self.check_sides(multiple=4, least=8)
        super().check()


class CycleGANTask(translation.TranslationTask):
    """Translation between two sets of pictures.

    Args:
        config: `Config`.

    Raises:
        UsageError: If the data do not fit the flags.
        keras_gans.data.ImageError: If pictures cannot be read.
    """

    trainer = "cyclegan"

    def __init__(self, config):
        super().__init__(config)
        domains = _open_data(config)
        self.data_facts = {
            "source": config.data,
            "for training": _count(domains.train_a, domains.train_b),
            "held out": _count(domains.test_a, domains.test_b),
            "size": picture_data.describe_size(
                config.crop_size, config.channels_a, config.channels_b
            ),
        }
        self.check_batch_size(
            max(len(domains.train_a), len(domains.train_b)),
            "pictures of the larger domain",
        )
        self.pipeline = data.UnpairedPipeline(
            domains.train_a,
            domains.train_b,
            config.crop_size,
            config.size_before_crop,
            config.batch_size,
            config.seed,
            config.flip,
            **picture_data.keep_arguments(config),
        )
        self._domains = domains
        self._held_out = _load_held_out(domains, config)

    def build_model(self):
        config = self.config
        shape_a = (*config.crop_size, config.channels_a)
        shape_b = (*config.crop_size, config.channels_b)
        model = CycleGAN(
            self._build_generator(shape_a, config.channels_b),
            self._build_generator(shape_b, config.channels_a),
            self._build_discriminator(shape_a),
            self._build_discriminator(shape_b),
            config.pool_size,
            config.seed,
        )
        lambda_identity = config.lambda_identity
        if lambda_identity and config.channels_a != config.channels_b:
            say("note", "identity loss off: the domains' channels differ")
            lambda_identity = 0.0
        steps_per_epoch = self.pipeline.steps_per_epoch
        model.compile(
            config.optimizer("generator", steps_per_epoch),
            config.optimizer("discriminator", steps_per_epoch),
            config.adversarial_loss,
            lambda_cycle=config.lambda_cycle,
            lambda_identity=lambda_identity,
            **config.compile_arguments,
        )
        return model

    def _build_generator(self, image_shape, output_channels):
        config = self.config
        return translation.RESNETS[config.generator](
            image_shape,
            output_channels,
            config.generator_filters,
            config.num_residual_blocks,
            config.normalization,
            config.affine,
            config.use_bias,
            config.upsampling,
        )

    def _build_discriminator(self, image_shape):
        config = self.config
        return build_patchgan_discriminator(
            image_shape,
            config.discriminator_filters,
            config.discriminator_layers,
            config.normalization,
            config.affine,
            config.use_bias,
        )

    def describe(self, model):
        return (
            f"{self.config.generator}: generator "
            f"{model.generator_ab.count_params():,}, discriminator "
            f"{model.discriminator_a.count_params():,} parameters, two of each"
        )

    def pictures(self, run, summary_writer):
        samples_a = self._held_out.images_a[: self.num_samples]
        samples_b = self._held_out.images_b[: self.num_samples]
        self.save_export_inputs(
            run, generator_ab=samples_a, generator_ba=samples_b
        )
        self.save_calibration(
            run,
            generator_ab=self._domains.train_a,
            generator_ba=self._domains.train_b,
        )
        return TranslationStrips(
            samples_a,
            samples_b,
            run.samples,
            self.config.sample_epochs,
            self._held_out.are_pairs,
            summary_writer,
        )

    @property
    def main_figure(self):
        if self._held_out.are_pairs:
            return "val_l1_ab"
        return "val_frechet_distance_ab"

    @property
    def auto_features(self):
        return None if self._held_out.are_pairs else "pixels"

    def evaluator(self, run_path, features, seed):
        held_out, config = self._held_out, self.config
        opened = {
            channels: self.open_features(run_path, features, channels)
            for channels in {config.channels_a, config.channels_b}
        }
        return evaluation.of_domains(
            held_out.images_a,
            held_out.images_b,
            held_out.are_pairs,
            opened[config.channels_a],
            opened[config.channels_b],
            self.describe_split(held_out.split),
            seed,
        )

    def score(self, model, history, instruments):
        return scores.score_cyclegan(model, self._held_out)

    def sentences(self, score, history):
        return scores.sentences(score, history)


def make_task(config):
    """Reads the data; returns the `Task` that the flags ask for."""
    return CycleGANTask(config)


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    return task.run(config, make_task)


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
    height, width = config.crop_size
    say("data", f"{config.data}: {', '.join(counts)}, {height}x{width}")
    return domains


def _count(images_a, images_b):
    if images_a is None or images_b is None:
        return "none"
    return f"{len(images_a):,} pictures of a, {len(images_b):,} of b"


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
