import functools
import re

import keras
import numpy as np
import pytest

from keras_gans.networks import (
    build_resnet_gan_discriminator,
    build_resnet_gan_generator,
)
from tests.networks import gan_pairs, torch_parity

generator_of = functools.partial(build_resnet_gan_generator, 5, (16, 16, 3), 4)
discriminator_of = functools.partial(
    build_resnet_gan_discriminator, (16, 16, 3), 4
)
NETWORKS = {
    "generator": generator_of,
    "generator, labels": functools.partial(generator_of, num_classes=2),
    "generator, pyramid": functools.partial(
        build_resnet_gan_generator, 3, (40, 40, 1), 1
    ),
    "discriminator": discriminator_of,
    "discriminator, labels": functools.partial(discriminator_of, num_classes=2),
    "discriminator, no norm": functools.partial(
        discriminator_of, spectral_norm=False
    ),
    "discriminator, pyramid": functools.partial(
        build_resnet_gan_discriminator, (40, 40, 1), 1
    ),
}
CONDITIONAL = ["generator, labels", "discriminator, labels"]
every_network = pytest.mark.parametrize("name", NETWORKS)


def conv(kernel_size, inputs, outputs):
    return kernel_size**2 * inputs * outputs + outputs


def generator_count(base, latent_dim, widths, channels=3):
    count = (latent_dim + 1) * base**2 * widths[0]
    for inputs, outputs in zip(widths, widths[1:]):
        count += conv(3, inputs, outputs) + conv(3, outputs, outputs)
        count += conv(1, inputs, outputs) + 2 * inputs + 2 * outputs
    return count + 2 * widths[-1] + conv(3, widths[-1], channels)


def discriminator_count(widths, num_halvings, channels=3):
    first = widths[0]
    count = conv(3, channels, first) + conv(3, first, first)
    count += conv(1, channels, first)
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:]), start=2):
        count += conv(3, inputs, inputs) + conv(3, inputs, outputs)
        if i <= num_halvings or inputs != outputs:
            count += conv(1, inputs, outputs)
    return count + widths[-1] + 1


def test_parameter_counts_at_32():
    count = gan_pairs.trainable_count
    assert count(build_resnet_gan_generator()) == 4_276_739
    assert generator_count(4, 128, [256] * 4) == 4_276_739
    assert count(build_resnet_gan_discriminator()) == 1_053_825
    assert discriminator_count([128] * 4, 2) == 1_053_825


def test_parameter_counts_at_64():
    shape = (64, 64, 3)
    generator = build_resnet_gan_generator(image_shape=shape)
    assert gan_pairs.trainable_count(generator) == generator_count(
        4, 128, [1024, 512, 256, 128, 64]
    )
    discriminator = build_resnet_gan_discriminator(shape)
    assert gan_pairs.trainable_count(discriminator) == discriminator_count(
        [64, 128, 256, 512, 1024], 5
    )


def test_labels_add_their_embeddings_only():
    count = gan_pairs.trainable_count
    # Two norms in each of two blocks of width 4, gamma and beta, 2 classes.
    assert count(generator_of(num_classes=2)) - count(generator_of()) == (
        2 * 2 * 2 * 4 * (2 - 1)
    )
    assert count(discriminator_of(num_classes=2)) - count(
        discriminator_of()
    ) == (2 * 4)


