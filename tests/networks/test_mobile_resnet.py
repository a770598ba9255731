import functools
import re

import numpy as np
import pytest

from keras_gans.networks import (
    build_mobile_resnet_generator,
    build_resnet_generator,
)
from tests.networks import gan_pairs, torch_parity

tiny = functools.partial(
    build_mobile_resnet_generator, (8, 8, 3), filters=2, num_residual_blocks=1
)


def count_by_hand(filters, num_blocks, affine, use_bias):
    f = filters
    # Convolutions as in the full network: (kernel size, inputs, outputs).
    full = [(7, 3, f), (3, f, 2 * f), (3, 2 * f, 4 * f)]
    full += [(3, 4 * f, 2 * f), (3, 2 * f, f)]
    kernels = sum(k * k * i * o for k, i, o in full)
    channels = sum(o for _, _, o in full)
    # In a block twice a 3x3 of 4 f channels, one by one, and a 1x1 of all;
    # a norm behind each of the four.
    kernels += 2 * num_blocks * (9 * 4 * f + (4 * f) ** 2)
    channels += 4 * num_blocks * 4 * f
    last = 7 * 7 * f * 3 + 3
    return kernels + last + channels * (use_bias + 2 * affine)


@pytest.mark.parametrize(
    ("filters", "num_blocks", "count"),
    [
        # 11,378,179 of the full network, less 18 (9 * 256**2 + 256), and
        # 18 (9 * 256 + 256 + 256**2 + 256) instead.
        (64, 9, 11_378_179 - 18 * 590_080 + 18 * 68_352),
        (64, 6, 7_837_699 - 12 * 590_080 + 12 * 68_352),
        (32, 9, count_by_hand(32, 9, False, True)),
        (8, 2, count_by_hand(8, 2, False, True)),
    ],
)
def test_parameters_by_hand(filters, num_blocks, count):
    generator = build_mobile_resnet_generator(
        filters=filters, num_residual_blocks=num_blocks
    )
    assert generator.count_params() == count
    assert generator.output_shape == (None, 256, 256, 3)
    assert generator.name == "generator"
    assert len(generator.non_trainable_weights) == 0


def test_parameters_of_the_docstring():
    assert count_by_hand(64, 9, False, True) == 1_987_075
    assert "1,987,075" in build_mobile_resnet_generator.__doc__


@pytest.mark.parametrize("affine", [False, True], ids=["", "affine"])
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
def test_affine_and_bias_are_independent(affine, use_bias):
    generator = tiny(affine=affine, use_bias=use_bias)
    assert generator.count_params() == count_by_hand(2, 1, affine, use_bias)


def test_without_norm_there_is_always_a_bias():
    generator = tiny(normalization="none", use_bias=False)
    assert generator.count_params() == count_by_hand(2, 1, False, True)


def shapes_outside_of_blocks(generator):
    return {
        weight.path: tuple(weight.shape)
        for weight in generator.weights
        if not weight.path.startswith("block_")
    }


@pytest.mark.parametrize(
    "upsampling", ["transposed", "resize", "pixel_shuffle"]
)
def test_only_the_residual_blocks_differ_from_the_full_network(upsampling):
    arguments = {
        "image_shape": (8, 12, 1),
        "output_channels": 3,
        "filters": 2,
        "num_residual_blocks": 2,
        "upsampling": upsampling,
        "dropout": 0.5,
    }
    mobile = build_mobile_resnet_generator(**arguments)
    full = build_resnet_generator(**arguments)
    assert shapes_outside_of_blocks(mobile) == shapes_outside_of_blocks(full)
    names = [[layer.name for layer in x.layers] for x in (mobile, full)]
    added = [name for name in names[0] if name not in names[1]]
    assert added == [
        f"block_{i}_conv_{j}_depthwise{suffix}"
        for i in (1, 2)
        for j in (1, 2)
        for suffix in ("", "_norm")
    ]
    assert [name for name in names[0] if name not in added] == names[1]
    assert mobile.output_shape == full.output_shape == (None, 8, 12, 3)


