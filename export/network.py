"""What goes into a network and comes out of it, checked before conversion."""

import keras
import numpy as np

from export import signature
from export.errors import ExportError, one_line
from export.signature import KINDS

# Rounding of a tanh in another runtime, not another range.
RANGE_TOLERANCE = 1e-3
# Two answers to one input may differ by rounding, not by noise.
_REPEAT_TOLERANCE = 1e-5


def check_weights(network):
    """Refuses weights that are not finite.

    Args:
        network: Built `keras.Model`.

    Raises:
        ExportError: If a weight holds NaN or infinity.
    """
    if not network.built:
        raise ExportError(
            "The network has no weights yet. Call it once on a batch."
        )
    for weight in network.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ExportError(
                f"The weight `{weight.path}` holds values that are not "
                "finite. Export an earlier checkpoint."
            )


def check_inputs(network, inputs, num_classes=None, role="generator"):
    """Refuses inputs that do not fit the network.

    Args:
        network: Built `keras.Model`.
        inputs: Dict from name to array `(n, ...)`, meant for it.
        num_classes: Integer, labels are below it; `None` if it is not known.
        role: The network's role in `export.signature.OUTPUTS`.

    Raises:
        ExportError: If names, number, kinds, shapes or values are wrong.
    """
    signature.check_names(inputs)
    shapes = input_shapes(network, role)
    if shapes is not None:
        _check_same_names(inputs, shapes)
    for name, array in inputs.items():
        _check_kind(name, array)
    if not signature.count(inputs):
        raise ExportError("`inputs` is empty: some are needed.")
    for name, array in inputs.items():
        if shapes is not None:
            _check_shape(name, array.shape[1:], shapes[name])
        _check_values(name, array, num_classes)


def _check_same_names(inputs, shapes):
    if set(inputs) != set(shapes):
        raise ExportError(
            f"`inputs` must be {' and '.join(shapes)}. "
            f"Received: {' and '.join(inputs) or 'nothing'}."
        )


def _check_kind(name, array):
    kind = KINDS[name]
    if array.dtype != kind.dtype or not kind.fits(array.shape[1:]):
        raise ExportError(
            f"`{name}` must be {kind}. "
            f"Received: {array.dtype} of shape {array.shape}."
        )


def _check_shape(name, shape, expected):
    fits = len(shape) == len(expected) and all(
        wanted in (None, size) for size, wanted in zip(shape, expected)
    )
    if not fits:
        raise ExportError(
            f"`{name}` must have the network's input shape {expected}. "
            f"Received: {shape}."
        )


def _check_values(name, array, num_classes):
    if name == "images":
        meaning = "finite and in [-1, 1]"
        allowed = np.abs(array) <= 1.0 + RANGE_TOLERANCE
    elif name == "labels":
        meaning = f"in [0, {num_classes or 'num_classes'})"
        allowed = (array >= 0) & (array < (num_classes or np.inf))
    else:
        meaning = "finite"
        allowed = np.isfinite(array)
    if not allowed.all():
        raise ExportError(
            f"`{name}` must be {meaning}. Received: values from "
            f"{array.min():.3g} to {array.max():.3g}."
        )


def takes_codes(network, role):
    """Whether codes are the only input of a network.

    They are that of a decoder, and of what calls its only input so.

    Args:
        network: `keras.Model`.
        role: Its role in `export.signature.OUTPUTS`.
    """
    only_input = getattr(network, "input", None)
    if isinstance(only_input, (dict, list)):
        return False
    return role == "decoder" or getattr(only_input, "name", None) == "codes"


def input_shapes(network, role="generator"):
    """Returns the inputs' shapes without the batch, `None` where it is free.

    Args:
        network: Built `keras.Model`.
        role: Its role in `export.signature.OUTPUTS`.

    Returns:
        Dict from name to tuple, or `None` if the network does not know it.

    Raises:
        ExportError: If the network takes a list, or unknown names.
    """
    shapes = _shapes_with_batch(network)
    if shapes is None:
        return None
    if isinstance(shapes, list):
        raise ExportError(
            "The network must have one input or a dictionary of inputs. "
            f"Received: a list of {len(shapes)} inputs."
        )
    if isinstance(shapes, dict):
        signature.check_names(shapes)
        shapes = {name: tuple(shape[1:]) for name, shape in shapes.items()}
        if shapes.get("labels") == (1,):
            shapes["labels"] = ()  # Keras fits a column of labels to it.
        return shapes
    shape = tuple(shapes[1:])
    if takes_codes(network, role):
        return {"codes": shape}
    return {signature.name_of(shape): shape}


