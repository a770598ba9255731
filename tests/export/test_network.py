import keras
import numpy as np
import pytest

import export
from export import parity
from tests.export import conftest

IMAGES = np.zeros((1, *conftest.SHAPE), "float32")


def refuse(model, inputs, tmp_path, match):
    with pytest.raises(export.ExportError, match=match):
        export.export_network(model, inputs, tmp_path / "out", ["float32"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        (IMAGES.astype("float64"), "must be float32 images"),
        (IMAGES[0], "must be float32 images"),
        (IMAGES[:0], "`inputs` is empty"),
        (IMAGES[:, :16], "must have the network's input shape"),
        (IMAGES + 3.0, "images in \\[-1, 1\\]"),
        (IMAGES * np.nan, "must be finite"),
    ],
    ids=["dtype", "rank", "empty", "shape", "range", "nan"],
)
def test_wrong_inputs_are_refused(inputs, match, generator, tmp_path):
    refuse(generator, inputs, tmp_path, match)


def test_several_inputs_are_refused(tmp_path):
    pair = [keras.Input(conftest.SHAPE), keras.Input(conftest.SHAPE)]
    model = keras.Model(pair, keras.layers.Add()(pair))
    refuse(model, IMAGES, tmp_path, "must have one input, .* 2 inputs")


def test_outputs_outside_the_range_are_refused(tmp_path):
    images = keras.Input(conftest.SHAPE)
    model = keras.Model(images, images + 2.0)
    refuse(model, IMAGES, tmp_path, "must lie in \\[-1, 1\\]")


def test_outputs_that_are_no_images_are_refused(tmp_path):
    images = keras.Input(conftest.SHAPE)
    model = keras.Model(images, keras.layers.Flatten()(images))
    refuse(model, IMAGES, tmp_path, "must return one batch of images")


class Untraceable(keras.layers.Layer):
    def call(self, inputs):
        return inputs * float(inputs.numpy().max())


class CallsLayer(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs, training=False):
        return self.layer(inputs)


def test_network_that_cannot_be_traced_is_refused(tmp_path):
    model = CallsLayer(Untraceable())
    model(IMAGES)
    refuse(model, IMAGES, tmp_path, "not as a TensorFlow graph")


def test_network_without_weights_is_refused(tmp_path):
    model = CallsLayer(keras.layers.Conv2D(3, 3))
    refuse(model, IMAGES, tmp_path, "has no weights yet")


def test_allowed_operators_are_built_in_and_static():
    assert {"CONV_2D", "TRANSPOSE_CONV", "TANH"} <= parity.ALLOWED_OPERATORS
    refused = {"CUSTOM", "SHAPE", "READ_VARIABLE", "FlexMatrixInverse"}
    assert not refused & parity.ALLOWED_OPERATORS
