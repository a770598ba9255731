"""Trains pix2pix: translation of pictures, learned from pairs.

python -m trainers.pix2pix --recipe=quickstart
python -m trainers.pix2pix --data=FOLDER          (A and B side by side in
                                                   each file, or trainA trainB)
python -m trainers.pix2pix --data=edges:FOLDER    (outlines to any pictures)
python -m trainers.pix2pix --run_dir=runs/pix2pix-001      (goes on)
"""

import dataclasses

from keras_gans import data, evaluation
from keras_gans.callbacks import PairStrips
from keras_gans.data import DIRECTIONS, INPUT_RESIZES
from keras_gans.models import Pix2Pix
from keras_gans.models.inference import NORM_MODES
from keras_gans.networks import (
    build_mobile_unet_generator,
    build_patchgan_discriminator,
    build_unet_generator,
)
from keras_gans.networks.blocks import NORMALIZATIONS
from keras_gans.networks.unet import DROPOUT_LAYOUTS
from trainers import cli, picture_data, scores, task, translation
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import plain_warnings, say

# Value of --generator -> builder. Both take the same arguments.
_UNETS = {
    "unet": build_unet_generator,
    "mobile_unet": build_mobile_unet_generator,
}
# Of larger sets, as many pairs stand for all in scores and means.
_SCORED = 500


@dataclasses.dataclass(frozen=True)
class Config(translation.Config):
    """Flags of the pix2pix trainer; the defaults are the paper's."""

    data: str = option(
        "",
        "Folder of pairs (files with A and B side by side, or trainA and "
        "trainB), embedded:NAME, tfds:NAME, or edges:SPEC for outlines of "
        "pictures. Needed.",
        fixed=True,
    )
    direction: str = option(
        "a_to_b",
        "Which side is the input.",
        choices=DIRECTIONS,
        fixed=True,
    )
    channels_in: int = option(3, "Channels of the inputs.", 1, fixed=True)
    channels_target: int = option(3, "Channels of the targets.", 1, fixed=True)
    input_resize: str = option(
        "bicubic",
        "How inputs are resized; nearest for label maps.",
        choices=INPUT_RESIZES,
        fixed=True,
    )
    flat_epochs: int = option(200, "Epochs at the full learning rate.", 0)
    decay_epochs: int = option(0, "Epochs of its linear fall.", 0)
    lambda_l1: float = option(100.0, "Weight of the L1 loss.", 0)
    discriminator_loss_weight: float = option(
        0.5, "Weight of the discriminator's loss; the Torch code: 1.", 0
    )
    generator: str = option(
        "unet",
        "Kind of generator; mobile: separable convolutions.",
        choices=(*_UNETS, *translation.RESNETS),
        fixed=True,
    )
    num_levels: int = option(
        0,
        "Halvings in a U-Net; 0: down to one pixel, 8 at 256 pixels.",
        0,
        fixed=True,
    )
    dropout: float = option(
        0.5, "Rate of the generator's dropout, its noise.", 0, fixed=True
    )
    dropout_layout: str = option(
        "paper",
        "Where a U-Net drops out.",
        choices=DROPOUT_LAYOUTS,
        fixed=True,
    )
    normalization: str = option(
        "batch", "Normalisation.", choices=NORMALIZATIONS, fixed=True
    )
    norm_mode: str = option(
        "instance",
        "What batch norms go by outside of training: each image by itself "
        "(the paper, at its batch of one), the batch at hand, or averages.",
        choices=NORM_MODES,
    )

    def check(self):
        if not self.data:
            raise UsageError(
                "--data must be a folder of pairs, embedded:NAME, tfds:NAME "
                "or edges:SPEC. To see what happens, try --recipe=quickstart."
            )
        if self.generator in _UNETS:
            # The bottleneck has no fewer than one pixel.
            self.check_sides(self._multiple, self._multiple, "num_levels")
        else:
            self.check_sides(4, 8)
        if self.dropout >= 1:
            raise UsageError(
                f"--dropout must be less than 1. Received: {self.dropout}."
            )
        if self.discriminator_loss_weight == 0:
            raise UsageError("--discriminator_loss_weight must be > 0.")
        super().check()

    @property
    def _multiple(self):
        if self.num_levels:
            return 2**self.num_levels
        return 2 ** max(2, min(self.crop_size).bit_length() - 1)


