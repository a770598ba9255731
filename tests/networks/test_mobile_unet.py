import functools
import re

import keras
import numpy as np
import pytest

from keras_gans.networks import (
    build_mobile_unet_generator,
    build_unet_generator,
)
from tests.networks import gan_pairs, torch_parity

tiny = functools.partial(
    build_mobile_unet_generator, (8, 8, 3), filters=4, dropout=0.0
)


def count_by_hand(widths, channels, output_channels, normalization):
    is_batch = normalization == "batch"
    has_bias = not is_batch
    # The first one, full; then a 4x4 for each channel and a 1x1 of all.
    count = 16 * channels * widths[0] + widths[0] * has_bias
    for i, o in zip(widths, widths[1:]):
        count += 16 * i + i * o + o * has_bias
    # Up: a 1x1 of all, from the bottleneck and from what is joined, and then
    # a 3x3 for each channel.
    inputs = [widths[-1], *(2 * width for width in widths[-2:0:-1])]
    for i, o in zip(inputs, widths[-2::-1]):
        count += i * o + 9 * o + o * has_bias
    normed = sum(widths[1:-1]) + sum(widths[:-1])
    count += 2 * normed * is_batch
    return count + 16 * 2 * widths[0] * output_channels + output_channels


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
@pytest.mark.parametrize(
    ("side", "widths"),
    [
        (4, (2, 4)),
        (8, (2, 4, 8)),
        (64, (2, 4, 8, 16, 16, 16)),  # Never wider than 8 times the first.
        (256, (64, 128, 256, 512, 512, 512, 512, 512)),
    ],
)
def test_parameters_by_hand(side, widths, normalization):
    generator = build_mobile_unet_generator(
        (side, side, 3), 2, widths[0], normalization=normalization
    )
    assert gan_pairs.trainable_count(generator) == count_by_hand(
        widths, 3, 2, normalization
    )


def test_only_convolutions_between_the_first_and_the_last_differ():
    arguments = {
        "image_shape": (32, 64, 1),
        "output_channels": 3,
        "filters": 2,
        "dropout": 0.5,
        "dropout_layout": "pytorch",
    }
    mobile = build_mobile_unet_generator(**arguments)
    full = build_unet_generator(**arguments)
    names = [[layer.name for layer in x.layers] for x in (mobile, full)]
    added = [name for name in names[0] if name not in names[1]]
    # What follows each other in one network does so in the other.
    assert [name for name in names[0] if name not in added] == names[1]
    assert added == [
        *(f"down_{i}_depthwise" for i in range(2, 6)),
        *(f"up_{i}_{x}" for i in range(1, 5) for x in ("pointwise", "resize")),
    ]
    for name in names[1]:
        shapes = [
            [tuple(weight.shape) for weight in x.get_layer(name).weights]
            for x in (mobile, full)
        ]
        is_separable = re.fullmatch(r"down_[2-5]|up_\d", name)
        assert (shapes[0] != shapes[1]) == bool(is_separable), name
        outputs = [x.get_layer(name).output.shape for x in (mobile, full)]
        assert outputs[0] == outputs[1], name


@pytest.mark.parametrize("upsampling", ["resize", "pixel_shuffle"])
def test_upsampling_is_of_the_last_convolution(upsampling):
    shapes = [
        [tuple(weight.shape) for weight in build(upsampling=upsampling).weights]
        for build in (
            tiny,
            functools.partial(build_unet_generator, (8, 8, 3), filters=4),
        )
    ]
    assert shapes[0][-2:] == shapes[1][-2:]
    assert shapes[0][:-2] == [tuple(x.shape) for x in tiny().weights[:-2]]
    outputs = tiny(upsampling=upsampling)(gan_pairs.images_of((2, 8, 8, 3)))
    assert outputs.shape == (2, 8, 8, 3)


