"""What all processes of a row start from: weights, pools and batches.

Arrays are Keras's: channels last. Nothing but NumPy is imported.
"""

import numpy as np

_BATCHES = "batches.npz"


def write_weights(folder, name, layers):
    """Writes a network's weights.

    Args:
        folder: `pathlib.Path`.
        name: The network's name in its model.
        layers: List of dicts of arrays, of `peers.arrays_of`.
    """
    np.savez(
        folder / f"{name}.npz",
        **{
            f"{i}/{kind}": array
            for i, arrays in enumerate(layers)
            for kind, array in arrays.items()
        },
    )


def read_weights(folder, name):
    """Returns what `write_weights` was given."""
    layers = []
    with np.load(folder / f"{name}.npz") as arrays:
        for key, array in arrays.items():
            i, _, kind = key.partition("/")
            if int(i) == len(layers):
                layers.append({})
            layers[int(i)][kind] = array
    return layers


def write_batches(folder, arrays):
    """Writes batches: one array `(batches, batch, ...)` per part of them."""
    np.savez(folder / _BATCHES, *arrays)


def read_batches(folder):
    """Returns what `write_batches` was given."""
    with np.load(folder / _BATCHES) as arrays:
        return list(arrays.values())


def write_pool(folder, name, images):
    """Writes past fakes `(pool size, height, width, channels)`."""
    np.save(folder / f"{name}.npy", images)


def read_pool(folder, name):
    """Returns what `write_pool` was given."""
    return np.load(folder / f"{name}.npy")
