import keras
import numpy as np
import pytest
from keras import layers

from export.rewrites import graph, pixel_projection
from tests.export.rewrites import networks


def test_equals_the_definition():
    layer = layers.Conv2DTranspose(5, (3, 4))
    network = keras.Sequential([keras.Input((1, 1, 6)), layer])
    networks.shake(network)
    rewritten, counts = graph.rewrite(network)
    assert counts == {"pixel_projection": 1}
    pixels = networks.draw(network)
    expected = np.einsum("uvoc,bc->buvo", layer.kernel, pixels[:, 0, 0])
    expected += layer.bias.numpy()
    np.testing.assert_allclose(rewritten(pixels), expected, atol=1e-5)


@pytest.mark.parametrize("activation", [None, "tanh"])
@pytest.mark.parametrize("strides", [1, 2, 4, (3, 1)], ids=str)
def test_equals_keras(strides, activation):
    inputs = keras.Input((1, 1, 6))
    x = layers.Conv2DTranspose(
        5, 4, strides, use_bias=False, activation=activation
    )(inputs)
    network = keras.Model(inputs, layers.BatchNormalization()(x))
    rewritten = networks.check_equal(network, {"pixel_projection": 1})
    norms = [
        x for x in rewritten.layers if type(x) is layers.BatchNormalization
    ]
    assert len(norms) == (activation is not None)


def test_pixels_and_images_for_one_layer_leave_it_alone():
    layer = layers.Conv2DTranspose(5, 3)
    pixels, images = keras.Input((1, 1, 6)), keras.Input((4, 4, 6))
    network = keras.Model([pixels, images], [layer(pixels), layer(images)])
    assert graph.rewrite(network) == (network, {})


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (layers.Conv2DTranspose(5, 3), 2),
        (layers.Conv2DTranspose(5, 3), None),
        (layers.Conv2DTranspose(5, 3, padding="same"), 1),
        (layers.Conv2DTranspose(5, 2, 3), 1),
        (layers.Conv2D(5, 1), 1),
    ],
    ids=["large", "free", "same", "gap", "plain"],
)
def test_others_are_left_alone(layer, size):
    shape = (None, size, size, 6)
    layer.build(shape)
    assert pixel_projection.rewrite(layer, shape, []) is None
