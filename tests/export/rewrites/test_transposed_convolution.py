import itertools

import keras
import numpy as np
import pytest
from keras import layers

from export.rewrites import graph, transposed_convolution
from tests.export.rewrites import networks


def transpose_by_definition(x, kernel):
    """Every input adds the kernel, times itself, to the result."""
    height, width, filters, _ = kernel.shape
    full = np.zeros(
        (2 * x.shape[0] + height - 2, 2 * x.shape[1] + width - 2, filters)
    )
    for i, j in np.ndindex(x.shape[:2]):
        patch = np.einsum("uvoc,c->uvo", kernel, x[i, j])
        full[2 * i : 2 * i + height, 2 * j : 2 * j + width] += patch
    return full


@pytest.mark.parametrize("filters", [2, 5], ids=["joint", "phases"])
@pytest.mark.parametrize(
    ("kernel_size", "crop"), [(3, 1), (4, 1), (5, 0), (2, 2)]
)
def test_equals_the_definition(kernel_size, crop, filters):
    layer = layers.Conv2DTranspose(filters, kernel_size, 2)
    network = keras.Sequential(
        [
            keras.Input((3, 4, 3)),
            layer,
            layers.Cropping2D(((crop, 0), (crop, 1))),
        ]
    )
    networks.shake(network)
    rewritten, _ = graph.rewrite(network)
    images = np.random.default_rng(1).standard_normal((1, 3, 4, 3), "float32")
    expected = transpose_by_definition(images[0], layer.kernel.numpy())
    expected = expected[crop:, crop:-1] + layer.bias.numpy()
    np.testing.assert_allclose(
        rewritten(images)[0], expected, rtol=1e-5, atol=1e-5
    )


KERNELS = (2, 3, 4, 5, 6, (3, 4))
SIZES = ((1, 2), (4, 3), (5, 8))


@pytest.mark.parametrize("filters", [1, 5], ids=["joint", "phases"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_equals_keras(padding, filters):
    for i, (kernel_size, size) in enumerate(itertools.product(KERNELS, SIZES)):
        inputs = keras.Input((*size, 3))
        network = keras.Model(
            inputs,
            layers.Conv2DTranspose(
                filters,
                kernel_size,
                2,
                padding=padding,
                use_bias=i % 2 == 0,
                activation="sigmoid" if i % 3 == 0 else None,
            )(inputs),
        )
        networks.check_equal(network, {"transposed_convolution": 1}, seed=i)


@pytest.mark.parametrize("filters", [3, 6], ids=["joint", "phases"])
@pytest.mark.parametrize(
    "cropping",
    [None, ((1, 0), (1, 0)), ((3, 2), (0, 1)), ((4, 0), (5, 0))],
    ids=str,
)
@pytest.mark.parametrize("with_norm", [False, True], ids=["bare", "norm"])
def test_what_follows_is_folded_in(cropping, with_norm, filters):
    x = inputs = keras.Input((4, 6, 2))
    x = layers.Conv2DTranspose(filters, 3, 2)(x)
    if cropping:
        x = layers.Cropping2D(cropping)(x)
    if with_norm:
        x = layers.BatchNormalization(center=bool(cropping))(x)
    network = keras.Model(inputs, layers.LeakyReLU()(x))
    rewritten = networks.check_equal(network, {"transposed_convolution": 1})
    kinds = {type(layer) for layer in rewritten.layers}
    assert not kinds & {layers.Cropping2D, layers.BatchNormalization}


def test_nothing_is_folded_behind_an_activation():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(6, 4, 2, activation="relu")(inputs)
    network = keras.Model(inputs, layers.BatchNormalization()(x))
    rewritten = networks.check_equal(network, {"transposed_convolution": 1})
    assert isinstance(rewritten.layers[-1], layers.BatchNormalization)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2DTranspose(2, 3, 1),
        layers.Conv2DTranspose(2, 3, 3),
        layers.Conv2DTranspose(2, 3, (2, 1)),
        layers.Conv2DTranspose(2, 3, 1, dilation_rate=2),
        layers.Conv2DTranspose(2, 3, 2, output_padding=1),
        layers.Conv2DTranspose(2, 1, 2),
        layers.Conv2D(8, 3, 2),
    ],
    ids=["stride_1", "stride_3", "uneven", "dilated", "padded", "1x1", "plain"],
)
def test_others_are_left_alone(layer):
    layer.build((None, 4, 4, 3))
    assert transposed_convolution.rewrite(layer, (None, 4, 4, 3), []) is None
