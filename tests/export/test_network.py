import re

import keras
import numpy as np
import pytest

import export
from export import network, parity
from tests.export import conftest, gan_models

IMAGES = np.zeros((1, *conftest.SHAPE), "float32")


def refuse(model, inputs, tmp_path, match):
    with pytest.raises(export.ExportError, match=match):
        export.export_network(model, inputs, tmp_path / "out", ["float32"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        (IMAGES.astype("float64"), "`images` must be float32 \\(n, height, "),
        (IMAGES[0], "only input must be images \\(height, width, channels\\)"),
        (IMAGES[:0], "`inputs` is empty"),
        (IMAGES[:, :16], "must have the network's input shape"),
        (IMAGES + 3.0, "`images` must be finite and in \\[-1, 1\\]"),
        (IMAGES * np.nan, "must be finite"),
    ],
    ids=["dtype", "rank", "empty", "shape", "range", "nan"],
)
def test_wrong_inputs_are_refused(inputs, match, generator, tmp_path):
    refuse(generator, inputs, tmp_path, match)


LATENTS = np.zeros((3, gan_models.LATENT_DIM), "float32")
LABELS = np.arange(3, dtype="int32")


@pytest.fixture(scope="module")
def conditional():
    return gan_models.build("mlp", num_classes=3).generator


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            LATENTS,
            "`inputs` must be latents and labels. Received: latents.",
        ),
        (
            {"labels": LABELS},
            "`inputs` must be latents and labels. Received: labels.",
        ),
        ({}, "`inputs` must be latents and labels. Received: nothing."),
        (
            {"latents": LATENTS, "labels": LABELS, "images": IMAGES},
            "`inputs` must be latents and labels. "
            "Received: latents and labels and images.",
        ),
        (
            {"latents": LATENTS, "classes": LABELS},
            "The inputs must be named from images, latents, labels, codes. "
            "Received: classes.",
        ),
        (
            {"latents": LATENTS, "labels": LABELS.astype("int64")},
            "`labels` must be int32 (n,). Received: int64 of shape (3,).",
        ),
        (
            {"latents": LATENTS, "labels": LABELS.astype("float32")},
            "`labels` must be int32 (n,). Received: float32 of shape (3,).",
        ),
        (
            {"latents": LATENTS, "labels": LABELS[:, None]},
            "`labels` must be int32 (n,). Received: int32 of shape (3, 1).",
        ),
        (
            {"latents": LATENTS.astype("float16"), "labels": LABELS},
            "`latents` must be float32 (n, latent_dim). "
            "Received: float16 of shape (3, 4).",
        ),
        (
            {"latents": LATENTS, "labels": LABELS[:2]},
            "`inputs` must be equally many of each. "
            "Received: 3 latents, 2 labels.",
        ),
        (
            {"latents": LATENTS[:, 1:], "labels": LABELS},
            "`latents` must have the network's input shape (4,). "
            "Received: (3,).",
        ),
        (
            {"latents": LATENTS + np.inf, "labels": LABELS},
            "`latents` must be finite. Received: values from inf to inf.",
        ),
        (
            {"latents": LATENTS, "labels": LABELS + 1},
            "`labels` must be in [0, 3). Received: values from 1 to 3.",
        ),
        (
            {"latents": LATENTS, "labels": LABELS - 1},
            "`labels` must be in [0, 3). Received: values from -1 to 1.",
        ),
        (
            {"latents": LATENTS[:0], "labels": LABELS[:0]},
            "`inputs` is empty: some are needed.",
        ),
    ],
    ids=[
        "labels_missing",
        "latents_missing",
        "nothing",
        "images_superfluous",
        "another_name",
        "int64",
        "float_labels",
        "column",
        "float16",
        "lengths",
        "latent_dim",
        "infinite",
        "label_too_large",
        "label_negative",
        "empty",
    ],
)
def test_wrong_named_inputs_are_refused(inputs, message, conditional, tmp_path):
    refuse(conditional, inputs, tmp_path, f"^{re.escape(message)}$")


def test_list_of_inputs_is_refused(tmp_path):
    pair = [keras.Input(conftest.SHAPE), keras.Input(conftest.SHAPE)]
    model = keras.Model(pair, keras.layers.Add()(pair))
    refuse(
        model,
        IMAGES,
        tmp_path,
        "must have one input or a dictionary .* list of 2 inputs",
    )


def test_network_with_unknown_names_is_refused(tmp_path):
    pair = {
        name: keras.Input((4,), name=name) for name in ("latents", "styles")
    }
    model = keras.Model(pair, keras.layers.Add()(list(pair.values())))
    inputs = {"latents": LATENTS}
    refuse(model, inputs, tmp_path, "named from .* Received: styles")


@pytest.mark.parametrize("pair", gan_models.PAIRS)
def test_number_of_classes_is_found_in_the_layers(pair):
    generator, _ = gan_models.PAIRS[pair](num_classes=5)
    assert network.find_num_classes(generator) == 5
    generator, _ = gan_models.PAIRS[pair](num_classes=None)
    assert network.find_num_classes(generator) is None


def test_layers_that_disagree_on_the_classes():
    labels = keras.Input((), dtype="int32", name="labels")
    lookups = [keras.layers.Embedding(n, 2)(labels) for n in (3, 4)]
    model = keras.Model({"labels": labels}, keras.layers.Add()(lookups))
    assert network.find_num_classes(model) is None


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
