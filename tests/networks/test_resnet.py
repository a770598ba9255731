import functools
import itertools
import re

import keras
import numpy as np
import pytest

from keras_gans.networks import build_resnet_generator
from tests.networks import torch_parity

tiny = functools.partial(
    build_resnet_generator, (8, 8, 3), filters=2, num_residual_blocks=1
)


def images_of(shape, seed=0):
    images = np.random.default_rng(seed).uniform(-1, 1, shape)
    return images.astype("float32")


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


PYTORCH = {}
TORCH = {"affine": True, "use_bias": False}


@pytest.mark.parametrize(
    ("num_blocks", "convention", "count"),
    [
        (9, PYTORCH, 11_378_179),
        (9, TORCH, 11_383_427),
        (6, PYTORCH, 7_837_699),
        (6, TORCH, 7_841_411),
    ],
    ids=["9 PyTorch", "9 Torch", "6 PyTorch", "6 Torch"],
)
def test_parameter_count_of_the_paper(num_blocks, convention, count):
    generator = build_resnet_generator(
        num_residual_blocks=num_blocks, **convention
    )
    assert generator.count_params() == count
    assert len(generator.non_trainable_weights) == 0
    assert generator.output_shape == (None, 256, 256, 3)
    assert generator.name == "generator"


def count_by_hand(filters, num_blocks, affine, use_bias):
    # (kernel size, inputs, outputs) of all convolutions before a norm.
    f = filters
    convolutions = [(7, 3, f), (3, f, 2 * f), (3, 2 * f, 4 * f)]
    convolutions += [(3, 4 * f, 4 * f)] * 2 * num_blocks
    convolutions += [(3, 4 * f, 2 * f), (3, 2 * f, f)]
    kernels = sum(k * k * i * o for k, i, o in convolutions)
    channels = sum(o for _, _, o in convolutions)
    last = 7 * 7 * f * 3 + 3
    return kernels + last + channels * (use_bias + 2 * affine)


@pytest.mark.parametrize("affine", [False, True], ids=["", "affine"])
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
def test_affine_and_bias_are_independent(affine, use_bias):
    generator = tiny(affine=affine, use_bias=use_bias)
    assert generator.count_params() == count_by_hand(2, 1, affine, use_bias)
    assert generator.get_layer("head").use_bias


def test_without_norm_there_is_always_a_bias():
    generator = tiny(normalization="none", use_bias=False)
    assert generator.count_params() == count_by_hand(2, 1, False, True)


def kernels_of(network):
    return [
        keras.ops.convert_to_numpy(weight)
        for weight in network.weights
        if weight.path.endswith("kernel")
    ]


def test_equal_shapes_have_other_initial_weights():
    kernels = kernels_of(build_resnet_generator((8, 8, 3), None, 4, 3))
    kernels += kernels_of(build_resnet_generator((8, 8, 3), None, 4, 3))
    pairs = [
        (first, second)
        for first, second in itertools.combinations(kernels, 2)
        if first.shape == second.shape
    ]
    # Stem and head have one twin, either resampling three (the transposed
    # kernels' shapes are those of the strided), 12 trunk kernels 11 each.
    assert len(pairs) == 2 * 1 + 2 * 6 + 12 * 11 // 2
    for first, second in pairs:
        assert np.mean(first == second) < 0.01


def test_initial_weights_are_the_papers():
    generator = build_resnet_generator(
        (8, 8, 3), filters=16, num_residual_blocks=2, affine=True
    )
    for weight in generator.weights:
        values, name = keras.ops.convert_to_numpy(weight), weight.path
        if name.endswith("kernel"):
            # 5 standard errors of a normal sample's mean and deviation.
            assert abs(values.mean()) < 5 * 0.02 / np.sqrt(values.size), name
            error = 5 * 0.02 / np.sqrt(2 * values.size)
            assert abs(values.std() - 0.02) < error, name
        elif name.endswith("gamma"):
            assert abs(values.mean() - 1) < 5 * 0.02 / np.sqrt(values.size)
            assert 0.005 < values.std() < 0.04
        else:
            np.testing.assert_array_equal(values, 0.0, name)


def test_same_seed_same_weights():
    networks = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        networks.append(tiny())
    for first, second in zip(*map(kernels_of, networks)):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
