"""Pictures, and the bytes of files that hold them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from keras_gans import data


def colours(height=9, width=12, channels=3, dtype="uint8"):
    """A picture without symmetry, in which every pixel differs."""
    top = np.iinfo(dtype).max
    generator = np.random.default_rng(height * width)
    shape = (height, width, channels)
    return generator.integers(0, top, shape, dtype, endpoint=True)


def numbered(count, name="trainA", size=(2, 2), channels=1):
    """Pictures whose every pixel is the number of the picture."""
    shape = (count, *size, channels)
    levels = np.arange(count, dtype="uint8").reshape(-1, 1, 1, 1)
    return data.ArrayImages(np.broadcast_to(levels, shape), name)


def noisy(count, seed, size=(9, 11), channels=3):
    generator = np.random.default_rng(seed)
    array = generator.integers(0, 255, (count, *size, channels), "uint8")
    return data.ArrayImages(array, f"train{seed}")


def encode(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind, body):
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def png(width, height, bit_depth, colour_type, rows):
    """A PNG file written by hand, independent of any decoder."""
    header = struct.pack(
        ">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0
    )
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(rows, 1))
        + png_chunk(b"IEND", b"")
    )


def png16(array):
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[array.shape[-1]]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in array)
    return png(array.shape[1], array.shape[0], 16, colour_type, rows)


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def over_white(rgba):
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + 255 * (1 - alpha)


RGB = colours()
RGBA = colours(channels=4)
GREY = RGB[..., :1]
LA = RGBA[..., :2]
BITS = GREY[..., 0] > 127
PALETTE = Image.fromarray(RGB // 64 * 64).quantize(64)
CMYK = Image.fromarray(colours(16, 16)).resize((64, 48)).convert("CMYK")
SMOOTH = Image.fromarray(colours(4, 4)).resize((60, 44), 3)
JPEG = encode(SMOOTH, "JPEG", quality=90)
PNG = encode(Image.fromarray(RGB))
GREY16 = colours(channels=1, dtype="uint16")
RGB16 = colours(channels=3, dtype="uint16")


def pillow_rgb(encoded):
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
