"""Reads the arrays of HDF5 files, which others wrote."""

import h5py

from keras_gans.compat.errors import WeightsError


def is_group(group, name):
    """Whether something is a group within `group`, and not a link away."""
    link = group.get(name, getlink=True)
    return isinstance(link, h5py.HardLink) and isinstance(
        group[name], h5py.Group
    )


def read_array(group, name):
    """Reads one array of a group.

    Args:
        group: `h5py.Group`.
        name: String, may hold slashes.

    Raises:
        WeightsError: If there is none, or not within the file.
    """
    for word in (words := name.split("/"))[:-1]:
        if not is_group(group, word):
            raise WeightsError(f"it lacks {name}")
        group = group[word]
    link = group.get(words[-1], getlink=True)
    if link is None:
        raise WeightsError(f"it lacks {name}")
    # Links and external storage read other files of this machine.
    if not isinstance(link, h5py.HardLink):
        raise WeightsError(f"its {name} is a link, which is not followed")
    array = group[words[-1]]
    if not isinstance(array, h5py.Dataset):
        raise WeightsError(f"its {name} is no array")
    if array.external or array.is_virtual:
        raise WeightsError(f"its {name} lies in another file")
    # What is compressed, or was never written, can be larger than any memory.
    if array.id.get_storage_size() != array.size * array.dtype.itemsize:
        raise WeightsError(f"its {name} is compressed or incomplete")
    return array[()]
