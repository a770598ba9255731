import re

import keras
import numpy as np
import pytest

from keras_gans.layers import PixelShuffle

SHAPES = [(2, 3, 5, 4), (1, 4, 2, 12), (3, 1, 1, 8)]


def images_of(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def shuffle_by_loop(images):
    batch, height, width, channels = images.shape
    outputs = np.empty((batch, 2 * height, 2 * width, channels // 4), "float32")
    for row in range(2 * height):
        for column in range(2 * width):
            for channel in range(channels // 4):
                source = 4 * channel + 2 * (row % 2) + column % 2
                outputs[:, row, column, channel] = images[
                    :, row // 2, column // 2, source
                ]
    return outputs


def test_hand_worked_pixel():
    # Two groups of four channels: a 2x2 block of two channels.
    pixel = np.arange(8, dtype="float32").reshape(1, 1, 1, 8)
    block = np.array(PixelShuffle()(pixel))
    np.testing.assert_array_equal(block[0, :, :, 0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(block[0, :, :, 1], [[4, 5], [6, 7]])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_loop(shape):
    images = images_of(shape)
    np.testing.assert_array_equal(
        PixelShuffle()(images), shuffle_by_loop(images)
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_pytorch(shape):
    torch = pytest.importorskip("torch")
    images = images_of(shape)
    theirs = torch.nn.PixelShuffle(2)(
        torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    )
    np.testing.assert_array_equal(
        PixelShuffle()(images), theirs.numpy().transpose(0, 2, 3, 1)
    )


def test_depth_to_space_has_another_channel_order():
    # TensorFlow counts channels last: the trap that the docstring speaks of.
    tf = pytest.importorskip("tensorflow")
    images = images_of((1, 2, 2, 8))
    assert np.any(tf.nn.depth_to_space(images, 2) != PixelShuffle()(images))


@pytest.mark.parametrize(
    ("input_shape", "output_shape"),
    [
        ((4, 6, 8), (None, 8, 12, 2)),
        ((None, 6, 8), (None, None, 12, 2)),
        ((None, None, 8), (None, None, None, 2)),
    ],
    ids=str,
)
def test_symbolic_shapes(input_shape, output_shape):
    inputs = keras.Input(input_shape)
    model = keras.Model(inputs, PixelShuffle()(inputs))
    assert model.output_shape == output_shape
    images = images_of((3, 4, 6, 8))
    np.testing.assert_array_equal(
        model.predict(images, verbose=0), shuffle_by_loop(images)
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtype_stays(dtype):
    assert PixelShuffle(dtype=dtype)(images_of((1, 2, 2, 4))).dtype == dtype


def test_config_round_trip():
    layer = PixelShuffle(name="shuffle")
    twin = PixelShuffle.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()


def test_save_and_load(tmp_path):
    images = images_of((2, 2, 2, 4))
    model = keras.Sequential([keras.Input((2, 2, 4)), PixelShuffle()])
    model.save(tmp_path / "shuffle.keras")
    revived = keras.saving.load_model(tmp_path / "shuffle.keras")
    np.testing.assert_array_equal(revived(images), model(images))


def test_channels_must_be_divisible_by_4():
    message = (
        "The number of channels must be divisible by 4. "
        "Received: input_shape=(1, 2, 2, 6)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        PixelShuffle()(images_of((1, 2, 2, 6)))
