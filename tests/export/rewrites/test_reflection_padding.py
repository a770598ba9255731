import keras
import numpy as np
import pytest

from export.rewrites import graph, reflection_padding
from export.rewrites.replacement import concatenate
from keras_gans.layers import ReflectionPadding2D


@pytest.mark.parametrize(
    ("shape", "padding"),
    [
        ((4, 5, 3), 1),
        ((4, 5, 3), 3),
        ((7, 9, 1), (6, 8)),
        ((5, 3, 2), (2, 0)),
        ((1, 3, 2), (0, 2)),
        ((3, 3, 2), 0),
    ],
    ids=str,
)
def test_equals_numpy(shape, padding):
    images = np.random.default_rng(0).standard_normal((2, *shape), "float32")
    inputs = keras.Input((None, None, shape[-1]))
    network = keras.Model(inputs, ReflectionPadding2D(padding)(inputs))
    rewritten, counts = graph.rewrite(network, ["reflection_padding"])
    assert counts == {"reflection_padding": 1}
    rows, columns = np.broadcast_to(padding, 2)
    expected = np.pad(
        images, ((0, 0), (rows, rows), (columns, columns), (0, 0)), "reflect"
    )
    np.testing.assert_array_equal(rewritten(images), expected)
    assert rewritten.output_shape == network.output_shape


def test_zero_padding_is_left_alone():
    layer = keras.layers.ZeroPadding2D(1)
    assert reflection_padding.rewrite(layer, (None, 4, 4, 3), []) is None


def test_many_parts_are_joined_in_order():
    parts = [np.full((1, 2), i) for i in range(19)]
    joined = keras.ops.convert_to_numpy(concatenate(parts, axis=0))
    np.testing.assert_array_equal(joined[:, 0], np.arange(19))
