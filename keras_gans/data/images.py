"""Reads picture files.

The reader trusts nothing: it looks at the content and not at the extension,
decides from the header whether to decode at all, and names the file in every
error.
"""

import numpy as np
import tensorflow as tf
from PIL import ExifTags, Image

from keras_gans.data import pixels

MAX_PIXELS = 64_000_000

_GET_AGAIN = "Get the file again or remove it"

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_NPY_MAGIC = b"\x93NUMPY"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH = 24  # Offset in the file: signature 8, IHDR 8, two sides 8.

# What a file that is not read here looks like from its first bytes.
_OTHER_FORMATS = {
    b"GIF8": "a GIF file",
    b"II*\x00": "a TIFF file",
    b"MM\x00*": "a TIFF file",
    b"%PDF": "a PDF file",
    b"<": "an HTML, XML or SVG file",
    b"PK": "a ZIP file",
}
_DAMAGED_FORMATS = {
    _PNG_MAGIC: "PNG",
    b"\xff\xd8": "JPEG",
    b"RIFF": "WebP",
    b"BM": "BMP",
}

# EXIF orientation -> how to turn an (H, W, C) array upright.
_TO_UPRIGHT = {
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: array.swapaxes(0, 1)[:, ::-1],
    7: lambda array: array.swapaxes(0, 1)[::-1, ::-1],
    8: lambda array: array.swapaxes(0, 1)[::-1],
}


class ImageError(ValueError):
    """A picture that can not be used; the message begins with its path."""


def read_image(path, channels=3, background=255):
    """Reads one picture file, or says what is wrong with it.

    PNG, JPEG, WebP and BMP are decoded by Pillow (16-bit PNG by TensorFlow),
    turned upright as their EXIF orientation says, and brought to the wanted
    number of channels. `.npy` files hold any number of channels, uint8,
    uint16, or floats in [-1, 1].

    Args:
        path: Path of the file. Its extension does not matter.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA) for picture files; the exact
            number of channels for `.npy` files. `None`: those that the file
            has, 1 or 3 for a picture, which is laid on the background.
        background: Grey level, 0 to 255, that transparent pictures are laid
            on unless `channels` is 4.

    Returns:
        An array `(height, width, channels)`: uint8, or uint16 for 16-bit PNG,
        or as in the `.npy` file, floats as float32.

    Raises:
        ImageError: If the file can not be opened, is no picture of these
            kinds, is animated, damaged, or has more than 64 million pixels.
    """
    try:
        with open(path, "rb") as file:
            return decode_image(file, path, channels, background)
    except OSError as error:
        raise _refusal(
            path,
            f"cannot be opened ({error.strerror})",
            "Check the path and its permissions",
        ) from error


def decode_image(file, path, channels=3, background=255):
    """As `read_image`, from an open binary file; `path` is for messages."""
    head = file.read(32)
    file.seek(0)
    if not head:
        raise _refusal(path, "is empty", _GET_AGAIN)
    if head.startswith(_NPY_MAGIC):
        return _decode_npy(file, path, channels)
    if channels not in (None, 1, 3, 4):
        raise _refusal(
            path,
            f"is a picture file, which has 1, 3 or 4 channels, not {channels}",
            "Store pictures with other numbers of channels as .npy",
        )
    array = _decode_picture(file, path, head)
    if channels is None:
        channels = 1 if array.shape[-1] < 3 else 3
    return pixels.convert_channels(array, channels, background)


def _decode_picture(file, path, head):
    """Decodes to an upright array `(height, width, 1 to 4)`."""
    try:
        picture = Image.open(file, formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except Exception as error:  # Pillow's parsers raise a dozen types.
        raise _unreadable(path, head) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(path)
    # A photo in MPO format is a JPEG that carries a preview: not animated.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise _refusal(
            path,
            f"is animated ({picture.n_frames} frames)",
            "Save one frame as PNG",
        )
    try:
        if head.startswith(_PNG_MAGIC) and head[_PNG_BIT_DEPTH] == 16:
            file.seek(0)
            array = tf.io.decode_png(file.read(), dtype="uint16").numpy()
        else:
            array = _pixels_of(picture)
        # A PNG may carry its EXIF block behind the pixels, so after them.
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception as error:
        raise _damaged(path, error) from error
    return _TO_UPRIGHT.get(orientation, lambda upright: upright)(array)


def _pixels_of(picture):
    """Grey, RGB or RGBA as uint8, from any of Pillow's 8-bit modes."""
    if picture.has_transparency_data:
        mode = "RGBA"
    else:
        mode = "L" if picture.mode in ("1", "L") else "RGB"
    array = np.asarray(picture.convert(mode))
    return array.reshape(picture.height, picture.width, -1)


def _decode_npy(file, path, channels):
    shape, dtype = _read_npy_header(file, path)
    if len(shape) not in (2, 3) or 0 in shape:
        raise _refusal(
            path,
            f"holds an array of shape {shape}",
            "Save one picture per file, as (height, width, channels)",
        )
    if shape[0] * shape[1] > MAX_PIXELS:
        raise _too_large(path)
    found = shape[2] if len(shape) == 3 else 1
    if channels not in (None, found):
        raise _refusal(
            path,
            f"has {found} channels, not {channels}",
            "Set the number of channels to that of the files",
        )
    if dtype not in (np.uint8, np.uint16) and dtype.kind != "f":
        raise _refusal(
            path,
            f"holds {dtype} values",
            "Save uint8, uint16, or floats in [-1, 1]",
        )
    file.seek(0)
    try:
        array = np.load(file, allow_pickle=False).reshape(*shape[:2], found)
    except (ValueError, EOFError, OSError) as error:
        raise _damaged(path, error) from error
    if dtype.kind != "f":
        return array.astype(dtype)
    if not np.all(np.abs(array) <= 1):  # False for NaN too.
        raise _refusal(
            path,
            "holds floats outside of [-1, 1]",
            "Scale them to [-1, 1]",
        )
    return array.astype("float32")


def _read_npy_header(file, path):
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        shape, _, dtype = readers[np.lib.format.read_magic(file)](file)
    except Exception as error:  # From a missing key to the tokenizer's own.
        raise _refusal(
            path,
            "has a damaged .npy header",
            "Save the array again with numpy.save",
        ) from error
    return shape, dtype.newbyteorder("=")


def _unreadable(path, head):
    """Names the kind of a file that Pillow does not open."""
    for magic, name in _OTHER_FORMATS.items():
        if head.startswith(magic):
            return _refusal(
                path, f"is {name}, which is not read", "Convert it to PNG"
            )
    for magic, name in _DAMAGED_FORMATS.items():
        if head.startswith(magic):
            return _refusal(path, f"is a damaged {name} file", _GET_AGAIN)
    return _refusal(
        path,
        f"is not a picture file (it begins with {head[:8]!r})",
        "Convert it to PNG or remove it",
    )


def _damaged(path, error):
    cause = str(error).partition("\n")[0].rstrip(".")
    if isinstance(error, tf.errors.OpError):
        cause = "invalid PNG data"  # Its message is about graph nodes.
    return _refusal(path, f"is damaged or cut off ({cause})", _GET_AGAIN)


def _too_large(path):
    return _refusal(
        path, "has more than 64 million pixels", "Scale it down or remove it"
    )


def _refusal(path, problem, remedy):
    return ImageError(f"{path}: {problem}. {remedy}.")