@pytest.mark.parametrize(
    "upsampling", ["transposed", "resize", "pixel_shuffle"]
)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_range_and_shape_of_all_variants(normalization, upsampling, dropout):
    generator = tiny(
        normalization=normalization, upsampling=upsampling, dropout=dropout
    )
    for weight in generator.trainable_variables:
        weight.assign(30 * weight)  # Drives tanh to its ends.
    images = images_of((2, 8, 8, 3))
    for training in (False, True):
        outputs = np.array(generator(images, training=training))
        assert outputs.shape == (2, 8, 8, 3)
        assert outputs.dtype == "float32"
        assert np.max(np.abs(outputs)) <= 1.0
        assert np.std(outputs) > 1e-3


def test_dropout_acts_in_training_only():
    generator, images = tiny(dropout=0.5), images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(generator(images), generator(images))
    trained = [generator(images, training=True) for _ in range(2)]
    assert np.any(np.array(trained[0]) != np.array(trained[1]))
    assert not [x for x in tiny().layers if type(x) is keras.layers.Dropout]


@pytest.mark.parametrize(
    ("height", "width"), [(8, 8), (8, 12), (20, 8), (12, 28)], ids=str
)
def test_sizes_divisible_by_4(height, width):
    generator = build_resnet_generator((height, width, 3), None, 2, 1)
    images = images_of((1, height, width, 3))
    assert generator.output_shape == (None, height, width, 3)
    assert generator(images).shape == (1, height, width, 3)


@pytest.mark.parametrize(
    "upsampling", ["transposed", "resize", "pixel_shuffle"]
)
def test_free_sizes_equal_fixed_sizes(upsampling):
    free = build_resnet_generator(
        (None, None, 3), None, 2, 1, upsampling=upsampling
    )
    assert free.output_shape[-1] == 3
    for height, width in ((8, 8), (12, 16)):
        fixed = build_resnet_generator(
            (height, width, 3), None, 2, 1, upsampling=upsampling
        )
        fixed.set_weights(free.get_weights())
        images = images_of((2, height, width, 3))
        np.testing.assert_allclose(free(images), fixed(images), atol=1e-6)


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 1), (4, 2)])
def test_unequal_channels(inputs, outputs):
    generator = build_resnet_generator((8, 8, inputs), outputs, 2, 1)
    assert generator(images_of((1, 8, 8, inputs))).shape == (1, 8, 8, outputs)


def test_no_residual_blocks():
    generator = build_resnet_generator((8, 8, 3), None, 2, 0)
    assert generator.count_params() == count_by_hand(2, 0, False, True)


def test_residual_block_adds_without_a_relu():
    # Zero kernels make a block's branch zero: the block is the identity. The
    # sum of what comes in and a negative branch may be negative.
    generator = tiny(normalization="none")
    block = keras.Model(
        generator.get_layer("down_2_relu").output,
        generator.get_layer("block_1_add").output,
    )
    x = images_of((1, 2, 2, 8)) + 1.0
    conv = generator.get_layer("block_1_conv_2")
    conv.set_weights([np.zeros(conv.kernel.shape), np.zeros(8)])
    np.testing.assert_array_equal(block(x), x)
    conv.set_weights([np.zeros(conv.kernel.shape), np.full(8, -5.0)])
    np.testing.assert_allclose(block(x), x - 5.0)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_clone_model(dropout):
    generator = tiny(affine=True, dropout=dropout)
    clone = keras.models.clone_model(generator)
    clone.set_weights(generator.get_weights())
    images = images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(clone(images), generator(images))
    assert clone.get_config() == generator.get_config()


