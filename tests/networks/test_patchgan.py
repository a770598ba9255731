import functools
import itertools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.networks import build_patchgan_discriminator
from tests.networks import torch_parity


def tiny(image_shape=(16, 16, 3), filters=2, num_layers=2, **kwargs):
    return build_patchgan_discriminator(
        image_shape, filters, num_layers, **kwargs
    )


def images_of(shape, seed=0):
    images = np.random.default_rng(seed).uniform(-1, 1, shape)
    return images.astype("float32")


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def trainable_count(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def test_parameter_count_of_cyclegan():
    discriminator = build_patchgan_discriminator()
    assert discriminator.count_params() == 2_764_737
    assert discriminator.name == "discriminator"


def test_parameter_count_of_pix2pix():
    discriminator = build_patchgan_discriminator(
        (256, 256, 6), normalization="batch", affine=True, use_bias=False
    )
    assert trainable_count(discriminator) == 2_768_705


def count_by_hand(widths, channels, affine, use_bias):
    """4x4 convolutions; a bias always on the first and the last."""
    count, inputs = 0, channels
    for i, outputs in enumerate([*widths, 1]):
        is_edge = i in (0, len(widths))
        count += 16 * inputs * outputs
        count += outputs * (is_edge or use_bias)
        count += 2 * outputs * (affine and not is_edge)
        inputs = outputs
    return count


@pytest.mark.parametrize("affine", [False, True], ids=["", "affine"])
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
@pytest.mark.parametrize(
    ("num_layers", "widths"),
    [
        (1, (2, 4)),
        (2, (2, 4, 8)),
        (3, (2, 4, 8, 16)),
        (4, (2, 4, 8, 16, 16)),  # Never wider than 8 times the first.
    ],
)
def test_affine_and_bias_are_independent(num_layers, widths, affine, use_bias):
    discriminator = build_patchgan_discriminator(
        (64, 64, 3), 2, num_layers, affine=affine, use_bias=use_bias
    )
    assert discriminator.count_params() == count_by_hand(
        widths, 3, affine, use_bias
    )


def test_without_norm_there_is_always_a_bias():
    discriminator = tiny(normalization="none", use_bias=False)
    assert discriminator.count_params() == count_by_hand(
        (2, 4, 8), 3, False, True
    )


def test_pixelgan_parameters():
    # 1x1 convolutions 3 -> 2 -> 4 -> 1, all with bias.
    discriminator = build_patchgan_discriminator((8, 8, 3), 2, 0)
    assert discriminator.count_params() == (6 + 2) + (8 + 4) + (4 + 1)


@pytest.mark.parametrize(
    ("arguments", "grid"),
    [({}, 30), ({"padding": 2}, 35), ({"num_layers": 0}, 256)],
    ids=["pad 1", "pad 2", "PixelGAN"],
)
def test_grid_of_a_256_pixel_image(arguments, grid):
    discriminator = build_patchgan_discriminator(filters=1, **arguments)
    assert discriminator.output_shape == (None, grid, grid, 1)


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize(
    ("num_layers", "field"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142)]
)
def test_receptive_field_of_one_logit(num_layers, field, padding):
    size = field + 66
    discriminator = build_patchgan_discriminator(
        (size, size, 1), 1, num_layers, normalization="none", padding=padding
    )
    images = tf.constant(images_of((1, size, size, 1)))
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    gradient = np.abs(tape.gradient(middle, images)[0, :, :, 0])
    for axis in (0, 1):
        seen = np.flatnonzero(gradient.max(axis=axis))
        assert seen[-1] - seen[0] + 1 == field
        # Not cut off by the edge of the image.
        assert seen[0] > 0 and seen[-1] < size - 1


def test_logit_does_not_see_outside_its_field():
    discriminator = build_patchgan_discriminator(
        (40, 40, 1), 2, 1, normalization="none"
    )
    images = images_of((1, 40, 40, 1))
    before = np.array(discriminator(images))
    images[0, 0, 0] += 1.0
    changed = np.array(discriminator(images)) != before
    # With padding 1 at three convolutions of strides 2, 1, 1, logit i starts
    # at pixel 2 i - 1 - 2 - 2: pixel 0 is seen by the logits 0, 1 and 2.
    expected = np.zeros_like(changed)
    expected[0, :3, :3] = True
    np.testing.assert_array_equal(changed, expected)


def test_equal_shapes_have_other_initial_weights():
    kernels = [
        keras.ops.convert_to_numpy(weight)
        for _ in range(2)
        for weight in tiny().weights
        if weight.path.endswith("kernel")
    ]
    pairs = [
        pair
        for pair in itertools.combinations(kernels, 2)
        if pair[0].shape == pair[1].shape
    ]
    assert len(pairs) == 4
    for first, second in pairs:
        assert np.mean(first == second) < 0.05


def test_initial_weights_are_the_papers():
    discriminator = build_patchgan_discriminator(
        (16, 16, 3), 32, 2, affine=True
    )
    for weight in discriminator.weights:
        values, name = keras.ops.convert_to_numpy(weight), weight.path
        if name.endswith("kernel"):
            # 5 standard errors of a normal sample's mean and deviation.
            assert abs(values.mean()) < 5 * 0.02 / np.sqrt(values.size), name
            error = 5 * 0.02 / np.sqrt(2 * values.size)
            assert abs(values.std() - 0.02) < error, name
        elif name.endswith("gamma"):
            assert abs(values.mean() - 1) < 5 * 0.02 / np.sqrt(values.size)
            assert 0.01 < values.std() < 0.03
        else:
            np.testing.assert_array_equal(values, 0.0, name)


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
@pytest.mark.parametrize("num_layers", [0, 1, 2])
def test_logits_are_unbounded(normalization, num_layers):
    discriminator = build_patchgan_discriminator(
        (16, 16, 3), 2, num_layers, normalization
    )
    images = images_of((2, 16, 16, 3))
    logits = np.array(discriminator(images, training=True))
    assert np.std(logits) > 0
    # What squashes its output does not grow with its last weights.
    for weight in discriminator.get_layer("logits").weights:
        weight.assign(1e4 * weight)
    np.testing.assert_allclose(
        discriminator(images, training=True), 1e4 * logits, rtol=1e-3
    )


