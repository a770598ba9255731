"""A Keras network as a list of plain steps, which PyTorch can repeat.

Keras on its torch backend transposes images around every convolution, and so
would measure the transposing. A list of steps lets a module be built as a
PyTorch user would write it: channels first, weights in PyTorch's order.
"""

import json

import keras
import numpy as np

from export.errors import ExportError

STEPS_NAME = "steps.json"
WEIGHTS_NAME = "weights.npz"


def write(network, folder):
    """Writes a network for `export.benchmark.torch_network`.

    Args:
        network: Built functional or sequential `keras.Model` of static image
            sizes, that computes in float32.
        folder: Folder to write; it must not exist.

    Raises:
        ExportError: If a layer has no equal in the list below.
    """
    listing = _Listing()
    inputs = inputs_of(network)
    for name, tensor in inputs.items():
        listing.names[id(tensor)] = f"input {name}"
    listing.add(network)
    (output,) = network.outputs
    folder.mkdir()
    document = {
        "inputs": {name: f"input {name}" for name in inputs},
        "specs": specs_of(network),
        "steps": listing.steps,
        "output": listing.names[id(output)],
    }
    (folder / STEPS_NAME).write_text(json.dumps(document), encoding="utf-8")
    np.savez(folder / WEIGHTS_NAME, **listing.weights)


def inputs_of(network):
    """Returns the inputs of a network, a dict from name to Keras tensor."""
    inputs = network.input
    return inputs if isinstance(inputs, dict) else {inputs.name: inputs}


def specs_of(network):
    """Returns what goes in: dict from name to `{"shape", "dtype"}`."""
    return {
        name: {"shape": [1, *tensor.shape[1:]], "dtype": tensor.dtype}
        for name, tensor in inputs_of(network).items()
    }


class _Listing:
    """The steps so far, and what the tensors that they make are called."""

    def __init__(self):
        self.steps = []
        self.weights = {}
        self.names = {}

    def add(self, network):
        """Adds the calls of a network whose inputs have names already."""
        by_depth = getattr(network, "_nodes_by_depth", None)
        if by_depth is None and isinstance(network, keras.Sequential):
            network = network._functional
            by_depth = network._nodes_by_depth
        if by_depth is None:
            raise ExportError(
                f"{type(network).__name__} is no functional network."
            )
        for depth in sorted(by_depth, reverse=True):
            for node in by_depth[depth]:
                if not node.is_input:
                    self._add_call(node)

    def _add_call(self, node):
        layer = node.operation
        inputs = [self.names[id(x)] for x in node.input_tensors]
        if isinstance(layer, keras.Model):
            for tensor, name in zip(layer.inputs, inputs):
                self.names[id(tensor)] = name
            self.add(layer)
            for mine, theirs in zip(node.output_tensors, layer.outputs):
                self.names[id(mine)] = self.names[id(theirs)]
            return
        (output,) = node.output_tensors
        self.names[id(output)] = f"{len(self.steps)} {layer.name}"
        step = describe(layer, node.input_tensors[0].shape)
        weights = step.pop("weights", {})
        for key, weight in weights.items():
            name = f"{len(self.steps)} {key}"
            self.weights[name] = keras.ops.convert_to_numpy(weight)
            weights[key] = name
        self.steps.append(
            step
            | {
                "weights": weights,
                "inputs": inputs,
                "output": self.names[id(output)],
            }
        )


def describe(layer, shape):
    """Describes a call of one layer.

    Args:
        layer: Built `keras.layers.Layer`.
        shape: Shape of what it sees first, `(batch, ...)`.

    Returns:
        Dict of the step's `kind`, its `weights` and its options.

    Raises:
        ExportError: If there is no such step.
    """
    for kind in type(layer).__mro__:
        if kind.__name__ in _DESCRIPTIONS:
            return _DESCRIPTIONS[kind.__name__](layer, shape)
    raise ExportError(
        f"the layer {layer.name} is a {type(layer).__name__}, which has no "
        "equal in PyTorch here"
    )


def _convolution(layer, shape):
    if layer.groups != 1 or layer.data_format != "channels_last":
        raise ExportError(f"the layer {layer.name} has groups of channels")
    before, after = [], []
    for size, kernel, stride, dilation in zip(
        shape[1:3], layer.kernel_size, layer.strides, layer.dilation_rate
    ):
        total = 0
        if layer.padding == "same":
            reach = (kernel - 1) * dilation + 1
            total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return _with_activation(
        layer,
        {
            "kind": "convolution",
            "strides": layer.strides,
            "dilation": layer.dilation_rate,
            "before": before,
            "after": after,
        },
    )


