"""Networks and pictures for tests of prediction."""

import numpy as np

from keras_gans import build_resnet_generator, data
from tests.networks import torch_parity


def resnet(size=(16, 16), normalization="instance", **kwargs):
    """A small generator as after some training; it sees 25 pixels far."""
    network = build_resnet_generator(
        (*size, 3), None, 4, 1, normalization, affine=True, **kwargs
    )
    torch_parity.randomize(network)
    for weight in network.weights:
        if weight.name == "kernel":
            weight.assign(10 * weight)
    return network


def resized(network, build, size):
    """The network that `build` makes for another size, of equal weights."""
    other = build(size)
    other.set_weights(network.get_weights())
    return other


def emoji(height, width):
    """Emoji side by side, of less and less contrast to the bottom right."""
    pictures = data.load_emoji_pairs()["a_train"]
    rows, columns = -(-height // 64), -(-width // 64)
    chosen = pictures[np.arange(rows * columns) % len(pictures)]
    grid = chosen.reshape(rows, columns, 64, 64, 3).swapaxes(1, 2)
    image = data.to_float(grid.reshape(rows * 64, columns * 64, 3))
    image = image[:height, :width]
    far = np.add.outer(np.arange(height) / height, np.arange(width) / width)
    return (image * (1 - 0.4 * far[..., None])).astype("float32")