@pytest.mark.parametrize(
    ("side", "grids"),
    [
        (8, [4, 4, 4, 4]),
        (10, [5, 5, 5, 5]),
        (14, [7, 7, 7, 7]),
        (24, [12, 6, 6, 6]),
        (28, [14, 7, 7, 7]),
        (32, [16, 8, 8, 8]),
        (40, [20, 10, 5, 5]),
        (48, [24, 12, 6, 3]),
        (56, [28, 14, 7, 7]),
        (64, [32, 16, 8, 4, 2]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_sizes(side, grids, channels):
    shape = (side, side, channels)
    images = np.array(
        build_resnet_gan_generator(3, shape, 2)(gan_pairs.normal((2, 3)))
    )
    assert (images.shape, images.dtype) == ((2, *shape), "float32")
    assert np.max(np.abs(images)) <= 1.0
    discriminator = build_resnet_gan_discriminator(shape, 2)
    assert grids == [
        layer.output.shape[1]
        for layer in discriminator.layers
        if layer.name.endswith("_add")
    ]
    logits = np.array(discriminator(images))
    assert (logits.shape, logits.dtype) == ((2, 1), "float32")


def test_28_starts_from_7():
    generator = build_resnet_gan_generator(3, (28, 28, 1), 2)
    assert generator.get_layer("stem_reshape").output.shape == (None, 7, 7, 2)


@pytest.mark.parametrize(
    "build", [build_resnet_gan_generator, build_resnet_gan_discriminator]
)
def test_bad_sizes_are_refused(build):
    message = (
        "`image_shape` must be `(side, side, channels)`, with a side of 4, 5, "
        "6 or 7 times a power of two and at least 8, such as 28, 32 or 64. "
        "Received: image_shape=(30, 30, 3). Resize the images."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build(image_shape=(30, 30, 3))
    message = (
        "The residual networks are for images of at most 64x64 pixels. "
        "Received: image_shape=(80, 80, 3). Resize the images, or use the "
        "DCGAN networks."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build(image_shape=(80, 80, 3))


@pytest.mark.parametrize(
    ("build", "name", "least"),
    [
        (build_resnet_gan_generator, "latent_dim", 1),
        (build_resnet_gan_generator, "filters", 1),
        (build_resnet_gan_generator, "num_classes", 2),
        (build_resnet_gan_discriminator, "filters", 1),
        (build_resnet_gan_discriminator, "num_classes", 2),
    ],
)
def test_arguments_are_checked(build, name, least):
    message = (
        f"`{name}` must be an integer >= {least}. Received: {name}={least - 1}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build(**{name: least - 1})


def test_initial_weights_are_the_authors():
    # Chainer's GlorotUniform, times sqrt(2) in the 3x3 ones of the blocks.
    for network in (
        build_resnet_gan_generator(8, (16, 16, 3), 16),
        build_resnet_gan_discriminator((16, 16, 3), 16),
    ):
        for path, kernel in gan_pairs.weights_by_kind(
            network, "kernel"
        ).items():
            *window, inputs, outputs = kernel.shape
            fans = (inputs + outputs) * int(np.prod(window))
            limit = np.sqrt(6 / fans) * (np.sqrt(2) if "conv" in path else 1)
            assert np.max(np.abs(kernel)) <= limit, path
            if kernel.size > 200:
                assert np.max(np.abs(kernel)) > 0.95 * limit, path
        for path, bias in gan_pairs.weights_by_kind(network, "bias").items():
            np.testing.assert_array_equal(bias, 0.0, path)


@every_network
def test_own_initial_values(name):
    assert gan_pairs.check_own_initial_values(NETWORKS[name]()) > 0


@every_network
def test_clone_model(name):
    gan_pairs.check_clone(NETWORKS[name]())


@every_network
def test_save_and_load(name, tmp_path):
    gan_pairs.check_save_and_load(NETWORKS[name](), tmp_path / "network.keras")


@every_network
def test_gradients_reach_every_weight(name):
    gan_pairs.check_gradients(NETWORKS[name]())


@pytest.mark.parametrize("name", CONDITIONAL)
@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, name, half):
    gan_pairs.check_mixed_precision(NETWORKS[name], policy, half)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_outputs_depend_on_the_label(name):
    gan_pairs.check_depends_on_label(NETWORKS[name]())


def test_conditional_generator_starts_as_the_plain_one():
    # Its scales start at 1 and its offsets at 0, for each class.
    conditional = generator_of(num_classes=2)
    plain = generator_of()
    plain.set_weights(
        [
            weight
            for layer in plain.layers
            for weight in (
                conditional.get_layer(layer.name).get_weights()
                if "block" not in layer.name or "norm" not in layer.name
                else layer.get_weights()
            )
        ]
    )
    inputs = gan_pairs.inputs_of(conditional)
    for training in (False, True):
        np.testing.assert_allclose(
            conditional(inputs, training=training),
            plain(inputs["latents"], training=training),
            atol=1e-5,
        )


def test_spectral_norm_bounds_the_largest_singular_value():
    gan_pairs.check_spectral_norm(NETWORKS["discriminator, labels"]())


def test_without_spectral_norm_there_is_none():
    discriminator = discriminator_of(spectral_norm=False)
    assert discriminator.non_trainable_variables == []


def torch_modules(latent_dim, side, channels, width, num_doublings):
    """The pair at up to 32 pixels, written again in PyTorch."""
    from torch import nn
    from torch.nn import functional

    class Up(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_1 = nn.BatchNorm2d(width, eps=2e-5)
            self.conv_1 = nn.Conv2d(width, width, 3, padding=1)
            self.norm_2 = nn.BatchNorm2d(width, eps=2e-5)
            self.conv_2 = nn.Conv2d(width, width, 3, padding=1)
            self.shortcut = nn.Conv2d(width, width, 1)

        def forward(self, x):
            double = functools.partial(functional.interpolate, scale_factor=2)
            y = self.conv_1(double(self.norm_1(x).relu()))
            y = self.conv_2(self.norm_2(y).relu())
            return y + self.shortcut(double(x))

    class Down(nn.Module):
        def __init__(self, inputs, is_first, halve):
            super().__init__()
            self.is_first, self.halve = is_first, halve
            self.conv_1 = nn.Conv2d(inputs, width, 3, padding=1)
            self.conv_2 = nn.Conv2d(width, width, 3, padding=1)
            if halve:
                self.shortcut = nn.Conv2d(inputs, width, 1)

        def forward(self, x):
            y = self.conv_1(x if self.is_first else x.relu()).relu()
            y = self.conv_2(y)
            if not self.halve:
                return x + y
            pool = functools.partial(functional.avg_pool2d, kernel_size=2)
            if self.is_first:
                return self.shortcut(pool(x)) + pool(y)
            return pool(self.shortcut(x)) + pool(y)

    class Sum(nn.Module):
        def forward(self, x):
            return x.sum(dim=(2, 3))

    base = side // 2**num_doublings
    generator = nn.Sequential(
        nn.Linear(latent_dim, base**2 * width),
        nn.Unflatten(1, (width, base, base)),
        *(Up() for _ in range(num_doublings)),
        nn.BatchNorm2d(width, eps=2e-5),
        nn.ReLU(),
        nn.Conv2d(width, channels, 3, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        Down(channels, True, True),
        Down(width, False, True),
        Down(width, False, False),
        Down(width, False, False),
        nn.ReLU(),
        Sum(),
        nn.Linear(width, 1),
    )
    return generator, discriminator


TENSORS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def copy_by_name(network, module, base, width):
    """`block_2_conv_1` is the block's `conv_1`, in order of the blocks."""
    import torch

    blocks = [child for child in module if hasattr(child, "conv_1")]
    linear = next(m for m in module if isinstance(m, torch.nn.Linear))
    others = {
        "stem": linear,
        "logits": linear,
        "head_norm": next(
            (m for m in module if isinstance(m, torch.nn.BatchNorm2d)), None
        ),
        "head": next(
            (m for m in module if isinstance(m, torch.nn.Conv2d)), None
        ),
    }
    count = 0
    for weight in network.weights:
        layer, kind = weight.path.split("/")[-2:]
        match = re.fullmatch(r"block_(\d)_(.*)", layer)
        target = (
            getattr(blocks[int(match[1]) - 1], match[2])
            if match
            else others[layer]
        )
        value = keras.ops.convert_to_numpy(weight)
        if layer == "stem":  # (..., base, base, width) to channels first.
            value = value.reshape(-1, base, base, width)
            value = value.transpose(0, 3, 1, 2).reshape(value.shape[0], -1)
            value = value if kind == "kernel" else value[0]
        axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[value.ndim]
        tensor = getattr(target, TENSORS[kind])
        assert tuple(tensor.shape) == value.transpose(axes).shape
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(value.transpose(axes).copy()))
        count += 1
    buffers = [k for k in module.state_dict() if "num_batches" not in k]
    assert count == len(buffers)


@pytest.mark.parametrize("training", [False, True], ids=["inference", "train"])
def test_equals_pytorch(training):
    torch = pytest.importorskip("torch")
    networks = (
        build_resnet_gan_generator(8, (32, 32, 3), 16),
        build_resnet_gan_discriminator((32, 32, 3), 16, spectral_norm=False),
    )
    images = gan_pairs.images_of((4, 32, 32, 3))
    inputs = (gan_pairs.normal((4, 8)), images)
    modules = torch_modules(8, 32, 3, 16, 3)
    theirs = (inputs[0], images.transpose(0, 3, 1, 2).copy())
    for network, module, ours, other in zip(networks, modules, inputs, theirs):
        torch_parity.randomize(network)
        for variable in network.trainable_variables:
            if variable.name == "kernel":
                variable.assign(4 * variable)
        copy_by_name(network, module, 4, 16)
        with torch.no_grad():
            expected = module.train(training)(torch.from_numpy(other)).numpy()
        outputs = np.array(network(ours, training=training))
        if expected.ndim == 4:
            expected = expected.transpose(0, 2, 3, 1)
        assert np.std(outputs) > 0.01
        np.testing.assert_allclose(outputs, expected, atol=1e-4, rtol=1e-5)