@pytest.mark.parametrize(
    ("height", "width", "channels", "output_channels", "num_levels"),
    [
        (8, 8, 1, None, None),
        (8, 16, 3, 2, None),
        (24, 8, 4, 1, 3),
        (16, 16, 1, 3, 2),
    ],
)
def test_images(height, width, channels, output_channels, num_levels):
    generator = build_mobile_unet_generator(
        (height, width, channels), output_channels, 2, num_levels
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


def part_of(generator, first, last):
    """The layers after `first`, up to and including `last`."""
    return keras.Model(
        generator.get_layer(first).output, generator.get_layer(last).output
    )


def test_down_convolution_is_a_full_one_of_products():
    generator = build_mobile_unet_generator(
        (32, 32, 3), filters=4, normalization="none"
    )
    gan_pairs.shake(generator)
    down = part_of(generator, "down_2_relu", "down_3")
    down_2, down_3 = (
        part_of(generator, f"down_{i}_relu", f"down_{i}") for i in (2, 3)
    )
    for part, name, shape in (
        (down_2, "down_2", (2, 16, 16, 4)),
        (down_3, "down_3", (2, 8, 8, 8)),
    ):
        each = generator.get_layer(f"{name}_depthwise").kernel
        pointwise, bias = generator.get_layer(name).get_weights()
        features = gan_pairs.normal(shape)
        expected = keras.ops.conv(
            features,
            np.einsum("uvcm,xyco->uvco", each, pointwise),
            strides=2,
            padding="same",
        )
        np.testing.assert_allclose(
            part(features), expected + bias, atol=1e-5, rtol=1e-5
        )
    assert down(gan_pairs.normal((2, 16, 16, 4))).shape == (2, 4, 4, 16)


def up_part(**depthwise):
    """Layers `up_1_relu` to `up_1` with one channel and a known kernel."""
    generator = build_mobile_unet_generator((8, 8, 3), filters=1, num_levels=2)
    pointwise = generator.get_layer("up_1_pointwise")
    pointwise.set_weights([np.reshape([2.0, 0.0], (1, 1, 2, 1))])
    kernel = np.zeros((3, 3))
    for (row, column), value in depthwise["taps"].items():
        kernel[row, column] = value
    generator.get_layer("up_1").set_weights([kernel[:, :, None, None]])
    return part_of(generator, "up_1_relu", "up_1")


def test_up_convolution_by_hand():
    features = np.zeros((1, 2, 2, 2), "float32")
    features[0, :, 1, 0] = 0.5  # Columns 0 and 1, twice: 0 and 1.
    features[..., 1] = 7.0  # A channel of weight zero.
    row = [0, 0.25, 0.75, 1]  # Centres of pixels at 1/4 and 3/4.
    copied = up_part(taps={(1, 1): 1.0})(features)
    np.testing.assert_allclose(copied[0, ..., 0], [row] * 4, atol=1e-6)
    # Kernels see zeros beyond the border: the right and the upper neighbour.
    right = up_part(taps={(1, 2): 1.0})(features)
    np.testing.assert_allclose(
        right[0, ..., 0], [[0.25, 0.75, 1, 0]] * 4, atol=1e-6
    )
    upper = up_part(taps={(0, 1): 1.0})(features)
    np.testing.assert_allclose(
        upper[0, ..., 0], [[0] * 4, row, row, row], atol=1e-6
    )


@pytest.mark.parametrize("normalization", ["batch", "instance"])
def test_one_image_passes_the_bottleneck(normalization):
    # A norm of its one pixel would answer the same to all weights.
    generator = tiny(normalization=normalization)
    gan_pairs.shake(generator)
    image = gan_pairs.images_of((1, 8, 8, 3))
    before = np.array(generator(image, training=True))
    down = generator.get_layer("down_3")
    # Turned, not scaled: the norm behind the next convolution undoes scales.
    down.set_weights([-weight for weight in down.get_weights()])
    changed = np.array(generator(image, training=True))
    assert np.max(np.abs(changed - before)) > 1e-3


def variances_before_norms(generator):
    """Of one image: the smallest over the norms, of a mean over channels."""
    before = {
        layer.name: layer.input
        for layer in generator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    image = gan_pairs.images_of((1, 64, 64, 3))
    features = keras.Model(generator.input, before)(image, training=True)
    return {
        name: np.var(values, axis=(0, 1, 2)).mean()
        for name, values in features.items()
    }


def test_first_weights_leave_the_norms_something_to_divide_by():
    keras.utils.set_random_seed(0)
    generator = build_mobile_unet_generator((64, 64, 3), filters=16)
    variances = variances_before_norms(generator)
    assert len(variances) == 4 + 5
    # Epsilon of the norms is 1e-5.
    assert min(variances.values()) > 10 * 1e-5
    # The papers' deviation in all kernels: no longer so.
    for path, values in gan_pairs.weights_by_kind(generator, "kernel").items():
        name = path.split("/")[-2]
        if name not in ("down_1", "head"):
            weights = generator.get_layer(name).get_weights()
            weights[0] = values * 0.02 / values.std()
            generator.get_layer(name).set_weights(weights)
    assert min(variances_before_norms(generator).values()) < 1e-5


def test_initial_weights():
    generator = build_mobile_unet_generator((32, 32, 3), filters=16)
    deviations = {"down_1": 0.02, "head": 0.02}
    for i in range(2, 6):
        deviations |= {f"down_{i}_depthwise": 1 / 4, f"down_{i}": 4 * 0.02}
    for i in range(1, 5):
        deviations |= {f"up_{i}_pointwise": 3 * 0.02, f"up_{i}": 1 / 3}
    kernels = gan_pairs.weights_by_kind(generator, "kernel")
    assert {path.split("/")[-2] for path in kernels} == set(deviations)
    for path, values in kernels.items():
        deviation = deviations[path.split("/")[-2]]
        # 5 standard errors of a normal sample's mean and deviation.
        assert abs(values.mean()) < 5 * deviation / np.sqrt(values.size), path
        error = 5 * deviation / np.sqrt(2 * values.size)
        assert abs(values.std() - deviation) < error, path
    biases = gan_pairs.weights_by_kind(generator, "bias")
    assert all(np.all(values == 0) for values in biases.values())


def test_own_initial_values():
    generator = build_mobile_unet_generator((64, 64, 3), filters=2)
    assert gan_pairs.check_own_initial_values(generator) >= 2


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
def test_gradients_reach_every_weight(normalization):
    # Filters enough for none of the few units to be dead.
    generator = build_mobile_unet_generator(
        (8, 8, 3), filters=8, normalization=normalization, dropout=0.0
    )
    gan_pairs.check_gradients(generator)


def test_dropout_acts_in_training_only():
    generator = tiny(dropout=0.5)
    gan_pairs.shake(generator)
    images = gan_pairs.images_of((2, 8, 8, 3))
    np.testing.assert_array_equal(generator(images), generator(images))
    first, second = (generator(images, training=True) for _ in range(2))
    assert np.any(np.array(first) != np.array(second))


def test_clone_model():
    gan_pairs.check_clone(tiny(dropout=0.5))


def test_save_and_load(tmp_path):
    gan_pairs.check_save_and_load(tiny(dropout=0.5), tmp_path / "unet.keras")


@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, half):
    gan_pairs.check_mixed_precision(tiny, policy, half)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"image_shape": (96, 96, 3)},
            "Height and width of `image_shape` must be multiples of 64, 2 to "
            "the power of `num_levels=6`. Received: image_shape=(96, 96, 3). "
            "Crop or resize the images, or use fewer levels.",
        ),
        (
            {"filters": 0},
            "`filters` must be an integer >= 1. Received: filters=0.",
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
        build_mobile_unet_generator(**{"image_shape": (8, 8, 3), **arguments})


# --- Against PyTorch ---------------------------------------------------------


def torch_mobile_unet(widths, norm, use_bias, mode="bilinear"):
    """The network of 3 channels in PyTorch; `norm` makes a norm."""
    import torch
    from torch import nn

    def down(inputs, outputs):
        return [
            nn.LeakyReLU(0.2),
            nn.Conv2d(inputs, inputs, 4, 2, 1, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=use_bias),
        ]

    def up(inputs, outputs):
        return nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.Upsample(scale_factor=2, mode=mode),
            nn.Conv2d(
                outputs, outputs, 3, padding=1, groups=outputs, bias=use_bias
            ),
            norm(outputs),
        )

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            first = nn.Conv2d(3, widths[0], 4, 2, 1, bias=use_bias)
            self.downs = nn.ModuleList([first])
            for i in range(1, len(widths)):
                parts = down(widths[i - 1], widths[i])
                if i < len(widths) - 1:
                    parts.append(norm(widths[i]))
                self.downs.append(nn.Sequential(*parts))
            self.ups = nn.ModuleList([up(widths[-1], widths[-2])])
            for i in reversed(range(1, len(widths) - 1)):
                self.ups.append(up(2 * widths[i], widths[i - 1]))
            self.head = nn.ConvTranspose2d(2 * widths[0], 3, 4, 2, 1)

        def forward(self, x):
            skips = []
            for part in self.downs:
                x = part(x)
                skips.append(x)
            skips.pop()
            for part in self.ups:
                skip = skips.pop()
                # The leaky ReLU of the authors' code works in place, but not
                # on the skip itself: a ReLU of both is the same.
                x = torch.cat([skip, part(x)], dim=1)
            return torch.tanh(self.head(torch.relu(x)))

    return UNet()


def compare_with_pytorch(normalization="batch", training=False, **impostor):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    norms = {
        "batch": torch.nn.BatchNorm2d,
        "instance": torch.nn.InstanceNorm2d,
        "none": lambda channels: torch.nn.Identity(),
    }
    generator = build_mobile_unet_generator(
        (32, 32, 3), filters=8, normalization=normalization, dropout=0.0
    )
    torch_parity.randomize(generator)
    for weight in generator.trainable_variables:
        if weight.name == "kernel":
            # So that the answers differ by far more than the tolerance.
            weight.assign(16 * weight)
    module = torch_mobile_unet(
        (8, 16, 32, 64, 64),
        norms[normalization],
        normalization != "batch",
        **impostor,
    )
    peers.copy_weights(generator, module)
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


@pytest.mark.parametrize(
    ("normalization", "training"),
    [("batch", False), ("batch", True), ("instance", True), ("none", False)],
)
def test_equals_pytorch(normalization, training):
    compare_with_pytorch(normalization, training)


def test_comparison_notices_another_interpolation():
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_pytorch(mode="nearest")
