"""Opens a file of weights, whatever its kind, which its content tells."""

import collections.abc
import dataclasses
import functools
import pickle
import struct
import zipfile

import h5py

from keras_gans.compat import (
    keras_store,
    legacy_hdf5,
    safetensors_file,
    tf_checkpoint,
    torch_file,
    torch_layers,
)
from keras_gans.compat.errors import WeightsError
from keras_gans.compat.matching import Arrangement

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
# The first pickle of PyTorch's older files: the magic number, and the end.
_LEGACY_TORCH = pickle.dumps(torch_file.MAGIC_NUMBER, protocol=2)
# What readers of zip, HDF5 and JSON raise about damaged files, which no class
# has in common. Those of the system, such as that there is no file, are others.
_DAMAGE = (
    AttributeError,
    EOFError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
_NO_SETTINGS = (
    "the file says nothing of paddings, strides, activations and epsilons: a "
    "probe would"
)


@dataclasses.dataclass(frozen=True)
class WeightsFile:
    """A file whose tensors have been read.

    Attributes:
        format: What kind of file it is.
        tensors: Dict from name to array, in the file's own layout.
        arrange: Function of a network, to an `Arrangement`.
        notes: List of sentences about the file.
    """

    format: str
    tensors: dict
    arrange: collections.abc.Callable
    notes: list


def open_weights(path, part=None):
    """Reads all tensors of a file.

    Args:
        path: `pathlib.Path` of the file or folder, or of a checkpoint without
            `.index`.
        part: Name of one of several networks in the file, or `None`.

    Returns:
        A `WeightsFile`.

    Raises:
        WeightsError: If the file is damaged, unsafe or of no known kind.
        FileNotFoundError: If there is none.
    """
    checkpoint = tf_checkpoint.find(path)
    try:
        if checkpoint is not None:
            return _open_checkpoint(checkpoint, part, path.is_dir())
        if path.is_dir():
            raise WeightsError(
                "it is a folder with neither checkpoint nor SavedModel"
            )
        return _open_file(path, part)
    except WeightsError:
        raise
    except _DAMAGE as error:
        raise WeightsError(f"it is truncated or damaged ({error})") from error


def _open_file(path, part):
    with open(path, "rb") as file:
        start = file.read(len(_LEGACY_TORCH))
    if start.startswith(_HDF5):
        return _open_hdf5(path, part)
    if start.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if "model.weights.h5" in names:
            return _open_keras(path, part)
        tensors = torch_file.read_zip(path)
        return _open_torch("PyTorch", tensors, part)
    if start == _LEGACY_TORCH:
        tensors = torch_file.read_legacy(path)
        return _open_torch("PyTorch before 1.6", tensors, part)
    if start[8:9] == b"{":
        tensors = safetensors_file.read(path)
        return _open_torch("safetensors", tensors, part)
    raise WeightsError(
        "it must be a whole file of torch.save or safetensors, a .keras, "
        ".weights.h5 or .h5 file, a checkpoint of TensorFlow or a SavedModel "
        f"folder, and begins with {start[:8]!r}"
    )


def _open_torch(name, tensors, part):
    if not tensors:
        raise WeightsError("it holds no tensors")
    tensors = torch_layers.select(tensors, part)
    return WeightsFile(
        name, tensors, functools.partial(torch_layers.arrange, tensors), []
    )


def _open_hdf5(path, part):
    try:
        with h5py.File(path) as file:
            is_legacy = legacy_hdf5.is_legacy(file)
        if not is_legacy:
            tensors = keras_store.read_weights(path)
            return _open_store(".weights.h5 of Keras", tensors, None, part)
        layers, has_config = legacy_hdf5.read(path)
    except OSError as error:  # The file is there: it has been sniffed at.
        raise WeightsError(f"it is truncated or damaged ({error})") from error
    _check_part(part, [""])
    tensors = {
        f"{layer.name}/{name}": array
        for layer in layers
        for name, array in layer.arrays.items()
    }
    kind = "whole model" if has_config else "weights"
    return WeightsFile(
        f".h5 of Keras, {kind}",
        tensors,
        lambda network: Arrangement(layers),
        [] if has_config else [_NO_SETTINGS],
    )


def _open_keras(path, part):
    try:
        tensors, config = keras_store.read_keras(path)
    except OSError as error:  # Of h5py, as above.
        raise WeightsError(f"it is truncated or damaged ({error})") from error
    return _open_store(".keras", tensors, config, part)


def _open_store(name, tensors, config, part):
    part = _check_part(part, keras_store.parts_of(tensors))
    tensors = keras_store.select(tensors, part)
    # That of one network within a model of ours lies elsewhere in it.
    config = None if part else config
    return WeightsFile(
        name,
        tensors,
        lambda network: Arrangement(
            keras_store.arrange(tensors, config, network)
        ),
        [_NO_SETTINGS] if config is None else [],
    )


def _open_checkpoint(path, part, is_folder):
    tensors = tf_checkpoint.read(path)
    part = _check_part(part, tf_checkpoint.parts_of(tensors))
    layers = tf_checkpoint.arrange(tensors, part)
    is_saved_model = is_folder and path.name == "variables"
    return WeightsFile(
        "SavedModel" if is_saved_model else "checkpoint of TensorFlow",
        {
            f"{layer.name}/{name}": array
            for layer in layers
            for name, array in layer.arrays.items()
        },
        lambda network: Arrangement(layers),
        [_NO_SETTINGS],
    )


def _check_part(part, parts):
    """Returns the name of the network that is meant."""
    if not parts:
        raise WeightsError(
            "it holds no layers of a functional network of Keras"
        )
    if part is None and len(parts) == 1:
        return parts[0]
    named = ", ".join(repr(name) for name in parts if name)
    if part is None:
        raise WeightsError(
            "it holds several networks. Give the `part` to read, one of "
            f"{named}"
        )
    if part not in parts:
        raise WeightsError(
            f"it holds no part {part!r}, but {named or 'one network alone'}"
        )
    return part
