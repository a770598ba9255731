import re

import keras
import numpy as np
import pytest

from keras_gans.layers import ReflectionPadding2D


def images_of(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_hand_worked_row():
    row = np.array([1.0, 2.0, 3.0], "float32").reshape(1, 1, 3, 1)
    padded = ReflectionPadding2D((0, 2))(row)
    np.testing.assert_array_equal(np.ravel(padded), [3, 2, 1, 2, 3, 2, 1])


def test_hand_worked_image():
    image = np.array([[1.0, 2.0], [3.0, 4.0]], "float32").reshape(1, 2, 2, 1)
    padded = ReflectionPadding2D(1)(image)
    np.testing.assert_array_equal(
        padded[0, :, :, 0],
        [[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]],
    )


@pytest.mark.parametrize("padding", [0, 1, 3, (2, 1), (0, 4), [1, 3]], ids=str)
@pytest.mark.parametrize("shape", [(2, 5, 6, 3), (1, 4, 8, 1)], ids=str)
def test_equals_numpy(padding, shape):
    images = images_of(shape)
    height, width = (padding, padding) if isinstance(padding, int) else padding
    expected = np.pad(
        images, ((0, 0), (height,) * 2, (width,) * 2, (0, 0)), mode="reflect"
    )
    padded = ReflectionPadding2D(padding)(images)
    np.testing.assert_array_equal(padded, expected)


def test_does_not_repeat_the_edge():
    images = images_of((1, 4, 4, 1))
    repeated = np.pad(
        images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric"
    )
    assert np.any(ReflectionPadding2D(1)(images) != repeated)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtype_stays(dtype):
    padded = ReflectionPadding2D(1, dtype=dtype)(images_of((1, 4, 4, 2)))
    assert padded.dtype == dtype
    assert np.all(np.isfinite(padded))


@pytest.mark.parametrize(
    ("input_shape", "output_shape"),
    [
        ((8, 6, 3), (None, 12, 8, 3)),
        ((None, 6, 3), (None, None, 8, 3)),
        ((None, None, 3), (None, None, None, 3)),
    ],
    ids=str,
)
def test_symbolic_shapes(input_shape, output_shape):
    inputs = keras.Input(input_shape)
    model = keras.Model(inputs, ReflectionPadding2D((2, 1))(inputs))
    assert model.output_shape == output_shape
    assert model(images_of((2, 8, 6, 3))).shape == (2, 12, 8, 3)


def test_free_sizes_equal_numpy_in_a_graph():
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, ReflectionPadding2D(2)(inputs))
    for shape in ((3, 4, 5, 2), (3, 7, 3, 2)):
        images = images_of(shape)
        expected = np.pad(
            images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect"
        )
        predicted = model.predict(images, verbose=0)
        np.testing.assert_array_equal(predicted, expected)


def test_config_round_trip():
    layer = ReflectionPadding2D((2, 1), name="pad")
    twin = ReflectionPadding2D.from_config(layer.get_config())
    assert twin.padding == (2, 1)
    assert twin.get_config() == layer.get_config()
    assert ReflectionPadding2D(3).get_config()["padding"] == (3, 3)


def test_save_and_load(tmp_path):
    images = images_of((2, 4, 4, 3))
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), ReflectionPadding2D((1, 2))]
    )
    model.save(tmp_path / "pad.keras")
    revived = keras.saving.load_model(tmp_path / "pad.keras")
    assert revived.layers[0].padding == (1, 2)
    np.testing.assert_array_equal(revived(images), model(images))


@pytest.mark.parametrize(
    "padding",
    [-1, (1, -1), (1, 2, 3), (1,), (1.5, 1), "ab", 1.5, None],
    ids=repr,
)
def test_padding_is_checked(padding):
    message = (
        "`padding` must be an integer >= 0 or a pair of them. "
        f"Received: padding={padding}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ReflectionPadding2D(padding)


@pytest.mark.parametrize(
    ("padding", "name", "amount"),
    [((4, 0), "height", 4), ((0, 6), "width", 6), (5, "height", 5)],
    ids=str,
)
def test_padding_must_be_smaller_than_the_image(padding, name, amount):
    message = (
        f"The {name} must be larger than its padding, {amount}, because a "
        "mirror image does not repeat the edge. "
        "Received: input_shape=(1, 4, 6, 3)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ReflectionPadding2D(padding)(images_of((1, 4, 6, 3)))


def test_largest_padding_is_accepted():
    images = images_of((1, 4, 6, 3))
    padded = ReflectionPadding2D((3, 5))(images)
    assert padded.shape == (1, 10, 16, 3)
