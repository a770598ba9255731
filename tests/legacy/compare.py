"""Compares fixtures by what they hold: files of equal content differ in bytes.

Runs where the fixtures are made, beside TensorFlow 2.15.
"""

import io
import json
import pathlib
import tarfile
import tempfile
import zipfile

import h5py
import numpy as np
import tensorflow as tf

TOLERANCE = 1e-5


def check_folders(expected, actual):
    """Raises `AssertionError` with all places in which two folders differ."""
    differences = list(_compare(contents(expected), contents(actual)))
    if differences:
        raise AssertionError("\n".join(["These differ:", *differences]))


def contents(folder):
    """All that a folder of fixtures holds, as `{place: array or text}`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            place = str(path.relative_to(folder))
            for key, value in _contents_of_file(path):
                found[f"{place}: {key}"] = value
    return found


def _contents_of_file(path):
    name = path.name
    if name.endswith(".tar.xz"):
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
            yield from contents(pathlib.Path(folder)).items()
    elif name.endswith(".npz"):
        with np.load(path) as arrays:
            yield from arrays.items()
    elif name.endswith(".json"):
        yield "json", json.loads(path.read_text())
    elif name.endswith(".h5"):
        yield from _datasets(path)
    elif name.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            yield "config", json.loads(archive.read("config.json"))
            weights = io.BytesIO(archive.read("model.weights.h5"))
        yield from _datasets(weights)
    elif name.endswith(".index"):
        reader = tf.train.load_checkpoint(str(path.with_suffix("")))
        for key in sorted(reader.get_variable_to_shape_map()):
            if key != "_CHECKPOINTABLE_OBJECT_GRAPH":
                yield key, reader.get_tensor(key)
    else:
        # Graphs and parts of checkpoints: their bytes vary from run to run.
        yield "is there", True


def _datasets(file):
    found = {}
    with h5py.File(file) as opened:
        opened.visititems(
            lambda key, value: (
                found.update({key: value[()]})
                if isinstance(value, h5py.Dataset)
                else None
            )
        )
    return found.items()


def _compare(expected, actual):
    for place in sorted(expected.keys() | actual.keys()):
        if place not in actual:
            yield f"{place}: no longer made"
        elif place not in expected:
            yield f"{place}: not among the fixtures"
        elif not _equal(expected[place], actual[place]):
            yield f"{place}: another value"


def _equal(a, b):
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return a.shape == b.shape and np.allclose(a, b, TOLERANCE, TOLERANCE)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