@pytest.mark.parametrize(
    "upsampling", ["transposed", "resize", "pixel_shuffle"]
)
def test_save_and_load(tmp_path, upsampling):
    generator = tiny(affine=True, upsampling=upsampling)
    generator.save(tmp_path / "generator.keras")
    revived = keras.saving.load_model(tmp_path / "generator.keras")
    images = images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(revived(images), generator(images))


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
def test_mixed_precision_answers_in_float32(policy, name, normalization):
    keras.utils.set_random_seed(0)
    exact = tiny(normalization=normalization)
    policy(name)
    mixed = tiny(normalization=normalization)
    mixed.set_weights(exact.get_weights())
    images = images_of((2, 8, 8, 3))
    outputs = np.array(mixed(images))
    assert mixed.get_layer("stem").compute_dtype == name.removeprefix("mixed_")
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    assert outputs.dtype == "float32"
    # A few roundings of 2^-8 (bfloat16) on the way to the tanh.
    np.testing.assert_allclose(outputs, exact(images), atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image_shape": (10, 8, 3)},
            "The height of `image_shape` must be at least 8 and divisible by "
            "4. Received: image_shape=(10, 8, 3). Crop or resize the images.",
        ),
        (
            {"image_shape": (None, 4, 3)},
            "The width of `image_shape` must be at least 8 and divisible by "
            "4. Received: image_shape=(None, 4, 3). Crop or resize the images.",
        ),
        (
            {"filters": 0},
            "`filters` must be an integer >= 1. Received: filters=0.",
        ),
        (
            {"output_channels": 0},
            "`output_channels` must be an integer >= 1. "
            "Received: output_channels=0.",
        ),
        (
            {"num_residual_blocks": -1},
            "`num_residual_blocks` must be an integer >= 0. "
            "Received: num_residual_blocks=-1.",
        ),
        (
            {"normalization": "layer"},
            "`normalization` must be one of ['batch', 'instance', 'none']. "
            "Received: normalization='layer'.",
        ),
        (
            {"upsampling": "bilinear"},
            "`upsampling` must be one of ['pixel_shuffle', 'resize', "
            "'transposed']. Received: upsampling='bilinear'.",
        ),
        (
            {"dropout": 1.0},
            "`dropout` must be in [0, 1). Received: dropout=1.0.",
        ),
        (
            {"dropout": -0.1},
            "`dropout` must be in [0, 1). Received: dropout=-0.1.",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_arguments_are_checked(arguments, message):
    arguments = {"image_shape": (8, 8, 3), **arguments}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build_resnet_generator(**arguments)


def compare_with_pytorch(
    size, filters, num_blocks, normalization, **convention
):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    convention = {"affine": False, "use_bias": True, **convention}
    norm = functools.partial(
        {
            "instance": torch.nn.InstanceNorm2d,
            "batch": torch.nn.BatchNorm2d,
        }[normalization],
        affine=convention["affine"],
    )
    generator = build_resnet_generator(
        (*size, 3),
        filters=filters,
        num_residual_blocks=num_blocks,
        normalization=normalization,
        **convention,
    )
    torch_parity.randomize(generator)
    module = peers.resnet_generator(
        filters, num_blocks, norm, convention["use_bias"]
    )
    peers.copy_weights(generator, module)
    images = images_of((1, *size, 3))
    outputs = np.array(generator(images, training=False))
    # The comparison means something: neither constant nor saturated.
    assert np.std(outputs) > 0.01
    assert np.mean(np.abs(outputs) > 0.999) < 0.5
    np.testing.assert_allclose(
        outputs, torch_parity.forward(module, images), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("size", [64, 256])
def test_resnet_9_equals_pytorch(size):
    compare_with_pytorch((size, size), 64, 9, "instance")


def test_affine_resnet_9_equals_pytorch():
    compare_with_pytorch(
        (64, 64), 64, 9, "instance", affine=True, use_bias=False
    )


@pytest.mark.parametrize("affine", [False, True], ids=["", "affine"])
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
def test_resnet_6_equals_pytorch(affine, use_bias):
    compare_with_pytorch(
        (24, 40), 8, 6, "instance", affine=affine, use_bias=use_bias
    )


def test_batch_norm_resnet_equals_pytorch_in_inference():
    compare_with_pytorch((24, 24), 32, 3, "batch", affine=True, use_bias=False)


def test_pytorch_comparison_notices_a_wrong_norm():
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_impostor()


def compare_with_impostor():
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    generator = tiny()
    torch_parity.randomize(generator)
    # One group over all channels, as in the keras.io example.
    module = peers.resnet_generator(
        2, 1, lambda c: torch.nn.GroupNorm(1, c, affine=False), True
    )
    peers.copy_weights(generator, module)
    images = images_of((1, 8, 8, 3))
    np.testing.assert_allclose(
        generator(images), torch_parity.forward(module, images), atol=1e-4
    )