def full_twin(mobile, **arguments):
    """The full network whose kernels are products of those of `mobile`."""
    full = build_resnet_generator(**arguments)
    for layer in full.layers:
        if not layer.weights:
            continue
        weights = mobile.get_layer(layer.name).get_weights()
        if layer.name.startswith("block_"):
            depthwise = mobile.get_layer(f"{layer.name}_depthwise")
            pointwise, bias = weights
            each, each_bias = depthwise.get_weights()
            # y_o = sum_c p[c, o] (sum_uv d[u, v, c] x_c + b_c) + b_o
            kernel = np.einsum("uvcm,xyco->uvco", each, pointwise)
            weights = [kernel, bias + each_bias @ pointwise[0, 0]]
        layer.set_weights(weights)
    return full


def compare_with_full_twin(spoil=lambda mobile: None):
    arguments = {
        "image_shape": (12, 16, 3),
        "filters": 4,
        "num_residual_blocks": 2,
        "normalization": "none",
    }
    mobile = build_mobile_resnet_generator(**arguments)
    rng = np.random.default_rng(0)
    for weight in mobile.weights:
        # He's, so that what passes keeps its scale without norms.
        fan_in = max(1, np.prod(weight.shape[:-1]))
        if weight.path.split("/")[-2].endswith("depthwise"):
            fan_in = 9
        weight.assign(rng.normal(0, np.sqrt(1 / fan_in), weight.shape))
    twin = full_twin(mobile, **arguments)
    spoil(mobile)
    images = gan_pairs.images_of((2, 12, 16, 3))
    outputs = np.array(mobile(images))
    assert np.std(outputs) > 0.1
    assert np.mean(np.abs(outputs) > 0.999) < 0.5
    # Borders included: both mirror the same features.
    np.testing.assert_allclose(outputs, twin(images), atol=1e-4, rtol=0)


def test_without_norms_it_is_a_full_network_of_products():
    compare_with_full_twin()


def turn_a_kernel(mobile):
    layer = mobile.get_layer("block_1_conv_2_depthwise")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel.transpose(1, 0, 2, 3), bias])


def drop_a_bias(mobile):
    layer = mobile.get_layer("block_2_conv_1_depthwise")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, np.zeros_like(bias)])


@pytest.mark.parametrize("spoil", [turn_a_kernel, drop_a_bias])
def test_comparison_with_a_full_network_notices(spoil):
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_full_twin(spoil)


def test_initial_weights_are_the_papers():
    generator = build_mobile_resnet_generator(
        (8, 8, 3), filters=16, num_residual_blocks=2
    )
    for path, values in gan_pairs.weights_by_kind(generator, "kernel").items():
        # 5 standard errors of a normal sample's mean and deviation.
        assert abs(values.mean()) < 5 * 0.02 / np.sqrt(values.size), path
        error = 5 * 0.02 / np.sqrt(2 * values.size)
        assert abs(values.std() - 0.02) < error, path
    biases = gan_pairs.weights_by_kind(generator, "bias")
    assert all(np.all(values == 0) for values in biases.values())
    assert gan_pairs.check_own_initial_values(generator) >= 2 * 6


@pytest.mark.parametrize("normalization", ["instance", "batch", "none"])
def test_gradients_reach_every_weight(normalization):
    # A bias before a norm would change nothing.
    generator = build_mobile_resnet_generator(
        (16, 16, 3),
        filters=8,
        num_residual_blocks=1,
        normalization=normalization,
        use_bias=False,
    )
    gan_pairs.check_gradients(generator)


def test_free_sizes_equal_fixed_sizes():
    free = build_mobile_resnet_generator((None, None, 3), None, 2, 1)
    for height, width in ((8, 8), (12, 16)):
        fixed = build_mobile_resnet_generator((height, width, 3), None, 2, 1)
        fixed.set_weights(free.get_weights())
        images = gan_pairs.images_of((2, height, width, 3))
        np.testing.assert_allclose(free(images), fixed(images), atol=1e-6)


def test_dropout_acts_in_training_only():
    generator = tiny(dropout=0.5)
    gan_pairs.shake(generator)
    images = gan_pairs.images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(generator(images), generator(images))
    first, second = (generator(images, training=True) for _ in range(2))
    assert np.any(np.array(first) != np.array(second))


