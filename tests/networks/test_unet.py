import functools
import re

import keras
import numpy as np
import pytest

from keras_gans.networks import build_unet_generator
from tests.networks import gan_pairs, torch_parity

tiny = functools.partial(
    build_unet_generator, (8, 8, 3), filters=4, dropout=0.0
)


def layer_names(generator, pattern):
    names = [layer.name for layer in generator.layers]
    return [name for name in names if re.fullmatch(pattern, name)]


def count_by_hand(widths, channels, output_channels, normalization):
    is_batch = normalization == "batch"
    pairs = list(zip([channels, *widths], widths))  # Down.
    pairs += [(widths[-1], widths[-2])]  # Up: from the bottleneck,
    pairs += [
        (2 * inputs, outputs) for inputs, outputs in zip(widths[1:], widths)
    ][-2::-1]  # and from what is joined.
    convolutions = sum(16 * i * o + o * (not is_batch) for i, o in pairs)
    head = 16 * 2 * widths[0] * output_channels + output_channels
    normed = sum(widths[1:-1]) + sum(widths[:-1])
    return convolutions + head + 2 * normed * is_batch


def test_parameter_count_of_the_authors():
    generator = build_unet_generator()
    assert gan_pairs.trainable_count(generator) == 54_413_955
    assert generator.output_shape == (None, 256, 256, 3)
    assert generator.name == "generator"
    widths = (64, 128, 256, 512, 512, 512, 512, 512)
    assert count_by_hand(widths, 3, 3, "batch") == 54_413_955
    # The one below shows the networks to agree with this formula.
    assert count_by_hand(widths, 3, 3, "instance") == 54_409_603


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
@pytest.mark.parametrize(
    ("side", "widths"),
    [
        (4, (2, 4)),
        (8, (2, 4, 8)),
        (64, (2, 4, 8, 16, 16, 16)),  # Never wider than 8 times the first.
    ],
)
def test_parameters_by_hand(side, widths, normalization):
    generator = build_unet_generator(
        (side, side, 3), 2, widths[0], normalization=normalization
    )
    assert gan_pairs.trainable_count(generator) == count_by_hand(
        widths, 3, 2, normalization
    )


