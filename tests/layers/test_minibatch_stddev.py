import re

import keras
import numpy as np
import pytest

from keras_gans.layers import MinibatchStdDev


def images_of(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def deal(batch_size, group_size):
    """The groups, as lists of images."""
    num_groups = max(batch_size // group_size, 1)
    return [list(range(g, batch_size, num_groups)) for g in range(num_groups)]


def stddev_by_loop(images, group_size, num_channels):
    images = images.astype("float64")
    batch_size, height, width, channels = images.shape
    share = channels // num_channels
    maps = np.empty((batch_size, height, width, num_channels))
    for group in deal(batch_size, group_size):
        for i in range(num_channels):
            part = images[group][..., i * share : (i + 1) * share]
            maps[group, ..., i] = np.sqrt(np.var(part, axis=0) + 1e-8).mean()
    return np.concatenate([images, maps], axis=-1)


def authors_stddev(images, group_size, num_channels):
    """Reshapes as in the authors' code; whole groups only."""
    x = images.astype("float64").transpose(0, 3, 1, 2)
    n, c, h, w = x.shape
    g = min(group_size, n)
    y = x.reshape(g, n // g, num_channels, c // num_channels, h, w)
    y = np.sqrt(np.square(y - y.mean(axis=0)).mean(axis=0) + 1e-8)
    y = y.mean(axis=(2, 3, 4), keepdims=True)[:, :, 0]
    y = np.tile(y, (g, 1, h, w))
    return np.concatenate([x, y], axis=1).transpose(0, 2, 3, 1)


def test_hand_worked_batch():
    # Two groups, images 0, 2 and 1, 3: deviations (1, 2) and (0, 0).
    images = np.array([[1, 1], [5, 5], [3, 5], [5, 5]], "float32")
    outputs = MinibatchStdDev(group_size=2)(images.reshape(4, 1, 1, 2))
    np.testing.assert_allclose(
        outputs[:, 0, 0, 2], [1.5, 1e-4, 1.5, 1e-4], atol=1e-6
    )


@pytest.mark.parametrize("num_channels", [1, 3])
@pytest.mark.parametrize("group_size", [1, 3, 4])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 12])
@pytest.mark.parametrize("static", [False, True], ids=["dynamic", "static"])
def test_equals_loop(batch_size, group_size, num_channels, static):
    shape = (batch_size, 3, 2, 6)
    images = images_of(shape)
    inputs = keras.Input(batch_shape=shape if static else (None, None, None, 6))
    model = keras.Model(
        inputs, MinibatchStdDev(group_size, num_channels)(inputs)
    )
    np.testing.assert_allclose(
        model(images),
        stddev_by_loop(images, group_size, num_channels),
        atol=1e-5,
    )


@pytest.mark.parametrize("batch_size", [4, 7, 9])
@pytest.mark.parametrize("jit_compile", [False, True], ids=["", "XLA"])
def test_graphs_equal_loop(batch_size, jit_compile):
    inputs = keras.Input((3, 2, 4))
    model = keras.Model(inputs, MinibatchStdDev(4, 2)(inputs))
    model.compile(jit_compile=jit_compile)
    images = images_of((batch_size, 3, 2, 4))
    np.testing.assert_allclose(
        model.predict(images, verbose=0),
        stddev_by_loop(images, 4, 2),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("batch_size", "group_size"), [(8, 4), (12, 4), (6, 3), (2, 4), (1, 4)]
)
@pytest.mark.parametrize("num_channels", [1, 3])
def test_equals_the_authors_where_groups_are_whole(
    batch_size, group_size, num_channels
):
    images = images_of((batch_size, 4, 4, 6))
    np.testing.assert_allclose(
        MinibatchStdDev(group_size, num_channels)(images),
        authors_stddev(images, group_size, num_channels),
        atol=1e-5,
    )


def test_no_group_is_smaller_than_asked_for():
    for batch_size in range(4, 40):
        sizes = [len(group) for group in deal(batch_size, 4)]
        assert sum(sizes) == batch_size
        assert 4 <= min(sizes) <= max(sizes) <= 7


def test_equal_images_have_no_deviation():
    images = np.repeat(images_of((1, 4, 4, 3)), 8, axis=0)
    outputs = np.array(MinibatchStdDev()(images))
    np.testing.assert_allclose(outputs[..., 3], 1e-4, atol=1e-6)


def test_gradient_is_finite_even_for_equal_images():
    tf = pytest.importorskip("tensorflow")
    images = tf.constant(np.repeat(images_of((1, 2, 2, 3)), 5, axis=0))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = keras.ops.sum(MinibatchStdDev()(images)[..., 3])
    assert np.all(np.isfinite(tape.gradient(total, images)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtype_stays(dtype):
    images = 200 * images_of((4, 3, 3, 2))
    outputs = MinibatchStdDev(dtype=dtype)(images)
    assert outputs.dtype == dtype
    expected = stddev_by_loop(images, 4, 1)
    np.testing.assert_allclose(
        np.array(outputs, "float64"), expected, rtol=1e-2, atol=0.1
    )


def test_config_round_trip():
    layer = MinibatchStdDev(3, 2, name="stddev")
    layer.build((None, 4, 4, 6))
    config = layer.get_config()
    assert (config["group_size"], config["num_channels"]) == (3, 2)
    twin = MinibatchStdDev.from_config(config)
    assert twin.get_config() == config
    assert layer.compute_output_shape((None, 4, 4, 6)) == (None, 4, 4, 8)


def test_save_and_load(tmp_path):
    images = images_of((6, 4, 4, 4))
    model = keras.Sequential([keras.Input((4, 4, 4)), MinibatchStdDev(3, 2)])
    model.save(tmp_path / "stddev.keras")
    revived = keras.saving.load_model(tmp_path / "stddev.keras")
    np.testing.assert_array_equal(revived(images), model(images))


@pytest.mark.parametrize("name", ["group_size", "num_channels"])
@pytest.mark.parametrize("value", [0, -1, 2.0, None], ids=repr)
def test_arguments_are_checked(name, value):
    message = f"`{name}` must be an integer >= 1. Received: {name}={value!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MinibatchStdDev(**{name: value})


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (None, 8),
            "The input must be images `(batch, height, width, channels)`. "
            "Received: input_shape=(None, 8).",
        ),
        (
            (None, 4, 4, 3),
            "`num_channels=2` must divide the number of channels of the "
            "input. Received: input_shape=(None, 4, 4, 3).",
        ),
    ],
    ids=str,
)
def test_input_is_checked(shape, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MinibatchStdDev(num_channels=2).build(shape)
