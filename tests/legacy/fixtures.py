"""Reads the fixtures, wherever TensorFlow is of today."""

import json
import pathlib
import tarfile

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "fixtures"


def unpack(name, folder):
    """Unpacks the archive of a network into a folder, and returns the folder.

    Args:
        name: String, such as `"resnet_generator"`.
        folder: Path of a folder.
    """
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def cases(name):
    """The arrays of one case, by what follows its name."""
    with np.load(FOLDER / "cases.npz") as arrays:
        if name in arrays:
            return {"outputs": arrays[name]}
        start = f"{name}/"
        return {
            key.removeprefix(start): arrays[key]
            for key in arrays
            if key.startswith(start)
        }


def configs(name):
    """The configs of one layer or optimizer, as they were saved."""
    return json.loads((FOLDER / "configs.json").read_text())[name]


def names():
    """The public names of tensorflow-addons, as lists by namespace."""
    return json.loads((FOLDER / "names.json").read_text())