def test_clone_model():
    gan_pairs.check_clone(tiny(affine=True, dropout=0.5))


def test_save_and_load(tmp_path):
    gan_pairs.check_save_and_load(
        tiny(affine=True, dropout=0.5), tmp_path / "generator.keras"
    )


@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, half):
    gan_pairs.check_mixed_precision(tiny, policy, half)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image_shape": (10, 8, 3)},
            "The height of `image_shape` must be at least 8 and divisible by "
            "4. Received: image_shape=(10, 8, 3). Crop or resize the images.",
        ),
        (
            {"filters": 0},
            "`filters` must be an integer >= 1. Received: filters=0.",
        ),
        (
            {"num_residual_blocks": 1.5},
            "`num_residual_blocks` must be an integer >= 0. "
            "Received: num_residual_blocks=1.5.",
        ),
        (
            {"normalization": "layer"},
            "`normalization` must be one of ['batch', 'instance', 'none']. "
            "Received: normalization='layer'.",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_arguments_are_checked(arguments, message):
    arguments = {"image_shape": (8, 8, 3), **arguments}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build_mobile_resnet_generator(**arguments)


# --- Against PyTorch ---------------------------------------------------------


def torch_mobile_resnet(filters, num_blocks, norm, inner_norm, use_bias):
    """The generator in PyTorch; `norm` and `inner_norm` make norms."""
    from torch import nn

    def down(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=use_bias)
        return [conv, norm(outputs), nn.ReLU()]

    def up(inputs, outputs):
        conv = nn.ConvTranspose2d(
            inputs, outputs, 3, 2, 1, output_padding=1, bias=use_bias
        )
        return [conv, norm(outputs), nn.ReLU()]

    def separable(width):
        return [
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, groups=width, bias=use_bias),
            inner_norm(width),
            nn.Conv2d(width, width, 1, bias=use_bias),
            norm(width),
        ]

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.branch = nn.Sequential(
                *separable(width), nn.ReLU(), *separable(width)
            )

        def forward(self, x):
            return x + self.branch(x)

    f = filters
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        nn.Conv2d(3, f, 7, bias=use_bias),
        norm(f),
        nn.ReLU(),
        *down(f, 2 * f),
        *down(2 * f, 4 * f),
        *[Block(4 * f) for _ in range(num_blocks)],
        *up(4 * f, 2 * f),
        *up(2 * f, f),
        nn.ReflectionPad2d(3),
        nn.Conv2d(f, 3, 7),
        nn.Tanh(),
    )


def compare_with_pytorch(normalization="instance", inner=None, **convention):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    convention = {"affine": False, "use_bias": True, **convention}
    norms = {
        "instance": torch.nn.InstanceNorm2d,
        "batch": torch.nn.BatchNorm2d,
    }
    norm = functools.partial(norms[normalization], affine=convention["affine"])
    generator = build_mobile_resnet_generator(
        (24, 40, 3),
        filters=8,
        num_residual_blocks=3,
        normalization=normalization,
        **convention,
    )
    torch_parity.randomize(generator)
    module = torch_mobile_resnet(
        8, 3, norm, inner or norm, convention["use_bias"]
    )
    peers.copy_weights(generator, module)
    images = gan_pairs.images_of((1, 24, 40, 3))
    outputs = np.array(generator(images, training=False))
    # The comparison means something: neither constant nor saturated.
    assert np.std(outputs) > 0.01
    assert np.mean(np.abs(outputs) > 0.999) < 0.5
    np.testing.assert_allclose(
        outputs, torch_parity.forward(module, images), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("affine", [False, True], ids=["", "affine"])
@pytest.mark.parametrize("use_bias", [False, True], ids=["", "bias"])
def test_equals_pytorch(affine, use_bias):
    compare_with_pytorch(affine=affine, use_bias=use_bias)


def test_batch_norm_equals_pytorch_in_inference():
    compare_with_pytorch("batch", affine=True, use_bias=False)


def test_comparison_notices_a_missing_inner_norm():
    torch = pytest.importorskip("torch")
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_pytorch(inner=lambda width: torch.nn.Identity())