def _shapes_with_batch(network):
    # Keras's `input_shape` of a dictionary is a list, without the names.
    inputs = getattr(network, "input", None)
    if isinstance(inputs, dict):
        return {name: tensor.shape for name, tensor in inputs.items()}
    shape = getattr(network, "input_shape", None)
    if shape is None:  # A subclass of `keras.Model`.
        shape = (network.get_build_config() or {}).get("input_shape")
    return shape


def find_num_classes(network, role="generator"):
    """Returns how many labels a network knows, from the layer that does.

    Args:
        network: Built `keras.Model`.
        role: Its role in `export.signature.OUTPUTS`.

    Returns:
        Integer; `None` if the network takes no labels, or has no such layer,
        or some that disagree.
    """
    if "labels" not in (input_shapes(network, role) or {}):
        return None
    sizes = set()
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.CategoryEncoding):
            sizes.add(layer.num_tokens)
        elif isinstance(layer, keras.layers.Embedding):
            sizes.add(layer.input_dim)
    return sizes.pop() if len(sizes) == 1 else None


def has_instance_norms(network):
    """Whether a network normalises each image by its own mean and variance."""
    return any(
        isinstance(layer, keras.layers.GroupNormalization)
        for layer in network._flatten_layers()
    )


def scale_of(outputs, output_name):
    """Returns what differences between outputs are divided by.

    Images have a range, codes have none: some are hundreds and some are
    hundredths, and rounding grows with them. Divided by the largest of them,
    codes lie in [-1, 1] as images do, and one table of bounds holds for both.

    Args:
        outputs: Array `(n, ...)` of a network's answers.
        output_name: "images" or "codes".

    Returns:
        Float > 0: 1 for images, and for codes that are all zero.
    """
    if output_name == "images":
        return 1.0
    return float(np.abs(outputs).max()) or 1.0


def reference_outputs(network, inputs, output_name="images"):
    """Answers the inputs one by one, as the exported files will.

    Args:
        network: Built `keras.Model` that computes in float32.
        inputs: Dict from name to array `(n, ...)`.
        output_name: "images" or "codes", what it is to answer with.

    Returns:
        float32 array `(n, ...)`.

    Raises:
        ExportError: If the network cannot be exported faithfully.
    """
    rows = signature.rows(inputs)
    outputs = [_call(network, row, output_name) for row in rows]
    again = _call(network, next(signature.rows(inputs)), output_name)
    outputs = np.concatenate(outputs)
    kind = KINDS[output_name]
    if not kind.fits(outputs.shape[1:]):
        raise ExportError(
            f"The network must return one batch of {output_name}, (batch, "
            f"{', '.join(kind.axes)}). Received: shape {outputs.shape}."
        )
    if not np.isfinite(outputs).all():
        raise ExportError("The network returns values that are not finite.")
    tolerance = _REPEAT_TOLERANCE * scale_of(outputs, output_name)
    if np.abs(again - outputs[:1]).max() > tolerance:
        raise ExportError(
            "The network answers the same input differently each time: make "
            "its noise an input, and drop nothing out when training=False."
        )
    largest = np.abs(outputs).max()
    if output_name == "images" and largest > 1.0 + RANGE_TOLERANCE:
        raise ExportError(
            "The network's images must lie in [-1, 1]. Received: values from "
            f"{outputs.min():.3g} to {outputs.max():.3g}."
        )
    return outputs


def _call(network, row, output_name):
    # On the CPU: a GPU rounds its convolutions to ten bits.
    with keras.device("cpu:0"):
        try:
            outputs = signature.answer(
                network,
                {k: keras.ops.convert_to_tensor(v) for k, v in row.items()},
            )
        except Exception as error:  # The network may be anybody's code.
            shapes = ", ".join(f"{k} {v.shape}" for k, v in row.items())
            raise ExportError(
                f"The network fails on {shapes}. {one_line(error)}"
            ) from error
    if not hasattr(outputs, "shape"):
        raise ExportError(
            f"The network must have one output, a batch of {output_name}. "
            f"Received: a {type(outputs).__name__}."
        )
    return keras.ops.convert_to_numpy(outputs)
