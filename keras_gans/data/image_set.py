"""Finite, indexable sets of pictures of one domain."""

import abc
import concurrent.futures
import contextlib
import functools
import hashlib
import os

import numpy as np

from keras_gans.data import images, pixels
from keras_gans.data.sampling import spread

_NAMED_ERRORS = 10


class ImageSet(abc.ABC):
    """Pictures of one domain, in a fixed order, read at any size.

    A subclass decodes one picture in `_decode(index)`, in its own size.

    Args:
        name: String for messages, such as `"trainA"`.
        channels: Integer. Number of channels of every picture.
        filenames: List of strings, one per picture.
    """

    def __init__(self, name, channels, filenames):
        if not filenames:
            raise ValueError(
                f"{name} must hold at least one picture. Received: none."
            )
        self.name = name
        self.channels = channels
        self.filenames = list(filenames)

    def __len__(self):
        return len(self.filenames)

    @functools.cached_property
    def dtype(self):
        """The dtype of the pictures: that of the first which can be read."""
        for index in range(len(self)):
            with contextlib.suppress(images.ImageError):
                return self._decode(index).dtype
        return np.dtype("uint8")  # Whoever reads a picture gets its error.

    def read(self, index, size):
        """Reads one picture.

        Args:
            index: Integer in [0, len).
            size: `(height, width)` to resize to.

        Returns:
            An array `(height, width, channels)`.

        Raises:
            ImageError: If the file can not be used, or if its bit depth is
                not that of the set.
        """
        image = self._decode(index)
        if image.dtype != self.dtype:
            raise images.ImageError(
                f"{self._location(index)}: is {image.dtype}, but {self.name} "
                f"is {self.dtype}. Convert all pictures to one bit depth."
            )
        return pixels.resize(image, size)

    def load(self, size, most=None):
        """Reads all pictures, in parallel.

        Args:
            size: `(height, width)` to resize to.
            most: Integer >= 1. Of more pictures, as many are read, evenly
                spread over all; see `spread`. Defaults to all.

        Returns:
            An array `(n, height, width, channels)`.

        Raises:
            ImageError: If files can not be used; it tells how many, and names
                the first ten.
        """
        indices = spread(len(self), most)
        loaded = np.empty((len(indices), *size, self.channels), self.dtype)
        self.read_each(indices, size, loaded.__setitem__)
        return loaded

    def read_each(self, indices, size, store, on_read=None):
        """Reads pictures in parallel, for as little memory as they take.

        Args:
            indices: Sequence of integers in [0, len).
            size: `(height, width)` to resize to.
            store: Function of the place of a picture among the indices, and
                of the picture. It is called by several threads.
            on_read: Function without arguments, called after each picture;
                or None.

        Raises:
            ImageError: If files can not be used; it tells how many, and names
                the first ten.
        """

        def read(place):
            try:
                store(place, self.read(indices[place], size))
            except images.ImageError as error:
                return error

        errors = []
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for error in pool.map(read, range(len(indices))):
                if error is not None:
                    errors.append(error)
                if on_read is not None:
                    on_read()
        if errors:
            raise self._summary(errors) from errors[0]

    def identity(self):
        """What the pictures depend on, to find again what was made of them.

        Returns:
            Lists, strings and numbers; sets of equal identity have equal
            pictures. None, unless a subclass knows better: they can not be
            told from others.
        """
        return None

    def _summary(self, errors):
        lines = [str(error) for error in errors[:_NAMED_ERRORS]]
        if len(errors) > _NAMED_ERRORS:
            lines.append(f"... and {len(errors) - _NAMED_ERRORS} more.")
        lines.append(
            f"{len(errors)} of the {len(self)} pictures of {self.name} "
            "can not be used."
        )
        return images.ImageError("\n".join(lines))

    def _location(self, index):
        """Where picture `index` is, for messages."""
        return self.filenames[index]

    @abc.abstractmethod
    def _decode(self, index):
        """Returns picture `index` as an array, in its own size."""


class ArrayImages(ImageSet):
    """Pictures held in one array.

    Args:
        array: Array `(n, height, width, channels)` or `(n, height, width)`:
            uint8, uint16, or floats in [-1, 1].
        name: String for messages, such as `"trainA"`.
        filenames: List of `n` strings. Defaults to the numbers of the
            pictures.
    """

    def __init__(self, array, name, filenames=None):
        array = np.asarray(array)
        if array.ndim == 3:
            array = array[..., None]
        if array.ndim != 4:
            raise ValueError(
                "`array` must have shape (n, height, width, channels) or "
                f"(n, height, width). Received: shape {array.shape}."
            )
        if array.dtype.kind == "f":
            array = array.astype("float32")
            if not np.all(np.abs(array) <= 1):
                raise ValueError(
                    "`array` must be in [-1, 1] if it holds floats. "
                    "Received: other values, or NaN. Scale it first."
                )
        elif array.dtype not in (np.uint8, np.uint16):
            raise TypeError(
                "`array` must be uint8, uint16 or float. "
                f"Received: dtype={array.dtype}. Cast it first."
            )
        if filenames is None:
            filenames = [f"{index:06d}" for index in range(len(array))]
        if len(filenames) != len(array):
            raise ValueError(
                "`filenames` must name every picture. "
                f"Received: {len(filenames)} names, {len(array)} pictures."
            )
        super().__init__(name, array.shape[-1], filenames)
        self._array = array

    def identity(self):
        digest = hashlib.blake2b(np.ascontiguousarray(self._array))
        shape, dtype = self._array.shape, self._array.dtype.str
        return [type(self).__name__, *shape, dtype, digest.hexdigest()]

    def _decode(self, index):
        return self._array[index]


class ImageFiles(ImageSet):
    """Pictures in files; see `read_image` for what is read, and how.

    Args:
        paths: List of paths.
        name: String for messages, such as `"trainA"`.
        channels: Integer. Number of channels to convert to. Defaults to 3.
    """

    def __init__(self, paths, name, channels=3):
        self._paths = [os.fspath(path) for path in paths]
        super().__init__(name, channels, _short_names(self._paths))

    def identity(self):
        files = []
        for path in map(os.path.abspath, self._paths):
            try:
                status = os.stat(path)
            except OSError:  # Whoever reads it gets the error.
                files.append([path])
            else:
                files.append([path, status.st_size, status.st_mtime_ns])
        return [type(self).__name__, self.channels, files]

    def _location(self, index):
        return self._paths[index]

    def _decode(self, index):
        return images.read_image(self._paths[index], self.channels)


def _short_names(paths):
    """Paths relative to the folder that holds them all."""
    if not paths:
        return []
    folder = os.path.commonpath([os.path.dirname(path) for path in paths])
    return [os.path.relpath(path, folder or ".") for path in paths]
