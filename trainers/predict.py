"""Translates your own pictures, of any size, with the networks of a run.

python -m trainers.predict --run_dir=runs/cyclegan-001 --input=FOLDER
python -m trainers.predict --run_dir=runs/cyclegan-001 --input=a.jpg
    --direction=ba --output=FOLDER
python -m trainers.predict --run_dir=runs/pix2pix-001 --input=FOLDER --seed=7

Each picture becomes a PNG of its name, in subfolders as it lies in some. A
network knows the scale of its training pictures: where a horse was 100 pixels
high, one of 1000 is none to it. Resize with --image_size then.

Exit codes: 0 done, 2 wrong usage, 65 no checkpoint, or pictures that cannot be
used (the others are done), 74 the disk refused.
"""

import dataclasses
import functools
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf

from keras_gans import checkpoints, data
from keras_gans.models import Pix2Pix
from keras_gans.models.inference import (
    NORM_MODES,
    inference_view,
    seed_dropout,
)
from keras_gans.prediction import ImageTranslator
from trainers import cli, environment, pix2pix, run_folder
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say
from trainers.picture_jobs import plan_jobs
from trainers.progress import Progress

_TRAINERS = ("cyclegan", "pix2pix")
_DIRECTIONS = ("ab", "ba")
_BITS = ("auto", "8", "16")


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    run_dir: str = option("", "Run of trainers.cyclegan or pix2pix. Needed.")
    input: str = option("", "Picture, or folder of pictures. Needed.")
    output: str = option(
        "", "Folder for the results. Default: predictions in the run folder."
    )
    direction: str = option(
        "", "Of a CycleGAN: ab (the default) or ba. pix2pix has one."
    )
    norm_mode: str = option(
        "",
        "What batch norms go by, one of "
        f"{', '.join(NORM_MODES)}. Default: what the model goes by.",
    )
    dropout: bool = option(
        True, "Dropout of pix2pix, its noise, as the paper tests; not in tiles."
    )
    seed: int = option(0, "Seed of the dropout, for each picture anew.", 0)
    image_size: str = option(
        "",
        "Side, or HEIGHTxWIDTH, to resize to first: a network knows the scale "
        "of its training pictures. Default: the picture's own size.",
    )
    tile_size: int = option(
        1024,
        "Pictures of more pixels than a square of this side are translated in "
        "tiles, which saves memory.",
        1,
    )
    overlap: int = option(
        0, "Pixels that tiles share at least; 0: as the network needs.", 0
    )
    bits: str = option(
        "auto",
        "Bits of the results; auto: 16 where the picture has 16, else 8.",
        choices=_BITS,
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            config_lib.check_field(field, getattr(self, field.name))
        if not self.run_dir:
            raise UsageError(
                "--run_dir must be a run folder, such as runs/cyclegan-001."
            )
        if not self.input:
            raise UsageError("--input must be a picture or a folder of some.")
        _check_choice("direction", self.direction, _DIRECTIONS)
        _check_choice("norm_mode", self.norm_mode, NORM_MODES)
        if self.image_size:
            config_lib.parse_size("image_size", self.image_size)


def predict(config):
    """Translates the pictures that `config` names.

    Returns:
        0 if all could be translated, or 65.
    """
    run_dir = pathlib.Path(config.run_dir).expanduser()
    trainer = run_folder.trainer_of(run_dir, _TRAINERS)
    _check_direction(config.direction, trainer)
    say("device", environment.device())
    model = _load_model(run_dir, trainer)
    translator = _Translator(model, config)
    output = pathlib.Path(config.output or run_dir / "predictions").expanduser()
    jobs = plan_jobs(
        pathlib.Path(config.input).expanduser(), output, translator.suffix
    )
    say("pictures", f"{len(jobs)} of {config.input}")
    if translator.suffix == ".npy":
        say(
            "note",
            f"a PNG cannot hold {translator.output_channels} channels: the "
            "results are .npy files, floats in [-1, 1]",
        )
    read = _reader(run_dir, trainer, translator.channels, config.image_size)
    errors = _translate_all(jobs, read, translator)
    for error in errors:
        say("bad", error)
    say("look", str(output))
    return 65 if errors else 0


def _check_direction(direction, trainer):
    if direction and trainer == "pix2pix":
        raise UsageError(
            "--direction must be left out for pix2pix, which was trained in "
            f"one. Received: {direction}."
        )


def _check_choice(flag, value, choices):
    """Refuses a `value` that is neither empty nor among `choices`."""
    if value and value not in choices:
        raise UsageError(
            f"--{flag} must be one of {', '.join(choices)}. Received: {value}."
            f"{config_lib.did_you_mean(value, choices)}"
        )


def _load_model(run_dir, trainer):
    checkpoint = checkpoints.newest(run_dir / "checkpoints")
    for sentence in checkpoint.skipped:
        say("warning", sentence)
    say("run", f"{run_dir}: {trainer}, step {checkpoint.step}")
    return keras.saving.load_model(checkpoint.model_path, compile=False)


def _reader(run_dir, trainer, channels, image_size):
    """Function that reads the picture at a path, as the training did."""
    if not image_size:
        return lambda path: data.read_image(path, channels)
    size = config_lib.parse_size("image_size", image_size)
    are_label_maps = False
    if trainer == "pix2pix":
        flags = run_folder.read_flags(run_dir, trainer, pix2pix.Config)
        are_label_maps = flags.get("input_resize") == "nearest"

    def read(path):
        images = data.ImageFiles([path], "input", channels)
        if are_label_maps:
            images = data.LabelMaps(images)
        return images.read(0, size)

    return read


class _Translator:
    """A network of a run, as the flags have it, for images of any size."""

    def __init__(self, model, config):
        self._config = config
        if isinstance(model, Pix2Pix):
            self._network = model.generator
            self._norm_mode = config.norm_mode or model.norm_mode
            self._dropout = config.dropout
        else:
            self._network = {
                "ab": model.generator_ab,
                "ba": model.generator_ba,
            }[config.direction or "ab"]
            # A CycleGAN runs its networks as Keras does.
            self._norm_mode = config.norm_mode or "running"
            self._dropout = False
        self._view = inference_view(
            self._network, self._norm_mode, self._dropout
        )
        self._usual = self._open(self._view)
        self.channels = self._network.input_shape[-1]
        self.output_channels = self._network.output_shape[-1]

    @property
    def suffix(self):
        """The kind of file that holds the results."""
        return ".png" if self.output_channels in data.PNG_CHANNELS else ".npy"

    def translate(self, image):
        """Translates a float image; equal ones give equal results."""
        if self._usual.needs_tiles(image.shape[:2]):
            return self._tiled.translate(image)
        seed_dropout(self._view, self._config.seed)
        return self._usual.translate(image)

    @functools.cached_property
    def _tiled(self):
        """Made, and told, when the first large picture comes."""
        side = self._config.tile_size
        note = f"pictures larger than {side}x{side} are translated in tiles"
        if not self._dropout:
            say("note", note)
            return self._usual
        # Each tile would get noise of its own, and the seams would show.
        say("note", f"{note}, without dropout")
        return self._open(inference_view(self._network, self._norm_mode))

    def _open(self, network):
        config = self._config
        with config_lib.naming_flag("tile_size", config.tile_size):
            return ImageTranslator(
                network, config.tile_size, config.overlap or None
            )

    def write(self, path, image, dtype):
        """Writes a result of `translate`, in `dtype` if auto bits are asked."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.suffix == ".npy":
            data.write_npy(path, image)
        elif self._config.bits == "16" or (
            self._config.bits == "auto" and dtype == np.uint16
        ):
            data.write_png(path, data.to_uint16(image))
        else:
            data.write_png(path, data.to_uint8(image))


def _translate_all(jobs, read, translator):
    """Does what can be done; returns sentences about the rest."""
    errors = []
    progress = Progress("done", len(jobs))
    begin = time.monotonic()
    for job in jobs:
        try:
            picture = read(job.source)
            image = translator.translate(data.to_float(picture))
        except data.ImageError as error:
            errors.append(str(error))
        except tf.errors.ResourceExhaustedError:
            height, width = picture.shape[:2]
            errors.append(
                f"{job.source}: {height}x{width} pixels are too many for the "
                "memory. Give a smaller --tile_size."
            )
        else:
            translator.write(job.target, image, picture.dtype)
        progress()
    seconds = (time.monotonic() - begin) / len(jobs)
    done = len(jobs) - len(errors)
    say("done", f"{done} of {len(jobs)} pictures, {seconds:.2f} s each")
    return errors


def main(arguments=None):
    """Translates the pictures that the flags in `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, predict, __doc__, arguments)


if __name__ == "__main__":
    main()