@pytest.mark.parametrize(
    ("height", "width", "num_levels", "bottleneck"),
    [
        (64, 64, None, (1, 1)),
        (128, 128, None, (1, 1)),
        (256, 256, None, (1, 1)),
        (512, 512, None, (1, 1)),
        (64, 128, None, (1, 2)),
        (256, 64, None, (4, 1)),
        (96, 96, 5, (3, 3)),
        (320, 256, 6, (5, 4)),
        (64, 64, 4, (4, 4)),
    ],
    ids=str,
)
def test_sizes(height, width, num_levels, bottleneck):
    generator = build_unet_generator((height, width, 3), 1, 1, num_levels)
    downs = layer_names(generator, r"down_\d")
    ups = layer_names(generator, r"up_\d")
    assert len(ups) == len(downs) - 1
    for i, name in enumerate(downs, start=1):
        shape = generator.get_layer(name).output.shape
        assert shape[1:3] == (height // 2**i, width // 2**i)
    assert shape[1:3] == bottleneck
    assert generator.output_shape == (None, height, width, 1)


@pytest.mark.parametrize(
    ("height", "width", "channels", "output_channels", "upsampling"),
    [
        (8, 8, 1, None, "transposed"),
        (8, 16, 3, 2, "transposed"),
        (24, 8, 4, 1, "resize"),
        (8, 8, 3, None, "resize"),
        (16, 8, 1, 3, "pixel_shuffle"),
    ],
)
def test_images(height, width, channels, output_channels, upsampling):
    generator = build_unet_generator(
        (height, width, channels), output_channels, 2, upsampling=upsampling
    )
    gan_pairs.shake(generator)
    images = np.array(
        generator(gan_pairs.images_of((2, height, width, channels)))
    )
    expected = channels if output_channels is None else output_channels
    assert images.shape == (2, height, width, expected)
    assert images.dtype == "float32"
    assert np.max(np.abs(images)) <= 1.0
    assert np.std(images) > 0.01


def test_last_activation_is_tanh():
    generator = tiny()
    gan_pairs.shake(generator)
    logits = keras.Model(generator.input, generator.get_layer("head").output)
    images = gan_pairs.images_of((2, 8, 8, 3))
    np.testing.assert_allclose(
        generator(images), np.tanh(logits(images)), atol=1e-6
    )


def test_first_and_innermost_convolution_have_no_norm():
    generator = build_unet_generator(filters=1)
    assert layer_names(generator, r"down_\d_norm") == [
        f"down_{i}_norm" for i in range(2, 8)
    ]
    assert layer_names(generator, r"up_\d_norm") == [
        f"up_{i}_norm" for i in range(1, 8)
    ]


@pytest.mark.parametrize("normalization", ["batch", "instance"])
def test_one_image_passes_the_bottleneck(normalization):
    # A norm of its one pixel would answer the same to all weights.
    generator = tiny(normalization=normalization)
    gan_pairs.shake(generator)
    image = gan_pairs.images_of((1, 8, 8, 3))
    before = np.array(generator(image, training=True))
    kernel = generator.get_layer("down_3").kernel
    kernel.assign(-kernel)
    after = np.array(generator(image, training=True))
    assert np.max(np.abs(after - before)) > 1e-3


def test_outlines_pass_by_the_bottleneck():
    generator = tiny()
    gan_pairs.shake(generator)
    for weight in generator.get_layer("down_3").weights:
        weight.assign(np.zeros(weight.shape))
    first, second = gan_pairs.images_of((2, 1, 8, 8, 3))
    difference = np.array(generator(first)) - np.array(generator(second))
    assert np.max(np.abs(difference)) > 1e-3


def test_joins_are_of_equal_levels():
    generator = build_unet_generator((64, 64, 3), filters=2)
    for i in range(1, 6):
        skip, x = generator.get_layer(f"up_{i}_join").input
        level = 6 - i
        name = f"down_{level}" if level == 1 else f"down_{level}_norm"
        assert skip is generator.get_layer(name).output
        assert x.shape == skip.shape


@pytest.mark.parametrize(
    ("side", "layout", "sides"),
    [
        (256, "paper", [2, 4, 8]),
        (256, "pytorch", [4, 8, 16]),
        (128, "paper", [2, 4, 8]),
        (128, "pytorch", [4, 8]),
        (512, "pytorch", [4, 8, 16, 32]),
        (64, "pytorch", [4]),
        (32, "pytorch", []),
        (8, "paper", [2, 4]),
    ],
)
def test_dropout_layouts(side, layout, sides):
    generator = build_unet_generator(
        (side, side, 1), filters=1, dropout_layout=layout, dropout=0.25
    )
    dropouts = [
        layer
        for layer in generator.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert [layer.output.shape[1] for layer in dropouts] == sides
    assert {layer.rate for layer in dropouts} <= {0.25}
    # After the norm, before the join.
    for layer in dropouts:
        name = layer.name.removesuffix("_dropout")
        assert layer.input is generator.get_layer(f"{name}_norm").output
        join = generator.get_layer(f"{name}_join")
        assert join.input[1] is layer.output


def test_default_dropout_is_the_papers():
    generator = build_unet_generator((64, 64, 1), filters=1)
    assert generator.get_layer("up_1_dropout").rate == 0.5
    assert layer_names(generator, r".*dropout") == [
        "up_1_dropout",
        "up_2_dropout",
        "up_3_dropout",
    ]


def test_dropout_is_for_training():
    generator = tiny(dropout=0.5)
    gan_pairs.shake(generator)
    images = gan_pairs.images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(generator(images), generator(images))
    first, second = (generator(images, training=True) for _ in range(2))
    assert np.any(np.array(first) != np.array(second))
    assert layer_names(tiny(), r".*dropout") == []


def test_norms_and_activations_are_the_papers():
    generator = tiny()
    norms, slopes = set(), set()
    for layer in generator.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            norms.add((layer.momentum, layer.epsilon))
        if isinstance(layer, keras.layers.LeakyReLU):
            slopes.add(layer.negative_slope)
    assert norms == {(0.9, 1e-5)}
    assert slopes == {0.2}


def test_initial_weights_are_the_papers():
    generator = build_unet_generator((16, 16, 3), filters=16)
    for weight in generator.trainable_variables:
        values = keras.ops.convert_to_numpy(weight)
        kind = weight.path.rsplit("/", 1)[-1]
        if kind in ("beta", "bias"):
            np.testing.assert_array_equal(values, 0.0)
            continue
        mean = {"kernel": 0.0, "gamma": 1.0}[kind]
        # 5 standard errors of a normal sample's mean and deviation.
        error = 5 * 0.02 / np.sqrt(values.size)
        assert abs(values.mean() - mean) < error, weight.path
        assert abs(values.std() - 0.02) < error, weight.path


def test_own_initial_values():
    generator = build_unet_generator((64, 64, 3), filters=2)
    assert gan_pairs.check_own_initial_values(generator) >= 2


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
def test_gradients_reach_every_weight(normalization):
    # Filters enough for none of the few units to be dead.
    generator = build_unet_generator(
        (8, 8, 3), filters=8, normalization=normalization, dropout=0.0
    )
    gan_pairs.check_gradients(generator)


def test_clone_model():
    gan_pairs.check_clone(tiny(dropout=0.5))


def test_save_and_load(tmp_path):
    gan_pairs.check_save_and_load(tiny(dropout=0.5), tmp_path / "unet.keras")


@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, half):
    gan_pairs.check_mixed_precision(tiny, policy, half)


SIDES_MESSAGE = (
    "Height and width of `image_shape` must be multiples of {}, 2 to the power "
    "of `num_levels={}`. Received: image_shape={}. Crop or resize the images, "
    "or use fewer levels."
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image_shape": (96, 96, 3)},
            SIDES_MESSAGE.format(64, 6, (96, 96, 3)),
        ),
        (
            {"image_shape": (256, 320, 3)},
            SIDES_MESSAGE.format(256, 8, (256, 320, 3)),
        ),
        (
            {"image_shape": (48, 32, 3), "num_levels": 5},
            SIDES_MESSAGE.format(32, 5, (48, 32, 3)),
        ),
        (
            {"image_shape": (2, 2, 3)},
            SIDES_MESSAGE.format(4, 2, (2, 2, 3)),
        ),
        (
            {"image_shape": (None, 8, 3)},
            "`height` must be an integer >= 1. Received: height=None.",
        ),
        (
            {"num_levels": 1},
            "`num_levels` must be an integer >= 2. Received: num_levels=1.",
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
            {"normalization": "layer"},
            "`normalization` must be one of ['batch', 'instance', 'none']. "
            "Received: normalization='layer'.",
        ),
        (
            {"dropout_layout": "torch"},
            "`dropout_layout` must be one of ['paper', 'pytorch']. "
            "Received: dropout_layout='torch'.",
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
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build_unet_generator(**{"image_shape": (8, 8, 3), **arguments})


# --- Against PyTorch ---------------------------------------------------------


def compare_with_pytorch(
    normalization="batch", training=True, norm=None, make_impostor=None
):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    is_batch = normalization == "batch"
    norms = {
        "batch": torch.nn.BatchNorm2d,
        "instance": torch.nn.InstanceNorm2d,
        "none": lambda channels: torch.nn.Identity(),
    }
    generator = build_unet_generator(
        (32, 32, 3), filters=8, normalization=normalization, dropout=0.0
    )
    torch_parity.randomize(generator)
    for weight in generator.trainable_variables:
        if weight.name == "kernel":
            # So that the answers differ by far more than the tolerance.
            weight.assign(4 * weight)
    module = peers.unet_generator(
        8, 5, norm or norms[normalization], not is_batch, dropout=0.0
    )
    peers.copy_weights(generator, module)
    if make_impostor is not None:
        make_impostor(module)
    images = gan_pairs.images_of((2, 32, 32, 3))
    with torch.no_grad():
        expected = module.train(training)(
            torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        )
    outputs = np.array(generator(images, training=training))
    # Neither constant nor saturated.
    assert np.std(outputs) > 0.1
    assert np.mean(np.abs(outputs) > 0.999) < 0.5
    np.testing.assert_allclose(
        outputs, expected.numpy().transpose(0, 2, 3, 1), atol=1e-4, rtol=0
    )
    return generator, module


@pytest.mark.parametrize(
    ("normalization", "training"),
    [("batch", False), ("instance", True), ("none", False)],
)
def test_equals_pytorch(normalization, training):
    compare_with_pytorch(normalization, training)


def test_equals_pytorch_in_training():
    generator, module = compare_with_pytorch("batch", training=True)
    # Not the variances: PyTorch's running ones are of a sample, n / (n - 1).
    ours = gan_pairs.weights_by_kind(generator, "moving_mean").values()
    theirs = [
        value.numpy()
        for name, value in module.state_dict().items()
        if name.endswith("running_mean")
    ]
    assert len(ours) == len(theirs) == 3 + 4
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=0)


def test_comparison_notices_another_slope():
    def make_impostor(module):
        for part in module.modules():
            if hasattr(part, "negative_slope"):
                part.negative_slope = 0.3  # Keras's default.

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_pytorch(make_impostor=make_impostor)


@pytest.mark.parametrize("padding", [(0, 2, 0, 2), (2, 0, 2, 0)], ids=str)
def test_comparison_notices_a_shifted_grid(padding):
    def make_impostor(module):
        from torch import nn

        for part in module.downs.modules():
            if isinstance(part, nn.Conv2d):
                part.padding = (0, 0)
                part.register_forward_pre_hook(
                    lambda _, inputs: nn.functional.pad(inputs[0], padding)
                )

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_pytorch(make_impostor=make_impostor)


def test_comparison_notices_a_wrong_norm():
    torch = pytest.importorskip("torch")
    impostors = {
        "epsilon": functools.partial(torch.nn.BatchNorm2d, eps=1e-3),
        "instance": functools.partial(
            torch.nn.InstanceNorm2d, affine=True, track_running_stats=True
        ),
    }
    for norm in impostors.values():
        with pytest.raises(AssertionError, match="Not equal to tolerance"):
            compare_with_pytorch(training=True, norm=norm)
