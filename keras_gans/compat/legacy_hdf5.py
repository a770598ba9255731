"""Reads the `.h5` files of Keras 2: layers by name, in their order."""

import json
import re

import h5py
import numpy as np

from keras_gans.compat import hdf5, keras_config
from keras_gans.compat.errors import WeightsError
from keras_gans.compat.matching import LayerWeights

_INSIDE_MODEL = "model_weights"


def is_legacy(file):
    """Whether an open `h5py.File` has this layout."""
    return _INSIDE_MODEL in file or "layer_names" in file.attrs


def read(path):
    """Reads all layers of a file, of weights or of a whole model.

    Args:
        path: Path of the file.

    Returns:
        List of `LayerWeights` in the order of the model, and whether the file
        has the settings of its layers.

    Raises:
        WeightsError: If arrays are missing or lie elsewhere.
    """
    with h5py.File(path) as file:
        settings = {}
        has_config = "model_config" in file.attrs
        if has_config:
            config = json.loads(file.attrs["model_config"])
            settings = keras_config.settings_by_name(config)
        group = file
        if hdf5.is_group(file, _INSIDE_MODEL):
            group = file[_INSIDE_MODEL]
        layers = []
        for name in _names(group, "layer_names"):
            if not hdf5.is_group(group, name):
                raise WeightsError(f"it lacks the layer {name}")
            layers += _read_layer(group[name], name, settings)
    return layers, has_config


def _names(group, attribute):
    """A list of strings, which is split where it is long."""
    chunks = []
    if attribute in group.attrs:
        chunks.append(group.attrs[attribute])
    while f"{attribute}{len(chunks)}" in group.attrs:
        chunks.append(group.attrs[f"{attribute}{len(chunks)}"])
    if not chunks:
        raise WeightsError(f"it lacks the list of {attribute}")
    return [
        name.decode() if isinstance(name, bytes) else str(name)
        for name in np.concatenate(chunks)
    ]


def _read_layer(group, layer_name, settings):
    """The layer, or several where it is a network within the network."""
    layers = {}
    for path in _names(group, "weight_names"):
        owner, _, weight = path.rpartition("/")
        name = owner.rpartition("/")[2] or layer_name
        arrays = layers.setdefault(owner, (name, {}))[1]
        weight = weight.removesuffix(":0")
        if weight in arrays:
            raise WeightsError(f"it has {path} twice")
        arrays[weight] = hdf5.read_array(group, path)
    return [
        LayerWeights(name, arrays, settings.get(name) or _told(name, arrays))
        for name, arrays in layers.values()
    ]


def _told(name, arrays):
    """What the name of a layer tells where there is no configuration."""
    if re.fullmatch(r"instance_normalization(_\d+)?", name) and arrays:
        return {"groups": max(array.size for array in arrays.values())}
    return {}
