"""Writes picture files, whole or not at all."""

import io
import os
import pathlib

import numpy as np
import tensorflow as tf

# Two would be grey and alpha: read again, they would be laid on a background.
PNG_CHANNELS = (1, 3, 4)


def write_png(path, image):
    """Writes a picture as PNG, without loss.

    Args:
        path: Path of the file. Its folder must be there.
        image: uint8 or uint16 array `(height, width, channels)`; 1 (grey), 3
            (RGB) or 4 (RGBA) channels.

    Raises:
        ValueError: If a PNG cannot hold `image`.
        OSError: If the disk refuses; no part of the file is left behind.
    """
    if (
        image.ndim != 3
        or image.shape[-1] not in PNG_CHANNELS
        or image.dtype not in (np.uint8, np.uint16)
    ):
        raise ValueError(
            "`image` must be a uint8 or uint16 array (height, width, "
            "channels) with 1, 3 or 4 channels. Received: "
            f"{image.dtype} of shape {image.shape}."
        )
    # Pillow has no colours of 16 bits.
    _write(path, tf.io.encode_png(image).numpy())


def write_npy(path, image):
    """Writes a picture of any number of channels, for `read_image`.

    Args:
        path: Path of the file. Its folder must be there.
        image: Float array `(height, width, channels)`; it is clipped to
            [-1, 1].

    Raises:
        OSError: If the disk refuses; no part of the file is left behind.
    """
    file = io.BytesIO()
    np.save(file, np.clip(image, -1, 1).astype("float32"))
    _write(path, file.getvalue())


def _write(path, content):
    path = pathlib.Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