def test_first_and_last_convolution_have_no_norm():
    names = [layer.name for layer in tiny(normalization="batch").layers]
    norms = [name for name in names if name.endswith("norm")]
    assert norms == ["conv_2_norm", "conv_3_norm"]


@pytest.mark.parametrize(
    ("height", "width"), [(16, 16), (16, 24), (17, 30)], ids=str
)
def test_free_sizes_equal_fixed_sizes(height, width):
    free = tiny((None, None, 3))
    fixed = tiny((height, width, 3))
    fixed.set_weights(free.get_weights())
    images = images_of((2, height, width, 3))
    assert free.output_shape == (None, None, None, 1)
    assert free(images).shape == (2, *fixed.output_shape[1:])
    np.testing.assert_allclose(free(images), fixed(images), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 4, 6])
def test_any_channels(channels):
    discriminator = tiny((16, 16, channels))
    assert discriminator(images_of((1, 16, 16, channels))).shape[-1] == 1


@pytest.mark.parametrize("num_layers", [0, 2])
def test_clone_model(num_layers):
    discriminator = tiny(num_layers=num_layers, affine=True)
    clone = keras.models.clone_model(discriminator)
    clone.set_weights(discriminator.get_weights())
    images = images_of((2, 16, 16, 3))
    np.testing.assert_array_equal(clone(images), discriminator(images))


def test_save_and_load(tmp_path):
    discriminator = tiny(affine=True)
    discriminator.save(tmp_path / "discriminator.keras")
    revived = keras.saving.load_model(tmp_path / "discriminator.keras")
    images = images_of((2, 16, 16, 3))
    np.testing.assert_array_equal(revived(images), discriminator(images))


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
def test_mixed_precision_answers_in_float32(policy, name, normalization):
    keras.utils.set_random_seed(0)
    exact = tiny(normalization=normalization)
    policy(name)
    mixed = tiny(normalization=normalization)
    mixed.set_weights(exact.get_weights())
    images = images_of((2, 16, 16, 3))
    logits = np.array(mixed(images))
    assert mixed.get_layer("conv_1").compute_dtype == name.removeprefix(
        "mixed_"
    )
    assert logits.dtype == "float32"
    np.testing.assert_allclose(logits, exact(images), atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"filters": 0},
            "`filters` must be an integer >= 1. Received: filters=0.",
        ),
        (
            {"num_layers": -1},
            "`num_layers` must be an integer >= 0. Received: num_layers=-1.",
        ),
        (
            {"normalization": None},
            "`normalization` must be one of ['batch', 'instance', 'none']. "
            "Received: normalization=None.",
        ),
        (
            {"padding": 3},
            "`padding` must be one of [1, 2]. Received: padding=3.",
        ),
        (
            {"image_shape": (16, 16, 3), "num_layers": 3},
            "Images of (16, 16, 3) are too small for `num_layers=3`: no patch "
            "is left. Use fewer layers.",
        ),
        (
            {"image_shape": (None, 16, 3), "num_layers": 3},
            "Images of (None, 16, 3) are too small for `num_layers=3`: no "
            "patch is left. Use fewer layers.",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny(**arguments)


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("num_layers", [1, 2, 3, 4])
def test_smallest_size_is_the_smallest(num_layers, padding):
    # By trial: every size is either refused or leaves a grid.
    accepted = []
    for size in range(1, 50):
        try:
            discriminator = build_patchgan_discriminator(
                (size, 64, 1), 1, num_layers, padding=padding
            )
        except ValueError as error:
            assert "too small" in str(error)
            continue
        accepted.append(size)
        assert discriminator.output_shape[1] >= 1
        if len(accepted) == 2:
            break
    # pad 1: a grid of 1 needs 3 before two convolutions of stride 1, each
    # halving doubles that. pad 2: every size leaves a patch.
    smallest = 3 * 2**num_layers if padding == 1 else 1
    assert accepted == [smallest, smallest + 1]


@pytest.mark.parametrize(
    ("channels", "normalization", "affine", "use_bias", "padding"),
    [
        (3, "instance", False, True, 1),
        (3, "instance", True, False, 2),
        (6, "batch", True, False, 1),
    ],
    ids=["CycleGAN", "Torch CycleGAN", "pix2pix"],
)
def test_equals_pytorch(channels, normalization, affine, use_bias, padding):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    size = (96, 128)
    discriminator = build_patchgan_discriminator(
        (*size, channels),
        normalization=normalization,
        affine=affine,
        use_bias=use_bias,
        padding=padding,
    )
    torch_parity.randomize(discriminator)
    norm = functools.partial(
        {
            "instance": torch.nn.InstanceNorm2d,
            "batch": torch.nn.BatchNorm2d,
        }[normalization],
        affine=affine,
    )
    module = peers.patchgan_discriminator(
        channels, norm=norm, use_bias=use_bias, padding=padding
    )
    peers.copy_weights(discriminator, module)
    images = images_of((2, *size, channels))
    logits = np.array(discriminator(images, training=False))
    assert np.std(logits) > 0.01
    np.testing.assert_allclose(
        logits, torch_parity.forward(module, images), atol=1e-4, rtol=0
    )
