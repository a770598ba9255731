"""What a graph spends on convolutions and matrix products, counted by shapes.

Nearly all arithmetic of a network is in these. They are counted in the graph
of a training step, where every forward and backward pass stands by itself: a
count by layers would have to know how often a step runs each of them.
"""

import collections
import math

import tensorflow as tf

_CALLS = ("f", "body", "cond", "then_branch", "else_branch")
_UNKNOWN = [-1] * 4  # So that each part of it is unknown, too.


def count(graph):
    """Counts the floating-point operations of one run of `graph`.

    A multiplication and its addition are two operations. Of what the graph
    holds, only that counts which its results or its variables depend on; of a
    condition, both branches count, and of a loop, one pass.

    Args:
        graph: `tf.Graph` of a function that has been traced.

    Returns:
        Dictionary, from names of dtypes to integers; empty if there is no
        convolution or matrix product.

    Raises:
        ValueError: If a shape is not known before the graph runs.
    """
    definition = graph.as_graph_def(add_shapes=True)
    functions = {f.signature.name: f for f in definition.library.function}
    results = [tensor.op.name for tensor in graph.outputs]
    results += [operation.name for operation in graph.control_outputs]
    return dict(_count(definition.node, {}, results, functions))


def _count_function(name, functions):
    function = functions[name]
    inputs = {
        argument.name: [_to_shape(shape)]
        for argument, shape in zip(
            function.signature.input_arg,
            function.attr["_input_shapes"].list.shape,
        )
    }
    results = [*function.ret.values(), *function.control_ret.values()]
    return _count(function.node_def, inputs, results, functions)


def _count(nodes, shapes, results, functions):
    """Counts what `results` need; `shapes` are those of a function's inputs."""
    nodes = {node.name: node for node in nodes}
    shapes = shapes | {
        name: list(map(_to_shape, node.attr["_output_shapes"].list.shape))
        for name, node in nodes.items()
    }
    operations = collections.Counter()
    for name in _needed(nodes, results):
        node = nodes[name]
        if node.op in _MULTIPLY_ADDS:
            inputs = [
                shapes[_name_of(word)][_position_of(word)]
                for word in node.input
                if not word.startswith("^")
            ]
            multiply_adds = _MULTIPLY_ADDS[node.op](
                node, inputs, shapes[name][0]
            )
            dtype = tf.as_dtype(node.attr["T"].type).name
            operations[dtype] += 2 * multiply_adds
        for attribute in _CALLS:
            called = node.attr[attribute].func.name
            if called in functions:
                operations.update(_count_function(called, functions))
    return operations


def _needed(nodes, results):
    """Names of the nodes that `results` depend on, each once."""
    found, waiting = set(), list(map(_name_of, results))
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found.add(name)
            waiting += map(_name_of, nodes[name].input)
    return found


def _name_of(word):
    # `name`, `name:1`, in functions `name:output:0`; `^name` for an order.
    return word.lstrip("^").partition(":")[0]


def _position_of(word):
    number = word.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


def _to_shape(proto):
    if proto.unknown_rank:
        return _UNKNOWN
    return [dimension.size for dimension in proto.dim]


def _size(shape):
    if min(shape, default=1) < 0:
        raise ValueError(
            "Shapes must be known before the graph runs, to count its "
            f"operations. Received: {shape}."
        )
    return math.prod(shape)


def _of_convolution(node, inputs, output):
    return _size(output) * _size(inputs[1][:-1])


def _of_input_gradient(node, inputs, output):
    # As many as of the convolution whose gradient it is.
    return _size(inputs[2]) * _size(inputs[1][:-1])


def _of_filter_gradient(node, inputs, output):
    return _size(inputs[2]) * _size(output[:-1])


def _of_depthwise(node, inputs, output):
    return _size(output) * _size(inputs[1][:2])


def _of_depthwise_input_gradient(node, inputs, output):
    return _size(inputs[2]) * _size(inputs[1][:2])


def _of_depthwise_filter_gradient(node, inputs, output):
    return _size(inputs[2]) * _size(output[:2])


def _of_product(node, inputs, output):
    is_transposed = node.attr["transpose_a"].b or node.attr["adj_x"].b
    return _size(output) * _size(inputs[0][-2 if is_transposed else -1 :][:1])


# Operation -> function of its node, shapes of its inputs, and of its output.
_MULTIPLY_ADDS = {
    "Conv2D": _of_convolution,
    "Conv2DBackpropInput": _of_input_gradient,
    "Conv2DBackpropFilter": _of_filter_gradient,
    "DepthwiseConv2dNative": _of_depthwise,
    "DepthwiseConv2dNativeBackpropInput": _of_depthwise_input_gradient,
    "DepthwiseConv2dNativeBackpropFilter": _of_depthwise_filter_gradient,
    "MatMul": _of_product,
    "BatchMatMulV2": _of_product,
}
