"""Weights of our Keras networks in PyTorch's order."""

import numpy as np
import torch
from torch import nn

from peers.networks import LinearOfMaps, LinearToMaps

_NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def copy_weights(network, module):
    """Copies the weights of a Keras network into a module, layer by layer.

    Args:
        network: Built `keras.Model`.
        module: `torch.nn.Module` with the same layers in the same order.

    Raises:
        ValueError: If layers or shapes do not fit, or weights are left over.
    """
    load_weights(module, arrays_of(network))


def arrays_of(network):
    """Returns the weights of a Keras network, layer by layer.

    Args:
        network: Built `keras.Model`.

    Returns:
        List of dicts from the last part of a weight's name, such as
        `"kernel"`, to its array; one for each layer that has weights.
    """
    return [
        {
            weight.path.rsplit("/", 1)[-1]: weight.numpy()
            for weight in layer.weights
        }
        for layer in network.layers
        if layer.weights
    ]


def load_weights(module, layers):
    """Copies arrays into a module, layer by layer.

    Args:
        module: `torch.nn.Module`.
        layers: List of dicts of arrays, as of `arrays_of`.

    Raises:
        ValueError: As of `copy_weights`.
    """
    targets = [
        part
        for part in module.modules()
        if not list(part.children()) and part.state_dict()
    ]
    if len(layers) != len(targets):
        raise ValueError(
            f"The networks must have the same layers. Received: {len(layers)} "
            f"layers with weights for {len(targets)} modules."
        )
    for arrays, target in zip(layers, targets):
        _load(target, arrays)


def _load(target, arrays):
    tensors = target.state_dict()
    tensors.pop("num_batches_tracked", None)
    values = {
        _NAMES[kind]: _reorder(target, kind, array)
        for kind, array in arrays.items()
    }
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    received = {name: value.shape for name, value in values.items()}
    if shapes != received:
        raise ValueError(
            f"The weights of {target} must have the shapes {shapes}. "
            f"Received: {received}."
        )
    for name, value in values.items():
        with torch.no_grad():
            # In the precision of the module.
            tensors[name].copy_(torch.from_numpy(np.ascontiguousarray(value)))


def _reorder(target, kind, array):
    """An array in the order that PyTorch has."""
    if kind in ("kernel", "bias") and isinstance(target, LinearToMaps):
        array = _channels_first(array, target.maps)
    if kind == "kernel" and isinstance(target, LinearOfMaps):
        array = _channels_first(array.T, target.maps).T
    if array.ndim == 2:
        return array.T
    if array.ndim == 4:
        # (h, w, in, out) -> (out, in, h, w); transposed convolutions swap the
        # channels in both libraries. Depthwise ones have no input channels but
        # one, and in Keras the other way round.
        is_depthwise = isinstance(target, nn.Conv2d) and target.groups > 1
        return array.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
    return array


def _channels_first(array, maps):
    """The last axis, flat pixels with channels last, with channels first."""
    channels, height, width = maps
    pixels = array.reshape(-1, height, width, channels)
    return pixels.transpose(0, 3, 1, 2).reshape(array.shape)
