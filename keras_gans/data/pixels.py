"""Pixel values and sizes: channels, resize, to and from [-1, 1]."""

import numpy as np
import tensorflow as tf
from PIL import Image


def convert_channels(image, channels, background=255):
    """Converts between grey, grey + alpha, RGB and RGBA.

    Args:
        image: uint8 or uint16 array `(..., channels)` of 1 to 4 channels.
        channels: 1, 3 or 4.
        background: Grey level, 0 to 255, laid below transparent pixels when
            alpha is dropped.

    Returns:
        An array `(..., channels)` of the same dtype. Grey values are those of
        Pillow's `convert("L")`.
    """
    opaque = np.iinfo(image.dtype).max
    colours, alpha = image, None
    if image.shape[-1] in (2, 4):
        colours, alpha = image[..., :-1], image[..., -1:]
    if alpha is not None and channels != 4:
        below = background * (opaque // 255)
        weight = alpha.astype("uint32")
        mixed = colours * weight + below * (opaque - weight)
        colours = ((mixed + opaque // 2) // opaque).astype(image.dtype)
    if channels == 1 and colours.shape[-1] == 3:
        # ITU-R 601-2 in 16-bit fixed point, as Pillow has it.
        luma = colours @ np.array([19595, 38470, 7471], "uint32")
        colours = ((luma + 0x8000) >> 16).astype(image.dtype)[..., None]
    if channels > 1 and colours.shape[-1] == 1:
        colours = np.repeat(colours, 3, axis=-1)
    if channels == 4:
        if alpha is None:
            alpha = np.full_like(colours[..., :1], opaque)
        colours = np.concatenate([colours, alpha], axis=-1)
    return np.ascontiguousarray(colours)


def to_float(images):
    """Maps pictures to float32 in [-1, 1], the range inside the package.

    Args:
        images: NumPy array or tensor, uint8 or uint16; floats are taken to be
            in [-1, 1] already.

    Returns:
        A float32 array or tensor of the same shape; 0 becomes exactly -1, and
        255 (65535) exactly 1.

    Raises:
        TypeError: If `images` has another dtype.
    """
    is_tensor = tf.is_tensor(images)
    dtype = tf.as_dtype(images.dtype)
    if not (dtype.is_floating or dtype in (tf.uint8, tf.uint16)):
        raise TypeError(
            "`images` must be uint8, uint16 or float. "
            f"Received: dtype={dtype.name}. Cast it first."
        )
    floats = tf.cast(images, "float32") if is_tensor else np.float32(images)
    if dtype.is_floating:
        return floats
    # An exact difference and one rounding: the same bits in NumPy, in a graph
    # and under a compiler that rewrites divisions, and never beyond 1.
    half = dtype.max / 2
    return (floats - np.float32(half)) * np.float32(1 / half)


def to_uint8(images):
    """Maps floats in [-1, 1] to uint8, rounded and clipped, to be stored.

    Args:
        images: NumPy array or tensor of floats.

    Returns:
        A uint8 NumPy array of the same shape.

    Raises:
        ValueError: If a value is NaN or infinite.
    """
    return _to_levels(images, "uint8")


def to_uint16(images):
    """As `to_uint8`, to uint16: 256 times as many levels."""
    return _to_levels(images, "uint16")


def _to_levels(images, dtype):
    images = np.asarray(images, "float32")
    bad = images.size - np.count_nonzero(np.isfinite(images))
    if bad:
        raise ValueError(
            "`images` must be finite. "
            f"Received: {bad} of {images.size} values are NaN or infinite. "
            "Look for a loss that diverged."
        )
    top = np.iinfo(dtype).max
    levels = np.rint((images + 1) * np.float32(top / 2))
    return np.clip(levels, 0, top).astype(dtype)


def resize(image, size):
    """Resizes one picture, bicubic and antialiased.

    8-bit pictures of 1, 3 or 4 channels are bit-equal to Pillow, and so to
    the PyTorch transforms of the papers.

    Args:
        image: Array `(height, width, channels)`, uint8, uint16 or float.
        size: `(height, width)`.

    Returns:
        An array `(*size, channels)` of the same dtype; what bicubic overshoots
        is clipped to [0, 255], [0, 65535] or [-1, 1].
    """
    if image.shape[:2] == tuple(size):
        return image
    box = (size[1], size[0])  # Pillow puts the width first.
    if image.dtype == np.uint8 and image.shape[-1] in (1, 3, 4):
        if image.shape[-1] == 1:
            return _resize_with_pillow(image[..., 0], box)[..., None]
        return _resize_with_pillow(image, box)
    # Pillow has no other colour pictures, but planes of floats.
    planes = np.moveaxis(image.astype("float32"), -1, 0)
    resized = np.stack(
        [_resize_with_pillow(plane, box) for plane in planes], axis=-1
    )
    if image.dtype.kind == "f":
        return np.clip(resized, -1, 1).astype(image.dtype)
    levels = np.clip(np.rint(resized), 0, np.iinfo(image.dtype).max)
    return levels.astype(image.dtype)


def _resize_with_pillow(array, box):
    picture = Image.fromarray(np.ascontiguousarray(array))
    return np.asarray(picture.resize(box, Image.Resampling.BICUBIC))
