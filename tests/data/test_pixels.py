import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans import data


def noise(*shape, dtype="uint8"):
    top = np.iinfo(dtype).max
    generator = np.random.default_rng(0)
    return generator.integers(0, top, shape, dtype, endpoint=True)


@pytest.mark.parametrize("kind", [np.asarray, tf.constant], ids=["numpy", "tf"])
def test_all_levels_survive_a_round_trip(kind):
    levels = np.arange(256, dtype="uint8")
    floats = data.to_float(kind(levels))
    assert floats.dtype == "float32"
    np.testing.assert_allclose(floats, levels / 127.5 - 1, atol=1e-7)
    np.testing.assert_array_equal(data.to_uint8(floats), levels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_range_ends_exactly_at_one(dtype):
    ends = np.array([0, np.iinfo(dtype).max], dtype)
    np.testing.assert_array_equal(data.to_float(ends), [-1, 1])


def test_numpy_and_graph_give_the_same_bits():
    levels = np.arange(65536, dtype="uint16")
    in_graph = tf.function(data.to_float)(tf.constant(levels))
    np.testing.assert_array_equal(data.to_float(levels), in_graph)


def test_floats_pass_to_float_unchanged():
    floats = np.array([-1, 0.25, 1], "float64")
    converted = data.to_float(floats)
    assert converted.dtype == np.float32
    np.testing.assert_array_equal(converted, floats)


def test_to_float_refuses_other_integers():
    message = (
        r"^`images` must be uint8, uint16 or float\. "
        r"Received: dtype=int64\. Cast it first\.$"
    )
    with pytest.raises(TypeError, match=message):
        data.to_float(np.arange(3))


def test_to_uint8_rounds_and_clips():
    floats = [-7.0, -1.0, -0.999, 0.0, 0.002, 1.0, 1.5]
    np.testing.assert_array_equal(
        data.to_uint8(floats), [0, 0, 0, 128, 128, 255, 255]
    )


def test_all_16_bit_levels_survive_a_round_trip():
    levels = np.arange(65536, dtype="uint16")
    stored = data.to_uint16(data.to_float(levels))
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored, levels)
    np.testing.assert_array_equal(
        data.to_uint16([-7.0, -1.0, 0.5, 1.5]), [0, 0, 49151, 65535]
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_to_uint8_refuses_what_is_not_finite(bad):
    message = (
        r"^`images` must be finite\. Received: 1 of 2 values are NaN or "
        r"infinite\. Look for a loss that diverged\.$"
    )
    with pytest.raises(ValueError, match=message):
        data.to_uint8(tf.constant([0.0, bad]))


@pytest.mark.parametrize("size", [(31, 17), (7, 5), (20, 13)], ids=str)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_8_bit_resize_is_pillows(mode, size):
    channels = len(mode)
    image = noise(20, 13, channels)
    picture = Image.fromarray(image.squeeze())
    expected = picture.resize(size[::-1], Image.Resampling.BICUBIC)
    resized = data.resize(image, size)
    assert resized.dtype == np.uint8
    np.testing.assert_array_equal(
        resized, np.asarray(expected).reshape(*size, channels)
    )


@pytest.mark.parametrize("size", [(31, 17), (7, 5)], ids=["up", "down"])
@pytest.mark.parametrize(
    "image",
    [
        noise(20, 13, 2),
        noise(20, 13, 5),
        noise(20, 13, 3, dtype="uint16"),
        np.float32(noise(20, 13, 2) / 127.5 - 1),
    ],
    ids=["two_channels", "five_channels", "uint16", "float"],
)
def test_other_resizes_are_antialiased_bicubic(image, size):
    expected = tf.image.resize(image, size, "bicubic", antialias=True).numpy()
    resized = data.resize(image, size)
    assert resized.dtype == image.dtype
    if image.dtype.kind == "u":
        expected = np.clip(expected, 0, np.iinfo(image.dtype).max)
        atol = 0.6  # Levels: rounding, and float32 sums of 16 bits.
    else:
        expected, atol = np.clip(expected, -1, 1), 1e-5
    np.testing.assert_allclose(resized, expected, atol=atol)
