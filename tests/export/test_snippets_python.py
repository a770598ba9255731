"""The Python programs, each in a process of its own, against Keras."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from export import model_card
from tests.export import sidecars, snippet_exports
from tests.export.snippet_exports import CODE_DIM, COLOUR, GREY, LATENT_DIM


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return snippet_exports.export_all(tmp_path_factory.mktemp("snippets"))


def run(folder, *words, output="output.png"):
    """Runs a program elsewhere than in its folder; returns what it wrote."""
    elsewhere = folder.parent
    path = elsewhere / output
    path.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, folder / "snippets" / "run.py", *map(str, words)],
        cwd=elsewhere,
        check=True,
        capture_output=True,
        timeout=120,
    )
    if path.suffix == ".npy":
        return np.load(path)
    return np.asarray(Image.open(path))


def save_picture(path, shape, seed=0):
    """A random picture (height, width, channels) of bytes, and its images."""
    pixels = np.random.default_rng(seed).integers(0, 256, shape, "uint8")
    Image.fromarray(pixels[..., 0] if shape[-1] == 1 else pixels).save(path)
    images = np.interp(pixels, [0, 255], [-1, 1]).astype("float32")
    return pixels, images[None]


def assert_shows(pixels, image):
    """Bytes (height, width[, 3]) against an image in [-1, 1]: a level apart."""
    expected = np.interp(image, [-1, 1], [0, 255])
    if expected.shape[-1] == 1:
        expected = expected[..., 0]
    assert pixels.shape == expected.shape
    assert pixels.dtype == np.uint8
    assert np.ptp(pixels) > 20  # There is something to see.
    np.testing.assert_allclose(pixels, expected, atol=0.51)


def normal(seed, size):
    return np.random.default_rng(seed).standard_normal((1, size), "float32")


def test_translator(cases, tmp_path):
    case = cases["generator_ab"]
    _, images = save_picture(tmp_path / "photo.png", COLOUR)
    pixels = run(case.folder, tmp_path / "photo.png")
    assert_shows(pixels, case.answer(images=images))
    # Another picture, another answer.
    save_picture(tmp_path / "other.png", COLOUR, seed=1)
    assert (run(case.folder, tmp_path / "other.png") != pixels).any()


def test_translator_scales_and_turns_photographs(cases, tmp_path):
    """A grey photograph of another size, that lies on its side."""
    case = cases["generator_ab"]
    height, width, _ = COLOUR
    levels = np.full((3 * width, 3 * height), 40, "uint8")
    levels[: 3 * width // 2] = 200  # Above; when turned, on the right.
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned clockwise by a quarter.
    Image.fromarray(levels).save(tmp_path / "photo.png", exif=exif)
    upright = np.full((height, width, 3), 40, "uint8")
    upright[:, width // 2 :] = 200
    images = (upright[None] / 127.5 - 1).astype("float32")
    expected = np.interp(case.answer(images=images), [-1, 1], [0, 255])
    pixels = run(case.folder, tmp_path / "photo.png")
    away = np.r_[0 : width // 2 - 6, width // 2 + 6 : width]  # From the edge.
    np.testing.assert_allclose(pixels[:, away], expected[:, away], atol=12)


def test_latents(cases):
    case = cases["generator"]
    pixels = run(case.folder, "--seed", 3)
    assert_shows(pixels, case.answer(latents=normal(3, LATENT_DIM)))
    other = case.answer(latents=normal(4, LATENT_DIM))
    assert np.abs(np.interp(other, [-1, 1], [0, 255]) - pixels).max() > 5


def test_labels(cases):
    case = cases["conditional"]
    for label in (0, 3):
        pixels = run(case.folder, "--seed", 3, "--label", label)
        labels = np.array([label], "int32")
        image = case.answer(latents=normal(3, LATENT_DIM), labels=labels)
        assert_shows(pixels, image)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(case.folder, "--label", 4)
    assert b"invalid choice: 4" in caught.value.stderr


def test_codes_go_round(cases, tmp_path):
    """A picture to its code, the code to the decoder's picture."""
    encoder, decoder = cases["encoder"], cases["decoder"]
    _, images = save_picture(tmp_path / "digit.png", GREY)
    codes = run(encoder.folder, tmp_path / "digit.png", output="output.npy")
    expected = encoder.answer(images=images)
    np.testing.assert_allclose(codes[0], expected, atol=1e-5)
    np.save(tmp_path / "codes.npy", codes[0])
    pixels = run(decoder.folder, tmp_path / "codes.npy")
    assert_shows(pixels, decoder.answer(codes=codes))


