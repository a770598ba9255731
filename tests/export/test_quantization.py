"""Convolutions that dynamic int8 leaves in float32."""

import importlib.util
import sys

import keras
import numpy as np
import pytest
from ai_edge_litert.tools import flatbuffer_utils

import export
from export import parity_inputs, quantization
from export.errors import UsageError

SHAPE = (16, 16, 3)
needs_quantizer = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_quantizer") is None,
    reason="ai-edge-quantizer is not installed",
)
FLOAT32, INT8 = 0, 9  # Of the schema's TensorType.


@pytest.fixture(scope="module")
def network():
    """Two convolutions see the image, two make it, one lies between."""
    keras.utils.set_random_seed(0)

    def conv(filters, x, **kwargs):
        return keras.layers.Conv2D(filters, 3, padding="same", **kwargs)(x)

    inputs = keras.Input(SHAPE)
    x = keras.layers.Concatenate()([conv(48, inputs), conv(16, inputs)])
    x = conv(64, keras.layers.ReLU()(x))
    left, right = conv(16, x), conv(16, x)
    x = keras.ops.sum(left * right, axis=-1, keepdims=True)
    return keras.Model(inputs, keras.ops.tanh(x))


@pytest.fixture(scope="module")
def images():
    return parity_inputs.default({"images": SHAPE})["images"][:2]


def kernels(path):
    """Dict from the shape of each kernel to its type."""
    model = flatbuffer_utils.read_model(str(path))
    (graph,) = model.subgraphs
    return [
        (tuple(tensor.shape), tensor.type)
        for tensor in graph.tensors
        if len(tensor.shape) == 4
        and tuple(tensor.shape[1:3]) == (3, 3)
        and model.buffers[tensor.buffer].data is not None
    ]


@needs_quantizer
@pytest.mark.parametrize(
    ("ends", "in_float"),
    [
        (("first",), {(48, 3, 3, 3), (16, 3, 3, 3)}),
        (("last",), {(16, 3, 3, 64)}),
        (("first", "last"), {(48, 3, 3, 3), (16, 3, 3, 3), (16, 3, 3, 64)}),
    ],
)
def test_ends_stay_in_float(network, images, tmp_path, ends, in_float):
    result = export.export_network(
        network, images, tmp_path / "out", ["dynamic"], (), float_ends=ends
    )
    assert result.ok, result.reports
    found = kernels(tmp_path / "out" / "generator_dynamic.tflite")
    assert len(found) == 5
    assert {shape for shape, kind in found if kind == FLOAT32} == in_float
    assert (64, 3, 3, 64) in {shape for shape, kind in found if kind == INT8}


@needs_quantizer
def test_float_ends_are_more_precise(network, images, tmp_path):
    psnr_db = {}
    for ends in ((), ("first", "last")):
        result = export.export_network(
            network, images, tmp_path / "out", ["dynamic"], float_ends=ends
        )
        psnr_db[ends] = result.reports[0].figures["psnr_db"]
    assert psnr_db["first", "last"] > psnr_db[()] + 1.0


def test_missing_library_is_named(network, images, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    with pytest.raises(UsageError, match="--float_ends needs ai-edge-quanti"):
        export.export_network(
            network,
            images,
            tmp_path / "out",
            ["dynamic"],
            float_ends=("last",),
        )
    assert list(tmp_path.iterdir()) == []


def test_walk_stops_at_convolutions(network, images, tmp_path):
    export.export_network(network, images, tmp_path / "out", ["float32"], ())
    data = (tmp_path / "out" / "generator_float32.tflite").read_bytes()
    first = quantization.end_tensors(data, ("first",))
    last = quantization.end_tensors(data, ("last",))
    assert len(first) == len(last) == 2
    assert not set(first) & set(last)
    assert quantization.end_tensors(data, ()) == []
    both = quantization.end_tensors(data, ("first", "last"))
    assert both == sorted([*first, *last])
    assert np.all([isinstance(name, str) for name in both])


def build_separable():
    keras.utils.set_random_seed(0)
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(128, 3, padding="same")(inputs)
    x = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = keras.layers.Conv2D(128, 1)(x)
    x = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return keras.Model(inputs, x)


def test_depthwise_convolutions_stay_in_one_partition(
    images, tmp_path, monkeypatch
):
    def export_dynamic(folder, **options):
        result = export.export_network(
            build_separable(), images, folder, ["dynamic"], **options
        )
        assert result.ok, result.reports
        return result.reports[0].figures

    figures = export_dynamic(tmp_path / "one")
    assert figures["partitions"] == 1
    assert figures["operators"]["DEPTHWISE_CONV_2D"] == 1
    # A file of two signatures, which share the kernels.
    sizes = ((16, 16), (8, 8))
    figures = export_dynamic(tmp_path / "two", sizes=sizes)
    assert figures["operators"]["DEPTHWISE_CONV_2D"] == 2
    found = kernels(tmp_path / "one" / "generator_dynamic.tflite")
    assert ((1, 3, 3, 128), FLOAT32) in found
    assert ((128, 3, 3, 3), FLOAT32) not in found
    monkeypatch.setattr(quantization, "restore_depthwise", lambda path: None)
    assert export_dynamic(tmp_path / "plain")["partitions"] > 1
