"""Reads a whole data set once and says what is in it, and what is wrong.

python -m trainers.check_data --data=FOLDER
python -m trainers.check_data --data=FOLDER --task=unpaired
python -m trainers.check_data --data=edges:FOLDER --task=paired

Exit codes: 0 usable, 2 wrong usage, 65 not usable, 74 no download.
"""

import dataclasses
import math
import os

import numpy as np

from keras_gans import data
from trainers import cli
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say
from trainers.progress import Progress

_TASKS = ("images", "unpaired", "paired")
_BIT_DEPTHS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floats"}


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    data: str = option(
        "", "Folder, embedded:NAME, tfds:NAME or edges:SPEC. Needed."
    )
    task: str = option("images", "What the data is meant for.", choices=_TASKS)
    channels: int = option(3, "Channels of the pictures, for images.", 1)
    channels_a: int = option(3, "Channels of side a, for the other tasks.", 1)
    channels_b: int = option(3, "Channels of side b, for the other tasks.", 1)

    def __post_init__(self):
        for field in dataclasses.fields(self):
            config_lib.check_field(field, getattr(self, field.name))
        if not self.data:
            raise UsageError(
                "--data must be a folder, embedded:NAME, tfds:NAME or "
                "edges:SPEC."
            )


def check(config):
    """Reads the set that `config` names, and prints what is found.

    Returns:
        0 if a training can use the set as it is, or 65.
    """
    say("data", f"{config.data}, as {config.task}; sizes: HEIGHTxWIDTH")
    is_open = True
    try:
        image_sets = _OPENERS[config.task](config)
    except (FileNotFoundError, ValueError) as error:
        is_open = False
        say("error", str(error))
        # Whoever mends that wants to know of bad files, too.
        image_sets = _open_all_files(config)
    on_read = Progress("read", sum(map(len, image_sets)))
    errors = {}  # Both halves of a bad file give one sentence.
    for images in image_sets:
        survey = data.survey_images(images, on_read)
        say("pictures", _describe(images, survey))
        if config.task == "paired" and _are_label_maps(survey):
            say(
                "note",
                f"{images.name} look like label maps: as inputs, read "
                "them with input_resize=nearest",
            )
        errors.update(dict.fromkeys(survey.errors))
    for error in errors:
        say("bad", error)
    return _conclude(is_open, len(errors))


def _open_images(config):
    images = data.open_images(config.data, config.channels)
    for split in ("train", "test"):
        labels = getattr(images, f"{split}_labels")
        if labels is not None:
            counts = np.bincount(labels, minlength=images.num_classes)
            shares = ", ".join(
                f"{name} {count}"
                for name, count in zip(images.class_names, counts)
            )
            say("classes", f"{images.num_classes} in {split}: {shares}")
    return _present(images.train, images.test)


def _open_unpaired(config):
    domains = data.open_unpaired(
        config.data, config.channels_a, config.channels_b
    )
    return _present(
        domains.train_a, domains.train_b, domains.test_a, domains.test_b
    )


def _open_paired(config):
    pairs = data.open_paired(
        config.data,
        channels_in=config.channels_a,
        channels_target=config.channels_b,
    )
    for split in ("train", "test"):
        inputs = getattr(pairs, f"{split}_inputs")
        if inputs is not None:
            say("pairs", f"{len(inputs)} in {split}")
    sides = _present(
        pairs.train_inputs,
        pairs.train_targets,
        pairs.test_inputs,
        pairs.test_targets,
    )
    # Outlines are drawn from the pictures, and are as good as these.
    return [side for side in sides if not isinstance(side, data.EdgeImages)]


_OPENERS = {
    "images": _open_images,
    "unpaired": _open_unpaired,
    "paired": _open_paired,
}


def _open_all_files(config):
    """All pictures of a folder, whatever its layout."""
    folder = os.path.expanduser(config.data.removeprefix("edges:"))
    try:
        paths = data.list_images(folder)
    except (FileNotFoundError, ValueError):
        return []
    channels = config.channels if config.task == "images" else config.channels_a
    return [data.ImageFiles(paths, "the whole folder", channels)]


def _present(*image_sets):
    return [images for images in image_sets if images is not None]


def _describe(images, survey):
    """One line on a set: how many, how large, and of what kind."""
    facts = [_describe_sizes(survey.sizes)]
    facts.append(f"{images.channels} channel{'s' * (images.channels > 1)}")
    facts.append(_BIT_DEPTHS[survey.dtype.name])
    if survey.num_grey:
        facts.append(f"{survey.num_grey} of them grey")
    return f"{len(images)} of {images.name}: {', '.join(facts)}"


def _describe_sizes(sizes):
    if not sizes:
        return "none can be read"
    [(frequent, count)] = sizes.most_common(1)
    if len(sizes) == 1:
        return f"all {_format(frequent)}"
    return (
        f"{_format(min(sizes, key=math.prod))} to "
        f"{_format(max(sizes, key=math.prod))}, most often "
        f"{_format(frequent)} ({count})"
    )


def _format(size):
    return f"{size[0]}x{size[1]}"


def _are_label_maps(survey):
    return survey.num_label_maps == survey.sizes.total() > 0


def _conclude(is_open, num_errors):
    problems = [] if is_open else ["the error above"]
    if num_errors:
        problems.append(f"{num_errors} bad pictures")
    if not problems:
        say("verdict", "usable")
        return 0
    say("verdict", f"not usable: {' and '.join(problems)}")
    return 65


def main(arguments=None):
    """Checks the data that the flags in `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, check, __doc__, arguments)


if __name__ == "__main__":
    main()
