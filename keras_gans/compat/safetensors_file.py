"""Reads and writes `.safetensors` files."""

import pathlib

import ml_dtypes
import numpy as np

from keras_gans.compat.errors import WeightsError

_DTYPES = {
    "BF16": ml_dtypes.bfloat16,
    "BOOL": "?",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "I8": "i1",
    "U8": "u1",
}


def read(path):
    """Reads all tensors of a file.

    Args:
        path: Path of the file.

    Returns:
        Dict from name to array, by the alphabet: files know no other order.

    Raises:
        WeightsError: If the file is damaged or of kinds of numbers that have
            no place in a network.
        ImportError: If the library safetensors is not installed.
    """
    safetensors = _library()
    try:
        entries = safetensors.deserialize(pathlib.Path(path).read_bytes())
    except safetensors.SafetensorError as error:
        raise WeightsError(f"it is truncated or damaged ({error})") from error
    # Sorted, so that errors are the same each time.
    return dict(sorted(map(_array, entries), key=lambda item: item[0]))


def _array(entry):
    name, tensor = entry
    if tensor["dtype"] not in _DTYPES:
        raise WeightsError(
            f"its tensor {name} is of the kind {tensor['dtype']}, which is "
            f"none of {', '.join(_DTYPES)}"
        )
    numbers = np.frombuffer(tensor["data"], _DTYPES[tensor["dtype"]])
    return name, numbers.reshape(tensor["shape"])


def write(path, arrays, metadata):
    """Writes a file, whose name appears when it is whole.

    Args:
        path: Path of the file.
        arrays: Dict from name to array.
        metadata: Dict from string to string.

    Raises:
        OSError: If the disk refuses.
        ImportError: If the library safetensors is not installed.
    """
    library = _library()
    path = pathlib.Path(path)
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        unfinished.write_bytes(library.numpy.save(arrays, metadata))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _library():
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "Files of safetensors need its library: pip install "
            "'keras_gans[weights]'"
        ) from error
    return safetensors
