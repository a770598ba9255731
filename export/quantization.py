"""Dynamic int8 that leaves some convolutions in float32."""

import contextlib
import io
import re

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from export.errors import UsageError

# Of LiteRT's operators, those that multiply by a kernel.
_CONVOLUTIONS = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "TRANSPOSE_CONV",
)
# Those that the runtime multiplies in int8, as ai-edge-quantizer calls them.
_QUANTIZED = ("CONV_2D", "FULLY_CONNECTED", "CONV_2D_TRANSPOSE")
# Types of images and weights, where int8 is for the weights alone.
_HYBRID = (schema.TensorType.FLOAT32, schema.TensorType.INT8)


def quantize_weights(path, float_ends):
    """Turns the weights of a float32 file into int8, but for its ends.

    The converter's own dynamic quantisation leaves nothing out. This is that
    of ai-edge-quantizer.

    Args:
        path: Path of a .tflite file, which is replaced.
        float_ends: Names from `export.formats.ENDS`. "first" are all
            convolutions with none between the inputs and them, "last" those
            with none between them and the output.

    Raises:
        UsageError: If ai-edge-quantizer is not installed.
    """
    try:
        from ai_edge_quantizer import algorithm_manager, qtyping, quantizer
    except ImportError as error:
        raise UsageError(
            "--float_ends needs ai-edge-quantizer: pip install "
            "'keras_gans[quantize]'."
        ) from error
    kept = end_tensors(path.read_bytes(), float_ends)
    worker = quantizer.Quantizer(str(path))
    for name in _QUANTIZED:
        operation = qtyping.TFLOperationName[name]
        worker.add_dynamic_config(".*", operation, 8)
        for tensor in kept:
            worker.update_quantization_recipe(
                f"^{re.escape(tensor)}(;|$)",
                operation,
                algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE,
            )
    # It prints a summary, and draws a bar.
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        quantized = worker.quantize().quantized_model
    path.write_bytes(quantized)


def restore_depthwise(path):
    """Turns the int8 weights of depthwise convolutions into float32 again.

    XNNPACK has no depthwise kernel for float images and int8 weights: each one
    would be slow, and split the graph. They are few numbers.

    Args:
        path: Path of a .tflite file, which is replaced if it has any.
    """
    model = flatbuffer_utils.read_model_from_bytearray(path.read_bytes())
    is_depthwise = _is_any_of(model, ("DEPTHWISE_CONV_2D",))
    restored = {}  # Signatures share buffers: by number of the int8 one.
    for graph in model.subgraphs:
        for operator in graph.operators:
            if not is_depthwise[operator.opcodeIndex]:
                continue
            images, weights = (graph.tensors[i] for i in operator.inputs[:2])
            if (images.type, weights.type) != _HYBRID:
                continue
            if weights.buffer not in restored:
                restored[weights.buffer] = len(model.buffers)
                model.buffers.append(_dequantize(model, weights))
            weights.buffer = restored[weights.buffer]
            weights.type, weights.quantization = schema.TensorType.FLOAT32, None
    if restored:
        path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _dequantize(model, weights):
    data = np.frombuffer(bytes(model.buffers[weights.buffer].data), "int8")
    # One scale for each channel, the last axis; zero is zero.
    values = data.reshape(weights.shape) * np.float32(
        weights.quantization.scale
    )
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.astype("<f4").tobytes(), "uint8")
    return buffer


def end_tensors(data, ends):
    """Names the tensors that the first or last convolutions make.

    Args:
        data: Bytes of a .tflite file.
        ends: Names from `export.formats.ENDS`.

    Returns:
        Sorted list of names.
    """
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    kinds = _is_any_of(model, _CONVOLUTIONS)
    names = set()
    for graph in model.subgraphs:
        if "first" in ends:
            names |= _first(graph, graph.operators, kinds, graph.inputs)
        if "last" in ends:
            names |= _last(graph, graph.operators, kinds, graph.outputs)
    return sorted(names)


def _is_any_of(model, names):
    """Whether each operator code of a model is one of these."""
    numbers = {getattr(schema.BuiltinOperator, name) for name in names}
    return [
        max(x.builtinCode, x.deprecatedBuiltinCode) in numbers
        for x in model.operatorCodes
    ]


def _first(graph, operators, kinds, tensors):
    """Walks from tensors towards the outputs, up to convolutions."""
    names, seen = set(), set(tensors)
    for operator in operators:  # In the order in which they run.
        if seen.isdisjoint(operator.inputs):
            continue
        if kinds[operator.opcodeIndex]:
            names.add(graph.tensors[operator.outputs[0]].name.decode())
        else:
            seen.update(operator.outputs)
    return names


def _last(graph, operators, kinds, tensors):
    """Walks from tensors towards the inputs, up to convolutions."""
    names, needed = set(), set(tensors)
    for operator in reversed(operators):
        if needed.isdisjoint(operator.outputs):
            continue
        if kinds[operator.opcodeIndex]:
            names.add(graph.tensors[operator.outputs[0]].name.decode())
        else:
            needed.update(operator.inputs)
    return names