def test_codes_are_drawn_from_their_prior(cases):
    case = cases["decoder"]
    pixels = run(case.folder, "--seed", 5)
    assert_shows(pixels, case.answer(codes=normal(5, CODE_DIM)))


class _Blend(tf.Module):
    """Inverts, and darkens towards the right: no axis and no sign is alike."""

    @tf.function
    def __call__(self, images):
        width = tf.shape(images)[2]
        ramp = tf.range(width, dtype=tf.float32) / tf.cast(width, tf.float32)
        return {"images": -images * (1 - ramp[:, None] / 2)}

    @tf.function
    def on_bytes(self, images):
        images = tf.cast(images, tf.float32) / 127.5 - 1
        images = (self(images)["images"] + 1) * 127.5
        return {"images": tf.cast(tf.round(images), tf.uint8)}


def blended(images):
    width = images.shape[2]
    return -images * (1 - np.arange(width)[:, None] / width / 2)


def write_blend(folder, document, function):
    """Writes an export with the signatures of a document."""
    module = _Blend()
    signatures = {
        x["name"]: getattr(module, function).get_concrete_function(
            images=tf.TensorSpec(
                x["inputs"][0]["shape"], x["inputs"][0]["dtype"]
            )
        )
        for x in document["signatures"]
    }
    path = folder.parent / "saved_model"
    tf.saved_model.save(module, str(path), signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(path), signature_keys=list(signatures)
    )
    folder.mkdir()
    name = document["files"][0]["name"]
    (folder / name).write_bytes(converter.convert())
    parity = sidecars.parity(document)
    model_card.write_model_card(folder, document, parity)


def test_sizes_are_chosen_by_name(tmp_path):
    document = sidecars.sidecar(
        sidecars.picture_to_picture((1, 8, 12, 3)) | {"name": "8x12"},
        sidecars.picture_to_picture((1, 10, 6, 3)) | {"name": "10x6"},
    )
    write_blend(tmp_path / "export", document, "__call__")
    for shape, words in (
        ((8, 12, 3), []),
        ((10, 6, 3), ["--signature", "10x6"]),
    ):
        _, images = save_picture(tmp_path / "photo.png", shape)
        pixels = run(tmp_path / "export", tmp_path / "photo.png", *words)
        assert_shows(pixels, blended(images)[0])


def test_free_sizes_fit_the_picture(tmp_path):
    document = sidecars.sidecar(sidecars.picture_to_picture((1, None, None, 3)))
    write_blend(tmp_path / "export", document, "__call__")
    _, images = save_picture(tmp_path / "photo.png", (8, 20, 3))
    pixels = run(tmp_path / "export", tmp_path / "photo.png")
    assert_shows(pixels, blended(images)[0])
    save_picture(tmp_path / "photo.png", (11, 22, 3))
    pixels = run(tmp_path / "export", tmp_path / "photo.png")
    assert pixels.shape == (8, 20, 3)  # Multiples of four.


def test_bytes_stay_bytes(tmp_path):
    document = sidecars.sidecar(
        sidecars.picture_to_picture((1, 8, 12, 3), dtype="uint8")
    )
    write_blend(tmp_path / "export", document, "on_bytes")
    _, images = save_picture(tmp_path / "photo.png", (8, 12, 3))
    pixels = run(tmp_path / "export", tmp_path / "photo.png")
    assert_shows(pixels, blended(images)[0])


def test_a_wrong_range_is_seen(cases, tmp_path):
    """The negative control: these checks fail if the sidecar is wrong."""
    case = cases["generator_ab"]
    shape = (1, *COLOUR)
    document = sidecars.sidecar(
        sidecars.picture_to_picture(shape, value_range=(0, 1))
    )
    name = document["files"][0]["name"]
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / name).write_bytes((case.folder / name).read_bytes())
    parity = sidecars.parity(document)
    model_card.write_model_card(tmp_path / "export", document, parity)
    _, images = save_picture(tmp_path / "photo.png", COLOUR)
    pixels = run(tmp_path / "export", tmp_path / "photo.png")
    with pytest.raises(AssertionError):
        assert_shows(pixels, case.answer(images=images))
