"""Reads the checkpoints of TensorFlow: layers by their number in a network."""

import pathlib
import re

import numpy as np
import tensorflow as tf

from keras_gans.compat.errors import WeightsError
from keras_gans.compat.matching import LayerWeights

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_SLOT = "/.OPTIMIZER_SLOT"
_LAYER = "layer_with_weights-"


def find(path):
    """The checkpoint that a path means, without `.index`, or `None`.

    Args:
        path: `pathlib.Path` of a checkpoint, of its index, of a folder of
            checkpoints or of a SavedModel.
    """
    if (path / "saved_model.pb").exists():
        path = path / "variables" / "variables"
    elif path.is_dir():
        state = path / "checkpoint"
        if not state.exists():
            return None
        # Only the name: a path in there may lead anywhere.
        name = re.search(r'model_checkpoint_path: "([^"]+)"', state.read_text())
        if name is None:
            return None
        path = path / pathlib.PurePath(name[1]).name
    elif path.suffix == ".index":
        path = path.with_suffix("")
    index = path.with_name(f"{path.name}.index")
    return path if index.is_file() else None


def read(path):
    """Reads the variables of all networks in a checkpoint.

    Args:
        path: `pathlib.Path` of the checkpoint, without `.index`.

    Returns:
        Dict from the place of a variable in its network, such as
        `"generator/layer_with_weights-0/kernel"`, to its array.

    Raises:
        WeightsError: If the checkpoint is damaged.
    """
    try:
        reader = tf.train.load_checkpoint(str(path))
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
        keys = [
            key for key in shapes if key.endswith(_VALUE) and _SLOT not in key
        ]
        _check_size(path, [(shapes[key], dtypes[key]) for key in keys])
        return {
            key.removesuffix(_VALUE): reader.get_tensor(key) for key in keys
        }
    # TensorFlow raises all kinds about damaged files.
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise WeightsError(f"it is truncated or damaged ({error})") from error


def _check_size(path, entries):
    """Refuses shapes that are larger than the files."""
    wanted = sum(
        np.prod(shape, dtype=object) * dtype.size for shape, dtype in entries
    )
    shards = path.parent.glob(f"{path.name}.data-*")
    if wanted > sum(shard.stat().st_size for shard in shards):
        raise WeightsError("it is truncated: its variables exceed its files")


def parts_of(tensors):
    """Names of the networks in a checkpoint; `""` is the whole."""
    return sorted(
        {
            path[: path.index(_LAYER)].rstrip("/")
            for path in tensors
            if _LAYER in path
        }
    )


def arrange(tensors, part):
    """Returns a list of `LayerWeights` in the order of the network.

    Args:
        tensors: As of `read`.
        part: Name of the network, `""` for the whole.

    Raises:
        WeightsError: If it has variables that are not of its layers.
    """
    prefix = f"{part}/" if part else ""
    layers = {}
    for path, array in tensors.items():
        if not path.startswith(prefix):
            continue
        inner = path.removeprefix(prefix)
        if not inner.startswith(_LAYER):
            if inner.startswith("variables/"):
                raise WeightsError(
                    f"its {path} {array.shape} belongs to no layer that would "
                    "be known. Import another file of this network, such as "
                    "its .h5"
                )
            continue  # Of optimizers and counters.
        numbers = tuple(map(int, re.findall(rf"{_LAYER}(\d+)/", inner)))
        weight = inner.rpartition("/")[2]
        name = path[: path.rindex(_LAYER)] + f"{_LAYER}{numbers[-1]}"
        arrays = layers.setdefault(numbers, (name, {}))[1]
        if weight in arrays:
            raise WeightsError(f"its {name} has {weight} twice")
        arrays[weight] = array
    return [LayerWeights(*layers[numbers]) for numbers in sorted(layers)]
