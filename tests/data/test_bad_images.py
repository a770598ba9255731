import re
import resource

import numpy as np
import pytest
from PIL import Image, ImageFile

from keras_gans import data
from tests.data.files import (
    JPEG,
    PALETTE,
    PNG,
    RGB,
    RGB16,
    RGBA,
    SMOOTH,
    encode,
    npy,
    png,
    png16,
)


def flat_png(side):
    return png(side, side, 1, 0, bytes(side * (side // 8 + 1)))


def lying_png():
    return png(30_000, 30_000, 8, 2, b"")


def apng():
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
    return encode(frames[0], save_all=True, append_images=frames[1:])


def animated_webp():
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
    return encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])


LOSSY_WEBP = encode(SMOOTH, "WEBP")
AGAIN = r"Get the file again or remove it\."
CUT_OFF = rf"is damaged or cut off \(.+\)\. {AGAIN}"
TOO_LARGE = r"has more than 64 million pixels\. Scale it down or remove it\."
NOT_READ = r", which is not read\. Convert it to PNG\."
BAD_FILES = {
    "empty": (b"", rf"is empty\. {AGAIN}"),
    "zeros": (
        bytes(500),
        r"is not a picture file \(it begins with b'(\\x00){8}'\)\. "
        r"Convert it to PNG or remove it\.",
    ),
    "text": (
        b"hello, world",
        r"is not a picture file \(it begins with b'hello, w'\)\. "
        r"Convert it to PNG or remove it\.",
    ),
    "html": (b"<!DOCTYPE html>404", "is an HTML, XML or SVG file" + NOT_READ),
    "gif": (encode(SMOOTH, "GIF"), "is a GIF file" + NOT_READ),
    "tiff": (encode(SMOOTH, "TIFF"), "is a TIFF file" + NOT_READ),
    "half_jpeg": (JPEG[: len(JPEG) // 2], CUT_OFF),
    "jpeg_without_last_bytes": (JPEG[:-20], CUT_OFF),
    "jpeg_header_only": (
        JPEG[:4],
        rf"is a damaged JPEG file\. {AGAIN}",
    ),
    "half_png": (PNG[: len(PNG) // 2], CUT_OFF),
    "png_header_only": (
        PNG[:8],
        rf"is a damaged PNG file\. {AGAIN}",
    ),
    "png_with_flipped_bits": (
        PNG[:80] + bytes([PNG[80] ^ 255]) + PNG[81:],
        CUT_OFF,
    ),
    "half_png_16_bit": (
        png16(RGB16)[:150],
        rf"is damaged or cut off \(invalid PNG data\)\. {AGAIN}",
    ),
    "half_webp": (
        LOSSY_WEBP[:-30],
        rf"is a damaged WebP file\. {AGAIN}",
    ),
    "header_lies": (lying_png(), TOO_LARGE),
    "bomb_of_100_megapixels": (flat_png(10_000), TOO_LARGE),
    "bomb_of_196_megapixels": (flat_png(14_000), TOO_LARGE),
    "apng": (apng(), r"is animated \(2 frames\)\. Save one frame as PNG\."),
    "animated_webp": (
        animated_webp(),
        r"is animated \(2 frames\)\. Save one frame as PNG\.",
    ),
    "npy_of_objects": (
        npy(np.full((2, 2, 3), None), allow_pickle=True),
        r"holds object values\. Save uint8, uint16, or floats in \[-1, 1\]\.",
    ),
    "npy_of_int64": (
        npy(RGB.astype("int64")),
        r"holds int64 values\. Save uint8, uint16, or floats in \[-1, 1\]\.",
    ),
    "npy_out_of_range": (
        npy(RGB.astype("float32")),
        r"holds floats outside of \[-1, 1\]\. Scale them to \[-1, 1\]\.",
    ),
    "npy_with_nan": (
        npy(np.full((2, 2, 3), np.nan)),
        r"holds floats outside of \[-1, 1\]\. Scale them to \[-1, 1\]\.",
    ),
    "npy_batch": (
        npy(RGB[None]),
        r"holds an array of shape \(1, 9, 12, 3\)\. "
        r"Save one picture per file, as \(height, width, channels\)\.",
    ),
    "npy_channels": (
        npy(RGBA),
        r"has 4 channels, not 3\. "
        r"Set the number of channels to that of the files\.",
    ),
    "npy_cut_off": (npy(RGB)[:-9], CUT_OFF),
    "npy_header_cut_off": (
        npy(RGB)[:20],
        r"has a damaged \.npy header\. Save the array again with numpy\.save\.",
    ),
    "npy_header_lies": (
        npy(RGB).replace(b"(9, 12, 3)", b"(90000, 90000, 3)"),
        r"has a damaged \.npy header\. .+|" + TOO_LARGE,
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
# Pillow warns of 100 megapixels before we refuse; nobody must rely on that.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_file_is_named_and_explained(case, write):
    content, sentence = BAD_FILES[case]
    path = write(content, "bad [1] ü.png")
    with pytest.raises(data.ImageError) as error:
        data.read_image(path)
    pattern = f"{re.escape(str(path))}: (?:{sentence})"
    assert re.fullmatch(pattern, str(error.value)), str(error.value)


@pytest.mark.parametrize(
    "content", [lying_png(), flat_png(14_000), flat_png(9_000)]
)
def test_bomb_is_refused_without_decoding(content, write, monkeypatch):
    def never(self):
        pytest.fail("The picture was decoded.")

    monkeypatch.setattr(ImageFile.ImageFile, "load", never)
    path = write(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(data.ImageError, match=TOO_LARGE):
        data.read_image(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 32 * 1024  # Kilobytes.


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "gone.png"
    message = (
        rf"^{re.escape(str(path))}: cannot be opened \(No such file or "
        r"directory\)\. Check the path and its permissions\.$"
    )
    with pytest.raises(data.ImageError, match=message):
        data.read_image(path)


def test_picture_files_have_no_five_channels(write):
    path = write(PNG)
    message = (
        rf"^{re.escape(str(path))}: is a picture file, which has 1, 3 or 4 "
        r"channels, not 5\. Store pictures with other numbers of channels as "
        r"\.npy\.$"
    )
    with pytest.raises(data.ImageError, match=message):
        data.read_image(path, channels=5)


@pytest.mark.parametrize(
    "content",
    [
        JPEG,
        PNG,
        png16(RGB16),
        npy(RGB),
        encode(PALETTE),
        LOSSY_WEBP,
    ],
    ids=["jpeg", "png", "png16", "npy", "palette", "webp"],
)
def test_random_damage_gives_a_picture_or_an_image_error(content, write):
    generator = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content)
        for place in generator.integers(0, min(len(damaged), 200), 3):
            damaged[place] = generator.integers(0, 256)
        path = write(damaged)
        try:
            image = data.read_image(path)
        except data.ImageError as error:
            assert str(error).startswith(f"{path}: ")
        else:
            assert image.ndim == 3 and image.shape[-1] == 3
