"""Reads the files of `torch.save`, without PyTorch."""

import os
import struct
import zipfile

import numpy as np

from keras_gans.compat import torch_pickle
from keras_gans.compat.errors import WeightsError

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001
# A file of weights and of an optimizer has some thousands. A pickle can name
# one list within others as often as it likes, which multiplies.
_MAX_ENTRIES = 1_000_000
_MAX_DEPTH = 8


def read_zip(path):
    """Reads a file of PyTorch 1.6 or later, a zip archive.

    Args:
        path: Path of the file.

    Returns:
        Dict from name to array, in the order of the file. The names of nested
        dictionaries and lists are joined by dots.

    Raises:
        WeightsError: If it is damaged, or holds more than tensors.
    """
    with zipfile.ZipFile(path) as archive:
        check_archive(archive, path)
        folders = [
            name.removesuffix("data.pkl")
            for name in archive.namelist()
            if name.endswith("/data.pkl")
        ]
        if len(folders) != 1:
            raise WeightsError("it holds no pickle of tensors, or several")
        folder = folders[0]
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise WeightsError("its numbers are big-endian, which is not read")
        with archive.open(f"{folder}data.pkl") as file:
            content = torch_pickle.read(file)
        return _resolve(
            content, lambda storage: archive.read(f"{folder}data/{storage.key}")
        )


def check_archive(archive, path):
    """Refuses archives that would grow in memory."""
    entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise WeightsError("it is a compressed zip archive, which is not read")
    if sum(entry.file_size for entry in entries) > os.path.getsize(path):
        raise WeightsError("its entries are larger than the file")


def read_legacy(path):
    """Reads a file of PyTorch before 1.6: pickles, then the numbers.

    Args, returns and raises as `read_zip`.
    """
    with open(path, "rb") as file:
        _check_equal("magic number", torch_pickle.read(file), MAGIC_NUMBER)
        _check_equal("version", torch_pickle.read(file), _PROTOCOL_VERSION)
        system = torch_pickle.read(file)
        if not isinstance(system, dict) or not system.get("little_endian"):
            raise WeightsError("its numbers are big-endian, which is not read")
        content = torch_pickle.read(file)
        keys = torch_pickle.read(file)
        storages = {
            view.storage.key: view.storage for _, view in _views(content)
        }
        if not isinstance(keys, list) or sorted(keys) != sorted(storages):
            raise WeightsError("its list of storages is not its pickle's")
        blocks = {}
        for key in keys:
            storage = storages[key]
            (size,) = struct.unpack("<q", _read_exactly(file, 8))
            _check_equal(f"size of storage {key}", size, storage.size)
            blocks[key] = _read_exactly(file, storage.nbytes)
        if file.read(1):
            raise WeightsError("it goes on behind its last tensor")
    return _resolve(content, lambda storage: blocks[storage.key])


def _read_exactly(file, size):
    remaining = os.fstat(file.fileno()).st_size - file.tell()
    if size > remaining:
        raise WeightsError("it is truncated")
    return file.read(size)


def _check_equal(what, received, expected):
    if received != expected:
        raise WeightsError(f"its {what} must be {expected}, and is {received}")


def _resolve(content, read_bytes):
    """Arrays in the place of views."""
    storages, tensors = {}, {}
    for name, view in _views(content):
        storage = view.storage
        if storage.key not in storages:
            try:
                block = read_bytes(storage)
            except KeyError as error:
                raise WeightsError(f"it lacks the numbers of {name}") from error
            if len(block) != storage.nbytes:
                raise WeightsError(
                    f"the numbers of {name} are fewer or more than it says"
                )
            storages[storage.key] = block
        numbers = np.frombuffer(storages[storage.key], storage.dtype)
        if len(numbers) != storage.size:
            raise WeightsError(f"the numbers of {name} have two kinds")
        if name in tensors:
            raise WeightsError(f"it has two tensors of the name {name}")
        tensors[name] = view.of(numbers)
    return tensors


def _views(content):
    """Pairs of a name and a tensor's view."""
    pairs, pending, num_entries = [], [("", content, 0)], 0
    while pending:
        name, item, depth = pending.pop()
        if isinstance(item, torch_pickle.TensorView):
            pairs.append((name, item))
        elif isinstance(item, dict):
            pending += _children(name, item.items(), depth)
        elif isinstance(item, (list, tuple)):
            pending += _children(name, enumerate(item), depth)
        num_entries += 1
        if max(num_entries, len(pending)) > _MAX_ENTRIES:
            raise WeightsError(f"it has more than {_MAX_ENTRIES:,} entries")
    return pairs


def _children(name, items, depth):
    """What lies in a container, the first one last."""
    if depth == _MAX_DEPTH:
        raise WeightsError(f"its containers are nested over {_MAX_DEPTH} deep")
    start = f"{name}." if name else ""
    return [
        (f"{start}{key}", child, depth + 1) for key, child in reversed([*items])
    ]
