"""Dynamic int8 that leaves chosen convolutions in float32."""

import contextlib
import io
import re

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


def quantize_weights(path, float_ends):
    """Turns the weights of a float32 file into int8, but for its ends.

    The converter's own dynamic quantisation leaves nothing out. This is that
    of ai-edge-quantizer, which gives the same numbers otherwise.

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


def end_tensors(data, ends):
    """Names the tensors that the first or last convolutions make.

    Args:
        data: Bytes of a .tflite file.
        ends: Names from `export.formats.ENDS`.

    Returns:
        Sorted list of names.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    numbers = {getattr(schema.BuiltinOperator, x) for x in _CONVOLUTIONS}
    kinds = [
        max(x.builtinCode, x.deprecatedBuiltinCode) in numbers
        for x in model.operatorCodes
    ]
    names = set()
    for graph in model.subgraphs:
        if "first" in ends:
            names |= _first(graph, graph.operators, kinds, graph.inputs)
        if "last" in ends:
            names |= _last(graph, graph.operators, kinds, graph.outputs)
    return sorted(names)


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
