import re

import keras
import numpy as np
import pytest

from keras_gans.layers import InstanceNormalization
from keras_gans.networks import blocks


def build(wiring, shape=(4, 4, 1)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, wiring(inputs))


def upsampler(upsampling, filters=1, use_bias=False, shape=(4, 4, 1)):
    return build(
        lambda x: blocks.upsample(x, filters, upsampling, use_bias, "up"), shape
    )


def delta(row, column):
    image = np.zeros((1, 4, 4, 1), "float32")
    image[0, row, column, 0] = 1.0
    return image


KERNEL = np.arange(1.0, 10.0, dtype="float32").reshape(3, 3)


def test_transposed_delta_inside():
    # PyTorch, stride 2, padding 1, output padding 1: pixel (r, c) is centred
    # on (2 r, 2 c) and paints the kernel as it is, not turned.
    model = upsampler("transposed")
    model.set_weights([KERNEL.reshape(3, 3, 1, 1)])
    expected = np.zeros((8, 8))
    expected[1:4, 3:6] = KERNEL  # Around (2, 4).
    np.testing.assert_array_equal(model(delta(1, 2))[0, :, :, 0], expected)


def test_transposed_delta_in_the_corners():
    model = upsampler("transposed")
    model.set_weights([KERNEL.reshape(3, 3, 1, 1)])
    expected = np.zeros((8, 8))
    expected[:2, :2] = KERNEL[1:, 1:]  # Around (0, 0): its rest is cut off.
    np.testing.assert_array_equal(model(delta(0, 0))[0, :, :, 0], expected)
    expected = np.zeros((8, 8))
    expected[5:8, 5:8] = KERNEL  # Around (6, 6): whole.
    np.testing.assert_array_equal(model(delta(3, 3))[0, :, :, 0], expected)


def test_keras_same_padding_is_shifted_by_a_pixel():
    # The negative control: what the crop is there for.
    same = build(
        lambda x: keras.layers.Conv2DTranspose(
            1, 3, 2, padding="same", use_bias=False
        )(x)
    )
    same.set_weights([KERNEL.reshape(3, 3, 1, 1)])
    shifted = np.zeros((8, 8))
    shifted[2:5, 4:7] = KERNEL
    np.testing.assert_array_equal(same(delta(1, 2))[0, :, :, 0], shifted)


def test_transposed_equals_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    model = upsampler("transposed", 3, True, (4, 6, 2))
    kernel = rng.normal(size=(3, 3, 3, 2)).astype("float32")
    bias = rng.normal(size=3).astype("float32")
    model.set_weights([kernel, bias])
    images = rng.normal(size=(2, 4, 6, 2)).astype("float32")
    theirs = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(images.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()),
        torch.from_numpy(bias),
        stride=2,
        padding=1,
        output_padding=1,
    )
    np.testing.assert_allclose(
        model(images), theirs.numpy().transpose(0, 2, 3, 1), atol=1e-5
    )


def test_resize_delta():
    # Pixel (1, 2) becomes the block (2..3, 4..5); each of its four pixels
    # paints the kernel turned by 180 degrees (a convolution correlates).
    model = upsampler("resize")
    model.set_weights([KERNEL.reshape(3, 3, 1, 1)])
    expected = np.zeros((8, 8))
    for row in (2, 3):
        for column in (4, 5):
            expected[row - 1 : row + 2, column - 1 : column + 2] += KERNEL[
                ::-1, ::-1
            ]
    np.testing.assert_array_equal(model(delta(1, 2))[0, :, :, 0], expected)


def test_pixel_shuffle_delta():
    # The centre tap of filter k alone is k + 1: one block of 1, 2, 3, 4.
    model = upsampler("pixel_shuffle")
    kernel = np.zeros((3, 3, 1, 4), "float32")
    kernel[1, 1, 0] = [1, 2, 3, 4]
    model.set_weights([kernel])
    expected = np.zeros((8, 8))
    expected[2:4, 4:6] = [[1, 2], [3, 4]]
    np.testing.assert_array_equal(model(delta(1, 2))[0, :, :, 0], expected)


@pytest.mark.parametrize("upsampling", blocks.UPSAMPLINGS)
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
def test_upsampling_doubles(upsampling, use_bias):
    model = upsampler(upsampling, 5, use_bias, (4, 6, 2))
    assert model.output_shape == (None, 8, 12, 5)
    assert len(model.weights) == 1 + use_bias
    free = upsampler(upsampling, 5, use_bias, (None, None, 2))
    assert free(np.ones((1, 4, 6, 2))).shape == (1, 8, 12, 5)


def test_conv_does_not_pad():
    model = build(lambda x: blocks.conv(x, 2, 3))
    assert model.output_shape == (None, 2, 2, 2)


def test_batch_norm_is_torchs():
    model = build(lambda x: blocks.normalize(x, "batch", True, "norm"))
    layer = model.layers[-1]
    assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)
    assert len(layer.trainable_variables) == 2
    plain = build(lambda x: blocks.normalize(x, "batch", False, "norm"))
    assert plain.trainable_variables == []


def test_instance_norm_is_ours():
    model = build(lambda x: blocks.normalize(x, "instance", True, "norm"))
    assert type(model.layers[-1]) is InstanceNormalization
    assert model.layers[-1].epsilon == 1e-5
    assert len(model.trainable_variables) == 2


def test_no_norm_is_no_layer():
    inputs = keras.Input((4, 4, 1))
    assert blocks.normalize(inputs, "none", True, "norm") is inputs


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_paper_initializer(mean):
    count = 40_000
    values = np.array(blocks.paper_initializer(mean)((count,)))
    # 5 standard errors of the mean and of the standard deviation.
    assert abs(values.mean() - mean) < 5 * 0.02 / np.sqrt(count)
    assert abs(values.std() - 0.02) < 5 * 0.02 / np.sqrt(2 * count)


def test_initializers_are_not_shared():
    first, second = (blocks.paper_initializer()((50,)) for _ in range(2))
    assert np.all(np.array(first) != np.array(second))


def test_set_random_seed_fixes_the_weights():
    values = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        values.append(np.array(blocks.paper_initializer()((50,))))
    np.testing.assert_array_equal(*values)


def test_check_choice():
    blocks.check_choice("color", "red", ("red", "blue"))
    message = "`color` must be one of ['red', 'blue']. Received: color='rde'."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        blocks.check_choice("color", "rde", ("red", "blue"))


@pytest.mark.parametrize("value", [0, -3, 1.0, "2", None], ids=repr)
def test_check_at_least(value):
    blocks.check_at_least(1, size=1, count=7)
    message = f"`count` must be an integer >= 1. Received: count={value!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        blocks.check_at_least(1, size=1, count=value)
