"""Features that are the pixels themselves, so that sets can be made."""

import numpy as np

from keras_gans.metrics import CallableFeatures


def features(dim=6, hash="pixels"):
    return CallableFeatures(
        lambda images: images.reshape(len(images), -1), "pixels", dim, hash
    )


def images_of(count, seed=0, scale=0.2, shift=0.0, shape=(2, 3, 1)):
    """Images of correlated pixels, in [-1, 1]."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    mixing = np.random.default_rng(7).normal(size=(size, size))
    rows = rng.normal(size=(count, size)) @ mixing * scale / size + shift
    return np.clip(rows, -1, 1).astype("float32").reshape(count, *shape)


def rows(images):
    return np.float64(images).reshape(len(images), -1)
