"""Pictures of one set: opened, batched for training, and some to look at."""

import math

from keras_gans import data
from trainers import config as config_lib
from trainers.config import UsageError
from trainers.environment import say
from trainers.progress import Progress

# Of larger sets, as many pictures, or bytes of them as floats, stand for all
# in what is compared and scored.
_WATCHED = 10_000
_WATCHED_BYTES = 2**29
# Of more classes, the page of a run tells their number alone.
_MOST_NAMED = 20


def open_images(config):
    """Returns `keras_gans.data.LabelledImages`, as the flags say."""
    with config_lib.naming_flag("data", config.data):
        return data.open_images(config.data, config.channels)


def open_pipeline(images, config, size, batch_size, **arguments):
    """Returns the `keras_gans.data.ImagePipeline` of the training pictures.

    Args:
        images: `keras_gans.data.LabelledImages`.
        config: Config of a trainer, with `batch_size`, `seed` and `flip`.
        size: `(height, width)` of the batches.
        batch_size: Integer, pictures in a step: a multiple of the flag.
        **arguments: More of the pipeline's.

    Raises:
        UsageError: If flags do not fit the pictures.
        keras_gans.data.ImageError: If pictures cannot be read.
        OSError: If the disk refuses to keep them.
    """
    if batch_size > len(images.train):
        several = batch_size > config.batch_size
        raise UsageError(
            f"--batch_size {'times --discriminator_steps ' * several}must be "
            f"at most {len(images.train)}, the number of pictures. Received: "
            f"{batch_size}."
        )
    try:
        return data.ImagePipeline(
            images.train,
            size,
            batch_size=batch_size,
            seed=config.seed,
            flip=config.flip,
            **keep_arguments(config),
            **arguments,
        )
    except data.ImageError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def keep_arguments(config):
    """Where a pipeline is to keep its pictures, and to tell of reading."""
    return {
        "cache": config.cache,
        "cache_dir": config.cache_dir or None,
        "on_read": Progress("read").show,
    }


def load_some(images, size, split):
    """Pictures of a split and their labels; of many, evenly spread ones.

    Args:
        images: `keras_gans.data.LabelledImages`.
        size: `(height, width)`.
        split: `"train"` or `"test"`.

    Returns:
        What `LabelledImages.load` does.
    """
    bytes_each = 4 * math.prod(size) * images.train.channels
    most = max(1, min(_WATCHED, _WATCHED_BYTES // bytes_each))
    return images.load(split, size, most)


def describe(images, config, size):
    """Prints what there is to train on.

    Returns:
        A dictionary of strings, the same for the page of the run.
    """
    num_test = 0 if images.test is None else len(images.test)
    say(
        "data",
        f"{config.data}: {len(images.train)} pictures, {num_test} for tests, "
        f"{images.num_classes or 'no'} classes, {size[0]}x{size[1]}",
    )
    return {
        "source": config.data,
        "for training": f"{len(images.train):,} pictures",
        "held out": f"{num_test:,} pictures" if num_test else "none",
        "classes": _describe_classes(images.class_names),
        "size": describe_size(size, config.channels),
    }


def _describe_classes(names):
    if len(names) > _MOST_NAMED:
        return str(len(names))
    return ", ".join(names) or "none"


def describe_size(size, *channels):
    """Height, width and channels of pictures, such as `"28x28, grey"`."""
    kinds = [{1: "grey", 3: "RGB"}.get(n, f"{n} channels") for n in channels]
    return f"{size[0]}x{size[1]}, {' to '.join(kinds)}"
