"""What goes into a network and comes out of it, checked before conversion."""

import dataclasses

import keras
import numpy as np

from export.errors import ExportError, one_line

# Rounding of a tanh in another runtime, not another range.
RANGE_TOLERANCE = 1e-3
# Two answers to one input may differ by rounding, not by noise.
_REPEAT_TOLERANCE = 1e-5


@dataclasses.dataclass(frozen=True)
class Signature:
    """Names and static shapes of the exported function.

    Args:
        input_shape: `(1, height, width, channels)` or `(1, latent_dim)`.
        output_shape: `(1, height, width, channels)`.
    """

    input_shape: tuple
    output_shape: tuple

    @property
    def input_name(self):
        return "latents" if len(self.input_shape) == 2 else "images"

    @property
    def output_name(self):
        return "images"


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


def check_inputs(network, inputs):
    """Refuses inputs that do not fit the network.

    Args:
        network: Built `keras.Model`.
        inputs: Array `(n, ...)` meant for it.

    Raises:
        ExportError: If kind, shape or values are wrong.
    """
    if inputs.dtype != np.float32 or inputs.ndim not in (2, 4):
        raise ExportError(
            "`inputs` must be float32 images (n, height, width, channels) or "
            f"latents (n, latent_dim). Received: {inputs.dtype} of shape "
            f"{inputs.shape}."
        )
    if not len(inputs):
        raise ExportError("`inputs` is empty: the parity check needs some.")
    expected = input_shape(network)
    if expected and not _fits(inputs.shape[1:], expected):
        raise ExportError(
            f"`inputs` must have the network's input shape {expected}. "
            f"Received: {inputs.shape[1:]}."
        )
    largest = 1.0 + RANGE_TOLERANCE if inputs.ndim == 4 else np.inf
    if not (np.isfinite(inputs) & (np.abs(inputs) <= largest)).all():
        raise ExportError(
            "`inputs` must be finite, and images in [-1, 1]. Received: values "
            f"from {inputs.min():.3g} to {inputs.max():.3g}."
        )


def input_shape(network):
    """Returns the input's shape without the batch, `None` where it is free.

    Args:
        network: Built `keras.Model`.

    Returns:
        A tuple, or `None` if the network does not know it.

    Raises:
        ExportError: If the network has several inputs.
    """
    shape = getattr(network, "input_shape", None)
    if shape is None:
        shape = (network.get_build_config() or {}).get("input_shape")
    if shape is None:
        return None
    if isinstance(shape, (list, dict)):
        raise ExportError(
            "The network must have one input, images or latents. "
            f"Received: {len(shape)} inputs."
        )
    return tuple(shape[1:])


def reference_outputs(network, inputs):
    """Answers the inputs one by one, as the exported files will.

    Args:
        network: Built `keras.Model` that computes in float32.
        inputs: float32 array `(n, ...)`.

    Returns:
        float32 array `(n, height, width, channels)`.

    Raises:
        ExportError: If the network cannot be exported faithfully.
    """
    outputs = [_call(network, inputs[i : i + 1]) for i in range(len(inputs))]
    again = _call(network, inputs[:1])
    outputs = np.concatenate(outputs)
    if outputs.ndim != 4:
        raise ExportError(
            "The network must return one batch of images, (batch, height, "
            f"width, channels). Received: shape {outputs.shape}."
        )
    if not np.isfinite(outputs).all():
        raise ExportError("The network returns values that are not finite.")
    if np.abs(again - outputs[:1]).max() > _REPEAT_TOLERANCE:
        raise ExportError(
            "The network answers the same input differently each time: make "
            "its noise an input, and drop nothing out when training=False."
        )
    if np.abs(outputs).max() > 1.0 + RANGE_TOLERANCE:
        raise ExportError(
            "The network's images must lie in [-1, 1]. Received: values from "
            f"{outputs.min():.3g} to {outputs.max():.3g}."
        )
    return outputs


def _fits(shape, expected):
    return len(shape) == len(expected) and all(
        wanted in (None, size) for size, wanted in zip(shape, expected)
    )


def _call(network, inputs):
    # On the CPU: a GPU rounds its convolutions to ten bits.
    with keras.device("cpu:0"):
        try:
            inputs = keras.ops.convert_to_tensor(inputs)
            outputs = network(inputs, training=False)
        except Exception as error:  # The network may be anybody's code.
            raise ExportError(
                f"The network fails on inputs of shape {inputs.shape}. "
                f"{one_line(error)}"
            ) from error
    if not hasattr(outputs, "shape"):
        raise ExportError(
            "The network must have one output, a batch of images. "
            f"Received: a {type(outputs).__name__}."
        )
    return keras.ops.convert_to_numpy(outputs)