def _transposed_convolution(layer, shape):
    if set(layer.dilation_rate) != {1} or layer.output_padding is not None:
        raise ExportError(f"the layer {layer.name} is dilated or padded")
    before, after = [], []
    for kernel, stride in zip(layer.kernel_size, layer.strides):
        if kernel < stride:
            raise ExportError(f"the layer {layer.name} leaves pixels out")
        total = kernel - stride if layer.padding == "same" else 0
        before.append(total // 2)
        after.append(total - total // 2)
    return _with_activation(
        layer,
        {
            "kind": "transposed_convolution",
            "strides": layer.strides,
            "before": before,
            "after": after,
        },
    )


def _dense(layer, shape):
    return _with_activation(layer, {"kind": "dense"})


def _with_activation(layer, step):
    weights = {"kernel": layer.kernel}
    if layer.use_bias:
        weights["bias"] = layer.bias
    return _activation(layer) | step | {"weights": weights}


def _activation(layer, shape=None):
    name = keras.activations.serialize(layer.activation)
    if name not in ("linear", "relu", "sigmoid", "tanh"):
        raise ExportError(f"the layer {layer.name} has the activation {name}")
    return {"kind": "activation", "activation": name}


def _relu(layer, shape):
    if layer.max_value is not None or layer.threshold:
        raise ExportError(f"the layer {layer.name} has a threshold")
    slope = float(layer.negative_slope)
    return {"kind": "leaky_relu", "slope": slope}


def _leaky_relu(layer, shape):
    return {"kind": "leaky_relu", "slope": float(layer.negative_slope)}


def _group_norm(layer, shape):
    groups = shape[-1] if layer.groups == -1 else layer.groups
    return {
        "kind": "group_norm",
        "groups": groups,
        "epsilon": layer.epsilon,
        "weights": _affine(layer),
    }


def _batch_norm(layer, shape):
    weights = {
        "mean": layer.moving_mean,
        "variance": layer.moving_variance,
    }
    return {
        "kind": "batch_norm",
        "epsilon": layer.epsilon,
        "weights": weights | _affine(layer),
    }


def _affine(layer):
    weights = {}
    if layer.scale:
        weights["gamma"] = layer.gamma
    if layer.center:
        weights["beta"] = layer.beta
    return weights


def _reflection(layer, shape):
    return {"kind": "reflect", "padding": layer.padding}


def _zero_padding(layer, shape):
    return {"kind": "pad", "sides": layer.padding}


def _cropping(layer, shape):
    return {"kind": "crop", "sides": layer.cropping}


def _reshape(layer, shape):
    return {"kind": "reshape", "shape": layer.target_shape}


def _concatenate(layer, shape):
    if layer.axis not in (-1, len(shape) - 1):
        raise ExportError(f"the layer {layer.name} joins along an axis")
    return {"kind": "concatenate"}


def _up_sampling(layer, shape):
    if layer.interpolation != "nearest":
        raise ExportError(f"the layer {layer.name} interpolates")
    return {"kind": "repeat", "size": layer.size}


def _one_hot(layer, shape):
    if layer.output_mode != "one_hot":
        raise ExportError(f"the layer {layer.name} counts tokens")
    return {"kind": "one_hot", "num_classes": layer.num_tokens}


def _plain(kind):
    return lambda layer, shape: {"kind": kind}


_DESCRIPTIONS = {
    "Activation": _activation,
    "Add": _plain("add"),
    "BatchNormalization": _batch_norm,
    "CategoryEncoding": _one_hot,
    "Concatenate": _concatenate,
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed_convolution,
    "Cropping2D": _cropping,
    "Dense": _dense,
    "Dropout": _plain("identity"),
    "Flatten": lambda layer, shape: {"kind": "reshape", "shape": [-1]},
    "GroupNormalization": _group_norm,
    "Identity": _plain("identity"),
    "LeakyReLU": _leaky_relu,
    "PixelShuffle": _plain("pixel_shuffle"),
    "ReLU": _relu,
    "ReflectionPadding2D": _reflection,
    "Reshape": _reshape,
    "UpSampling2D": _up_sampling,
    "ZeroPadding2D": _zero_padding,
}
