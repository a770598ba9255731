import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_gans import data
from tests.data.files import (
    BITS,
    CMYK,
    GREY,
    GREY16,
    JPEG,
    LA,
    PALETTE,
    PNG,
    RGB,
    RGB16,
    RGBA,
    SMOOTH,
    encode,
    npy,
    over_white,
    pillow_rgb,
    png16,
)

GOOD_FILES = {
    "png": ("a.png", PNG, RGB),
    "png_named_jpg": ("a.jpg", PNG, RGB),
    "jpeg_named_png": ("a.png", JPEG, pillow_rgb(JPEG)),
    "no_extension": ("a", PNG, RGB),
    "brackets_and_spaces": ("a [1] 'b'.png", PNG, RGB),
    "umlauts": ("Gemälde_ü_猫.png", PNG, RGB),
    "png_without_iend": ("a.png", PNG[:-12], RGB),
    "bmp": ("a.bmp", encode(Image.fromarray(RGB), "BMP"), RGB),
    "webp": (
        "a.webp",
        encode(Image.fromarray(RGB), "WEBP", lossless=True),
        RGB,
    ),
    "progressive_jpeg": (
        "a.jpg",
        encode(SMOOTH, "JPEG", progressive=True),
        pillow_rgb(encode(SMOOTH, "JPEG", progressive=True)),
    ),
    "grey": (
        "a.png",
        encode(Image.fromarray(GREY[..., 0])),
        GREY.repeat(3, -1),
    ),
    "one_bit": (
        "a.png",
        encode(Image.fromarray(BITS)),
        np.where(BITS, 255, 0)[..., None].repeat(3, -1),
    ),
    "palette": ("a.png", encode(PALETTE), np.asarray(PALETTE.convert("RGB"))),
    "cmyk_jpeg": (
        "a.jpg",
        encode(CMYK, "JPEG"),
        pillow_rgb(encode(CMYK, "JPEG")),
    ),
    "grey_16_bit": ("a.png", png16(GREY16), GREY16.repeat(3, -1)),
    "rgb_16_bit": ("a.png", png16(RGB16), RGB16),
    "npy_uint8": ("a.npy", npy(RGB), RGB),
    "npy_uint16": ("a.npy", npy(RGB16), RGB16),
    "npy_big_endian": ("a.npy", npy(RGB16.astype(">u2")), RGB16),
    "npy_named_png": ("a.png", npy(RGB), RGB),
    "npy_fortran_order": ("a.npy", npy(np.asfortranarray(RGB)), RGB),
}


@pytest.mark.parametrize("case", GOOD_FILES)
def test_good_file_gives_the_right_pixels(case, write):
    name, content, expected = GOOD_FILES[case]
    image = data.read_image(write(content, name))
    np.testing.assert_array_equal(image, expected)
    assert image.dtype == (
        np.uint16 if expected.dtype == "uint16" else np.uint8
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation, kind, write):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(SMOOTH, kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(data.read_image(write(content)), upright)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90)],
    ids=["3", "6"],
)
def test_turned_photo_equals_the_original(orientation, turned, write):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(Image.fromarray(RGB).transpose(turned), exif=exif)
    np.testing.assert_array_equal(data.read_image(write(content)), RGB)


def test_photo_with_a_preview_is_not_animated(write):
    other = SMOOTH.transpose(Image.Transpose.ROTATE_180)
    content = encode(SMOOTH, "MPO", save_all=True, append_images=[other])
    np.testing.assert_array_equal(
        data.read_image(write(content)), pillow_rgb(content)
    )


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_laid_over_white(kind, write):
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    path = write(encode(Image.fromarray(RGBA), kind, **options))
    image = data.read_image(path).astype(int)
    assert np.max(np.abs(image - over_white(RGBA))) <= 0.5


def test_alpha_is_kept_with_four_channels(write):
    path = write(encode(Image.fromarray(RGBA)))
    np.testing.assert_array_equal(data.read_image(path, channels=4), RGBA)


@pytest.mark.parametrize("background", [0, 100, 255])
def test_fully_transparent_pixels_become_the_background(background, write):
    path = write(encode(Image.new("RGBA", (3, 2), (9, 9, 9, 0))))
    image = data.read_image(path, background=background)
    np.testing.assert_array_equal(image, np.full((2, 3, 3), background))


def test_grey_with_alpha(write):
    path = write(encode(Image.fromarray(LA, "LA")))
    expected = over_white(LA[..., [0, 0, 0, 1]])
    image = data.read_image(path).astype(int)
    assert np.max(np.abs(image - expected)) <= 0.5


def test_transparent_palette_entry(write):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    path = write(encode(picture, transparency=0))
    np.testing.assert_array_equal(
        data.read_image(path), [[[255, 255, 255], [40, 50, 60]]]
    )


def test_16_bit_alpha_is_laid_over_white(write):
    pixels = np.array([[[1000, 2000, 3000, 0], [1000, 2000, 3000, 65535]]])
    np.testing.assert_array_equal(
        data.read_image(write(png16(pixels))),
        [[[65535, 65535, 65535], [1000, 2000, 3000]]],
    )


@pytest.mark.parametrize("picture", [RGB, GREY[..., 0]], ids=["rgb", "grey"])
def test_one_channel_equals_pillows_grey(picture, write):
    path = write(encode(Image.fromarray(picture)))
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    np.testing.assert_array_equal(data.read_image(path, 1), grey[..., None])


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_npy_of_floats_and_any_channels(channels, write):
    array = np.linspace(-1, 1, 6 * channels).reshape(2, 3, channels)
    image = data.read_image(write(npy(array), "a.npy"), channels)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, array, atol=1e-7)


def test_npy_without_channel_axis(write):
    path = write(npy(GREY[..., 0]), "a.npy")
    np.testing.assert_array_equal(data.read_image(path, channels=1), GREY)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PNG, RGB),
        (encode(Image.fromarray(GREY[..., 0])), GREY),
        (npy(np.zeros((4, 5, 7), "uint8")), np.zeros((4, 5, 7), "uint8")),
        (
            encode(Image.new("RGBA", (3, 2), (9, 9, 9, 0))),
            np.full((2, 3, 3), 255),
        ),
    ],
    ids=["colours", "grey", "npy", "transparent"],
)
def test_channels_can_be_those_of_the_file(content, expected, tmp_path):
    (tmp_path / "a").write_bytes(content)
    image = data.read_image(tmp_path / "a", channels=None)
    np.testing.assert_array_equal(image, expected)