class Pix2PixTask(translation.TranslationTask):
    """Translation of pictures, learned from pairs.

    Args:
        config: `Config`.

    Raises:
        UsageError: If the data do not fit the flags.
        keras_gans.data.ImageError: If pictures cannot be read.

    Attributes:
        inputs: Held-out inputs, floats `(n, height, width, channels)`.
        targets: Their targets.
    """

    trainer = "pix2pix"
    main_figure = "val_l1"

    def __init__(self, config):
        super().__init__(config)
        with config_lib.naming_flag("data", config.data):
            pairs = data.open_paired(
                config.data,
                config.direction,
                config.channels_in,
                config.channels_target,
            )
        self.check_batch_size(len(pairs.train_inputs), "pairs")
        self.pipeline = _open_pipeline(pairs, config)
        self._train_inputs = pairs.train_inputs
        self._load_held_out(pairs)
        num_test = 0 if pairs.test_inputs is None else len(pairs.test_inputs)
        height, width = config.crop_size
        self.data_facts = {
            "source": config.data,
            "for training": f"{len(pairs.train_inputs):,} pairs",
            "held out": f"{num_test:,} pairs" if num_test else "none",
            "direction": config.direction.replace("_", " "),
            "size": picture_data.describe_size(
                config.crop_size, config.channels_in, config.channels_target
            ),
        }
        say(
            "data",
            f"{config.data}: {len(pairs.train_inputs)} pairs, {num_test} for "
            f"tests, {config.direction}, {height}x{width}",
        )

    def _load_held_out(self, pairs):
        """Pairs to show and to score, and the mean of the targets."""
        size = self.config.crop_size
        inputs, targets = pairs.test_inputs, pairs.test_targets
        self._split = "test"
        if inputs is None:
            say("note", "no test pairs: samples show training pairs")
            inputs, targets = pairs.train_inputs, pairs.train_targets
            self._split = "train"
        if self.config.input_resize == "nearest":
            inputs = data.LabelMaps(inputs)
            self._train_inputs = data.LabelMaps(self._train_inputs)
        self.inputs = data.to_float(inputs.load(size, _SCORED))
        self.targets = data.to_float(targets.load(size, _SCORED))
        self._mean_target = data.to_float(
            pairs.train_targets.load(size, _SCORED)
        ).mean(axis=0)

    def build_model(self):
        config = self.config
        is_batch = config.normalization == "batch"
        shape = (*config.crop_size, config.channels_in)
        pair = (*config.crop_size, config.channels_in + config.channels_target)
        steps_per_epoch = self.pipeline.steps_per_epoch
        try:
            model = Pix2Pix(
                self._build_generator(shape, is_batch),
                build_patchgan_discriminator(
                    pair,
                    config.discriminator_filters,
                    config.discriminator_layers,
                    config.normalization,
                    affine=is_batch,
                    use_bias=not is_batch,
                ),
                config.norm_mode,
                config.seed,
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        model.compile(
            config.optimizer("generator", steps_per_epoch),
            config.optimizer("discriminator", steps_per_epoch),
            config.adversarial_loss,
            config.discriminator_loss_weight,
            config.lambda_l1,
            **config.compile_arguments,
        )
        return model

    def _build_generator(self, shape, is_batch):
        config = self.config
        if config.generator in translation.RESNETS:
            return translation.RESNETS[config.generator](
                shape,
                config.channels_target,
                config.generator_filters,
                config.num_residual_blocks,
                config.normalization,
                affine=is_batch,
                use_bias=not is_batch,
                upsampling=config.upsampling,
                dropout=config.dropout,
            )
        return _UNETS[config.generator](
            shape,
            config.channels_target,
            config.generator_filters,
            config.num_levels or None,
            config.normalization,
            config.dropout_layout,
            config.dropout,
            config.upsampling,
        )

    def describe(self, model):
        return (
            f"{self.config.generator}: generator "
            f"{model.generator.count_params():,}, discriminator "
            f"{model.discriminator.count_params():,} parameters"
        )

    def pictures(self, run, summary_writer):
        shown = data.spread(len(self.inputs), self.num_samples)
        self.save_export_inputs(run, generator=self.inputs[shown])
        self.save_calibration(run, generator=self._train_inputs)
        return PairStrips(
            self.inputs[shown],
            self.targets[shown],
            run.samples,
            self.config.sample_epochs,
            summary_writer,
        )

    def evaluator(self, run_path, features, seed):
        return evaluation.of_translations(
            self.inputs,
            self.targets,
            self.open_features(run_path, features, self.config.channels_target),
            self.describe_split(self._split),
            seed,
        )

    def score(self, model, history, instruments):
        return scores.score_pix2pix(
            model, self.inputs, self.targets, self._mean_target, self._split
        )

    def sentences(self, score, history):
        return scores.pix2pix_sentences(score, history)


def make_task(config):
    """Reads the data; returns the `Task` that the flags ask for."""
    return Pix2PixTask(config)


def train(config):
    """Runs or goes on with one training; returns an exit code."""
    return task.run(config, make_task)


def _open_pipeline(pairs, config):
    with plain_warnings(_name_flags):
        return data.PairedPipeline(
            pairs.train_inputs,
            pairs.train_targets,
            config.crop_size,
            config.size_before_crop,
            config.batch_size,
            config.seed,
            config.flip,
            config.input_resize,
            **picture_data.keep_arguments(config),
        )


def _name_flags(text):
    return text.replace(
        "pass input_resize='nearest'", "give --input_resize=nearest"
    )


if __name__ == "__main__":
    cli.main("pix2pix", Config, train, __doc__)
