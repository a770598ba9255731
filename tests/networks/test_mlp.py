import functools
import re

import keras
import numpy as np
import pytest

from keras_gans.networks import build_mlp_discriminator, build_mlp_generator
from tests.networks import gan_pairs

NETWORKS = {
    "generator of points": functools.partial(build_mlp_generator, 3, (2,)),
    "generator of images": functools.partial(
        build_mlp_generator, 3, (4, 6, 1), num_classes=3
    ),
    "discriminator of points": functools.partial(build_mlp_discriminator, (2,)),
    "discriminator, concat": functools.partial(
        build_mlp_discriminator, (4, 6, 1), num_classes=3
    ),
    "discriminator, projection": functools.partial(
        build_mlp_discriminator,
        (2,),
        num_classes=3,
        conditioning="projection",
        spectral_norm=True,
    ),
}
NETWORKS = {
    name: functools.partial(build, hidden_units=(16, 16, 8))
    for name, build in NETWORKS.items()
}
CONDITIONAL = [
    name for name, build in NETWORKS.items() if "num_classes" in build.keywords
]
every_network = pytest.mark.parametrize("name", NETWORKS)


def test_parameter_counts_by_hand():
    generator = build_mlp_generator(16, (2,), (128, 128))
    assert generator.count_params() == 17 * 128 + 129 * 128 + 129 * 2
    discriminator = build_mlp_discriminator((28, 28, 1), (256,), num_classes=10)
    assert discriminator.count_params() == (784 + 10 + 1) * 256 + 257


@pytest.mark.parametrize("hidden_units", [(), (4,), (4, 5)], ids=str)
@pytest.mark.parametrize("shape", [(2,), (5,), (4, 6, 3), (28, 28, 1)], ids=str)
def test_shapes(shape, hidden_units):
    generator = build_mlp_generator(3, shape, hidden_units)
    outputs = generator(gan_pairs.normal((2, 3)))
    assert (outputs.shape, outputs.dtype) == ((2, *shape), "float32")
    discriminator = build_mlp_discriminator(shape, hidden_units)
    logits = discriminator(outputs)
    assert (logits.shape, logits.dtype) == ((2, 1), "float32")
    assert (generator.name, discriminator.name) == (
        "generator",
        "discriminator",
    )


def test_points_are_unbounded_and_images_are_not():
    latents = 100 * gan_pairs.normal((8, 3))
    assert np.max(np.abs(build_mlp_generator(3, (2,))(latents))) > 1.5
    images = np.array(build_mlp_generator(3, (4, 4, 1))(latents))
    assert 0.9 < np.max(np.abs(images)) <= 1.0


@every_network
def test_own_initial_values(name):
    gan_pairs.check_own_initial_values(NETWORKS[name]())


def test_layers_of_equal_shape_start_differently():
    generator = build_mlp_generator(8, (8,), (8, 8))
    assert gan_pairs.check_own_initial_values(generator) == 3


def test_the_signal_keeps_its_size():
    # He's initial weights; N(0, 0.02) would shrink it 5 times per layer.
    generator = build_mlp_generator(64, (2,), (128,) * 6)
    outputs = np.array(generator(gan_pairs.normal((500, 64))))
    assert 0.3 < outputs.std() < 3


@every_network
def test_clone_model(name):
    gan_pairs.check_clone(NETWORKS[name]())


@every_network
def test_save_and_load(name, tmp_path):
    gan_pairs.check_save_and_load(NETWORKS[name](), tmp_path / "network.keras")


@every_network
def test_gradients_reach_every_weight(name):
    gan_pairs.check_gradients(NETWORKS[name]())


@every_network
@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, name, half):
    gan_pairs.check_mixed_precision(NETWORKS[name], policy, half)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_outputs_depend_on_the_label(name):
    gan_pairs.check_depends_on_label(NETWORKS[name]())


def test_spectral_norm_bounds_the_largest_singular_value():
    gan_pairs.check_spectral_norm(NETWORKS["discriminator, projection"]())


def test_dropout_is_for_training():
    discriminator = build_mlp_discriminator((2,), (64, 64), dropout=0.5)
    points = gan_pairs.normal((4, 2))
    np.testing.assert_array_equal(discriminator(points), discriminator(points))
    first, second = (discriminator(points, training=True) for _ in range(2))
    assert np.any(np.array(first) != np.array(second))


def test_equals_numpy():
    discriminator = build_mlp_discriminator((2,), (5, 4))
    gan_pairs.shake(discriminator)
    x = points = gan_pairs.normal((7, 2))
    weights = [keras.ops.convert_to_numpy(w) for w in discriminator.weights]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2]):
        x = x @ kernel + bias
        x = np.where(x > 0, x, 0.2 * x)
    np.testing.assert_allclose(
        discriminator(points), x @ weights[-2] + weights[-1], atol=1e-5
    )


SHAPE_MESSAGE = (
    "`{name}` must be `(size,)` for points or `(height, width, channels)` for "
    "images, all integers >= 1. Received: {name}={shape}."
)


@pytest.mark.parametrize(
    "shape", [(), (0,), (4, 4), (None, 4, 1), (4, 4, 1.0)], ids=str
)
def test_shapes_are_checked(shape):
    for name, build in (
        ("output_shape", lambda: build_mlp_generator(3, shape)),
        ("input_shape", lambda: build_mlp_discriminator(shape)),
    ):
        message = SHAPE_MESSAGE.format(name=name, shape=shape)
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            build()


@pytest.mark.parametrize("hidden_units", [(4, 0), (None,), [2.0]], ids=str)
def test_hidden_units_are_checked(hidden_units):
    message = (
        "`hidden_units` must be a tuple of integers >= 1. "
        f"Received: hidden_units={hidden_units!r}."
    )
    for build in (
        lambda: build_mlp_generator(3, (2,), hidden_units),
        lambda: build_mlp_discriminator((2,), hidden_units),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: build_mlp_generator(0, (2,)),
            "`latent_dim` must be an integer >= 1. Received: latent_dim=0.",
        ),
        (
            lambda: build_mlp_generator(3, (2,), num_classes=0),
            "`num_classes` must be an integer >= 2. Received: num_classes=0.",
        ),
        (
            lambda: build_mlp_discriminator((2,), conditioning="none"),
            "`conditioning` must be one of ['concat', 'projection']. "
            "Received: conditioning='none'.",
        ),
        (
            lambda: build_mlp_discriminator((2,), dropout=-0.1),
            "`dropout` must be in [0, 1). Received: dropout=-0.1.",
        ),
    ],
    ids=["latent_dim", "num_classes", "conditioning", "dropout"],
)
def test_arguments_are_checked(build, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build()
