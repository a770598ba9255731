"""Reads `.weights.h5` and `.keras` files: layers by class and number."""

import io
import json
import zipfile

import h5py
import keras

from keras_gans.compat import hdf5, keras_config
from keras_gans.compat.errors import WeightsError
from keras_gans.compat.matching import LayerWeights
from keras_gans.compat.torch_file import check_archive

_CONTAINER = "layers"
_VARIABLES = "vars"


def read_weights(path):
    """Reads all arrays of a `.weights.h5` file.

    Args:
        path: Path of the file, or a binary file.

    Returns:
        Dict from path, such as `"layers/conv2d/vars/0"`, to array.

    Raises:
        WeightsError: If arrays lie elsewhere.
    """
    tensors, pending = {}, []
    with h5py.File(path) as file:
        pending = [("", file)]
        while pending:
            prefix, group = pending.pop()
            for name in group:
                if not hdf5.is_group(group, name):
                    tensors[f"{prefix}{name}"] = hdf5.read_array(group, name)
                else:
                    pending.append((f"{prefix}{name}/", group[name]))
    return tensors


def read_keras(path):
    """Reads the weights and the configuration of a `.keras` file.

    Args:
        path: Path of the file.

    Returns:
        As of `read_weights`, and the configuration, a dict.

    Raises:
        WeightsError: If the archive is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, path)
        config = json.loads(archive.read("config.json"))
        weights = io.BytesIO(archive.read("model.weights.h5"))
    return read_weights(weights), config


def parts_of(tensors):
    """Names of the networks in a file; `""` is the whole."""
    start = f"{_CONTAINER}/"
    return sorted(
        {
            path[: f"/{path}".index(f"/{start}")].rstrip("/")
            for path in tensors
            if f"/{start}" in f"/{path}"
        }
    )


def select(tensors, part):
    """Returns the weights of one network, without optimizers and the like.

    Args:
        tensors: As of `read_weights`.
        part: Name of the network in the file, `""` for the whole.

    Returns:
        Dict from the path of a weight in its network to its array.
    """
    prefix = f"{part}/" if part else ""
    return {
        path.removeprefix(prefix): array
        for path, array in tensors.items()
        if path.startswith(f"{prefix}{_CONTAINER}/")
        # Positions of random numbers are no weights.
        and "/seed_generator" not in path
    }


def arrange(tensors, config, network):
    """Sorts arrays into layers as Keras would, by class and number.

    Args:
        tensors: As of `select`.
        config: Configuration of the network, or `None`.
        network: Built `keras.Model`.

    Returns:
        List of `LayerWeights`, in the order of `network`.

    Raises:
        WeightsError: If arrays are left over.
    """
    rest = dict(tensors)
    settings = {}
    if config is not None:
        settings = keras_config.settings_by_path(config)
    found = [
        LayerWeights(path, arrays, settings.get(path, {}))
        for path, arrays in _take(rest, network, _CONTAINER)
    ]
    if rest:
        shapes = [f"{path} {array.shape}" for path, array in rest.items()]
        raise WeightsError(
            "the network has other layers, or fewer: left over are "
            f"{', '.join(sorted(shapes)[:4])}"
            f"{' and others' if len(shapes) > 4 else ''}. Layers are known by "
            "their classes"
        )
    return found


def _take(rest, network, prefix):
    """Takes the arrays of each layer out of `rest`, in order."""
    counts, taken = {}, []
    for layer in network.layers:
        path = keras_config.layer_path(type(layer).__name__, counts)
        path = f"{prefix}/{path}"
        if hasattr(layer, "layers"):
            taken += _take(rest, layer, f"{path}/{_CONTAINER}")
        elif isinstance(layer, keras.layers.SpectralNormalization):
            taken.append((path, _take_spectral(rest, path)))
        elif layer.weights:
            taken.append((path, _take_variables(rest, path)))
    return taken


def _take_variables(rest, path):
    start = f"{path}/{_VARIABLES}/"
    positions = {
        int(name.removeprefix(start)): name
        for name in rest
        if name.startswith(start) and name.removeprefix(start).isdecimal()
    }
    return {i: rest.pop(positions[i]) for i in sorted(positions)}


def _take_spectral(rest, path):
    """Of a spectral norm and of the layer that it wraps."""
    own = list(_take_variables(rest, path).values())
    wrapped = _take_variables(rest, f"{path}/layer")
    arrays = dict(zip(("kernel", "bias"), wrapped.values()))
    # tensorflow-addons files the kernel here too, before the vector.
    return arrays | ({"vector_u": own[-1]} if own else {})
