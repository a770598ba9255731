"""The inputs on which files are compared with Keras."""

import importlib.resources
import zipfile
from pathlib import Path

import numpy as np

from export.errors import ExportError
from keras_gans.data import folders, images, pixels

NUM_INPUTS = 8


def from_run(run_dir, name):
    """Reads what the trainer kept for one network.

    Args:
        run_dir: Run folder with `samples/inputs.npz`.
        name: Name of the network in that file.

    Returns:
        float32 array `(n, ...)`, n at most 8.

    Raises:
        ExportError: If the file is missing, damaged or lacks the network.
    """
    path = Path(run_dir) / "samples" / "inputs.npz"
    if not path.is_file():
        raise ExportError(
            f"{path} is missing: it holds the run's inputs for the parity "
            "check. Use --model with the checkpoint's model.keras."
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if name not in arrays:
                raise ExportError(
                    f"{path} holds no inputs for {name}, only for "
                    f"{', '.join(arrays) or 'nothing'}."
                )
            return arrays[name][:NUM_INPUTS]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, ExportError):
            raise
        raise ExportError(f"{path} is damaged: {error}") from error


def from_folder(folder, shape):
    """Reads pictures of a folder and resizes them.

    Args:
        folder: Path of a folder with picture or .npy files.
        shape: `(height, width, channels)` wanted.

    Returns:
        float32 array `(n, *shape)` in [-1, 1], n at most 8.

    Raises:
        ExportError: If there is no picture, or one cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ExportError(f"--pictures must be a folder. Received: {folder}")
    try:
        pictures = [
            images.read_image(path, channels=shape[-1])
            for path in _spread(folders.list_images(folder))
        ]
    except ValueError as error:
        raise ExportError(str(error)) from error
    return _fit(pictures, shape)


def default(shape):
    """Makes inputs from nothing: emoji pictures, or normal noise.

    Args:
        shape: `(height, width, channels)` or `(latent_dim,)`.

    Returns:
        float32 array `(8, *shape)`.

    Raises:
        ExportError: If pictures of another number of channels are wanted.
    """
    if len(shape) == 1:
        generator = np.random.default_rng(0)
        return generator.standard_normal((NUM_INPUTS, *shape), "float32")
    if shape[-1] not in (1, 3):
        raise ExportError(
            f"The network takes images of {shape[-1]} channels, which the "
            "embedded pictures do not have. Name a folder with --pictures."
        )
    embedded = importlib.resources.files("keras_gans.data") / "embedded"
    with (embedded / "emoji64_pairs.npz").open("rb") as file:
        emoji = np.load(file, allow_pickle=False)["a_test"]
    pictures = [
        pixels.convert_channels(emoji, shape[-1]) for emoji in _spread(emoji)
    ]
    return _fit(pictures, shape)


def _fit(pictures, shape):
    return np.stack(
        [pixels.to_float(pixels.resize(x, shape[:2])) for x in pictures]
    )


def _spread(items):
    """Picks at most eight items, evenly over all of them."""
    if len(items) <= NUM_INPUTS:
        return items
    positions = np.linspace(0, len(items) - 1, NUM_INPUTS).astype(int)
    return [items[position] for position in positions]
