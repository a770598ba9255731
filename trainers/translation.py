"""What the trainers of translators, pix2pix and CycleGAN, share."""

import abc
import dataclasses

import numpy as np

from keras_gans.networks import (
    build_mobile_resnet_generator,
    build_resnet_generator,
)
from keras_gans.networks.blocks import NORMALIZATIONS, UPSAMPLINGS
from trainers import config as config_lib
from trainers import exports, game
from trainers.config import UsageError, option
from trainers.task import Task

# Value of --generator -> builder. All take the same arguments.
RESNETS = {
    "resnet": build_resnet_generator,
    "mobile_resnet": build_mobile_resnet_generator,
}


@dataclasses.dataclass(frozen=True)
class Config(game.Config):
    """Flags of both trainers."""

    data: str = option("", "Pictures. Needed.", fixed=True)
    image_size: str = option(
        "256", "Side of the crops in pixels, or HEIGHTxWIDTH.", fixed=True
    )
    load_size: str = option(
        "",
        "Size before cropping; default: 286/256 of image_size.",
        fixed=True,
    )
    flip: bool = option(True, "Flip pictures at random.", fixed=True)
    batch_size: int = option(1, "Pictures in a step.", 1, fixed=True)
    adversarial_loss: str = option(
        "non_saturating", "Loss family.", choices=game.LOSSES_WITHOUT_PENALTY
    )
    generator_filters: int = option(
        64, "Width of the first convolution.", 1, fixed=True
    )
    num_residual_blocks: int = option(
        9,
        "Residual blocks of a ResNet; the paper: 9 at 256 pixels, 6 at 128.",
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

    def check(self):
        super().check()
        if any(
            load < crop
            for load, crop in zip(self.size_before_crop, self.crop_size)
        ):
            raise UsageError(
                f"--load_size must not be smaller than --image_size, "
                f"{self.image_size}. Received: {self.load_size}."
            )

    def check_sides(self, multiple, least, flag=None):
        """Refuses crops that a generator cannot halve as often as it does.

        Args:
            multiple: Integer that must divide both sides.
            least: Integer, the shortest side that can be.
            flag: Name of a flag that the multiple follows from, or `None`.
        """
        if any(side % multiple or side < least for side in self.crop_size):
            remedy = f" Or give a lower --{flag}." if flag else ""
            raise UsageError(
                f"--image_size must be at least {least} and divisible by "
                f"{multiple}. Received: {self.image_size}.{remedy}"
            )

    @property
    def crop_size(self):
        return config_lib.parse_size("image_size", self.image_size)

    @property
    def size_before_crop(self):
        if self.load_size:
            return config_lib.parse_size("load_size", self.load_size)
        return tuple(round(side * 286 / 256) for side in self.crop_size)


class TranslationTask(Task, abc.ABC):
    """Abstract base of tasks that learn to translate pictures."""

    unit = "pairs"
    num_samples = 8

    def check_batch_size(self, count, what):
        """Refuses batches larger than a walk through the data."""
        if self.config.batch_size > count:
            raise UsageError(
                f"--batch_size must be at most {count}, the number of {what}. "
                f"Received: {self.config.batch_size}."
            )

    def save_export_inputs(self, run, **images):
        """Saves pictures that the exported files are compared on."""
        np.savez_compressed(run.samples / "inputs.npz", **images)

    def save_calibration(self, run, **sources):
        """Saves training pictures, of sources by the name of a network."""
        exports.save_calibration(
            run,
            **{
                name: source.load(
                    self.config.crop_size, exports.NUM_CALIBRATION_PICTURES
                )
                for name, source in sources.items()
            },
        )
