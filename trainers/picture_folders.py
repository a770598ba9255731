"""Folders of pictures, read in batches, to be compared with each other."""

import pathlib

import numpy as np

from keras_gans import data
from trainers import config as config_lib
from trainers.config import UsageError
from trainers.progress import Progress

_BATCH_SIZE = 64


class PictureFolder:
    """The pictures of a folder and its subfolders, all of one shape.

    Args:
        flag: Name of the flag that names the folder, for messages.
        folder: Path.
        size: `(height, width)` to resize to, or `None`: as they are.

    Raises:
        FileNotFoundError: If there is no such folder.
        UsageError: If it holds no pictures.
        keras_gans.data.ImageError: If its first picture cannot be read.

    Attributes:
        name: The flag with its value, for messages.
        shape: `(height, width, channels)` of the first picture.
    """

    def __init__(self, flag, folder, size=None):
        self.name = f"--{flag}={folder}"
        folder = pathlib.Path(folder).expanduser()
        with config_lib.naming_flag(flag, folder):
            self._paths = data.list_images(folder)
        self._size = size
        self.shape = self._read(self._paths[0]).shape

    def __len__(self):
        return len(self._paths)

    def batches(self):
        """Yields float32 arrays `(n, height, width, channels)` in [-1, 1].

        Raises:
            keras_gans.data.ImageError: If a picture cannot be read.
            UsageError: If one has another shape than the first.
        """
        progress = Progress("read", len(self))
        for start in range(0, len(self), _BATCH_SIZE):
            batch = []
            for path in self._paths[start : start + _BATCH_SIZE]:
                image = self._read(path)
                self._check_shape(path, image.shape)
                batch.append(data.to_float(image))
                progress()
            yield np.stack(batch)

    def _read(self, path):
        image = data.read_image(path, channels=None)
        return image if self._size is None else data.resize(image, self._size)

    def _check_shape(self, path, shape):
        if shape != self.shape:
            raise UsageError(
                f"{self.name} must hold pictures of one shape. "
                f"{self._paths[0]} has {describe_shape(self.shape)}, {path} "
                f"{describe_shape(shape)}. Sizes can be made alike with "
                "--image_size."
            )


def check_alike(real, fake):
    """Refuses two `PictureFolder`s whose pictures cannot be compared.

    Raises:
        UsageError: If they have other sizes or numbers of channels.
    """
    if real.shape == fake.shape:
        return
    problem, remedy = "sizes", "Resize both with --image_size."
    if real.shape[-1] != fake.shape[-1]:
        problem = "numbers of channels"
        remedy = "Save both as grey or both as colour pictures."
    raise UsageError(
        f"--real and --fake must hold pictures of equal {problem}. Received: "
        f"{describe_shape(real.shape)} in {real.name}, "
        f"{describe_shape(fake.shape)} in {fake.name}. {remedy}"
    )


def describe_shape(shape):
    """HEIGHTxWIDTH and the channels, in words."""
    height, width, channels = shape
    plural = "s" * (channels != 1)
    return f"{height}x{width} pixels and {channels} channel{plural}"
