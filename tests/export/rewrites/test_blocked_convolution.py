import itertools

import keras
import numpy as np
import pytest
from keras import layers

from export.rewrites import blocked_convolution, graph
from tests.export.rewrites import networks


def test_equals_the_definition():
    layer = layers.Conv2D(1, 5)
    network = keras.Sequential([keras.Input((7, 9, 2)), layer])
    networks.shake(network)
    rewritten, _ = graph.rewrite(network)
    images = np.random.default_rng(1).standard_normal((1, 7, 9, 2), "float32")
    windows = np.lib.stride_tricks.sliding_window_view(images[0], (5, 5, 2))
    kernel = layer.kernel.numpy()[..., 0]
    expected = (windows[:, :, 0] * kernel).sum((-3, -2, -1))
    expected += layer.bias.numpy()
    np.testing.assert_allclose(
        rewritten(images)[0, ..., 0], expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel_size", [5, 6, 7, (5, 7)], ids=str)
def test_equals_keras(kernel_size, padding):
    sizes = ((8, 8), (7, 10), (12, 9))
    for i, (size, filters) in enumerate(itertools.product(sizes, (1, 3))):
        inputs = keras.Input((*size, 4))
        network = keras.Model(
            inputs,
            layers.Conv2D(
                filters,
                kernel_size,
                padding=padding,
                use_bias=i % 2 == 0,
                activation="tanh" if i % 3 == 0 else None,
            )(inputs),
        )
        networks.check_equal(network, {"blocked_convolution": 1}, seed=i)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(3, 7, 2),
        layers.Conv2D(3, 7, dilation_rate=2),
        layers.Conv2D(4, 7, groups=2),
        layers.Conv2D(64, 7),
        layers.Conv2D(3, 1),
        layers.DepthwiseConv2D(7),
    ],
    ids=["strided", "dilated", "grouped", "wide", "1x1", "depthwise"],
)
def test_others_are_left_alone(layer):
    layer.build((None, 16, 16, 4))
    assert blocked_convolution.rewrite(layer, (None, 4, 4, 3), []) is None
