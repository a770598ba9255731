"""Features by InceptionV3, as Frechet Inception Distances are measured."""

import pathlib

import keras
import tensorflow as tf

from keras_gans.metrics.image_features import ImageFeatures
from keras_gans.metrics.network_features import check_hash, weights_hash

_SIDE = 299


class InceptionFeatures(ImageFeatures):
    """The 2048 averages behind the last block of Keras's InceptionV3.

    Images are resized to 299x299 by an antialiased bicubic filter, as Parmar
    et al. argue for, and one channel is repeated three times. Published
    distances are of another InceptionV3, of TF-Slim in 2015, with other
    weights: figures of this one are close to no published ones, and the name
    says so. They compare your own models with each other.

    Reference:

    - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    - [Parmar et al., 2022](https://arxiv.org/abs/2104.11222), the resizing

    Args:
        weights: `"imagenet"` (default), which Keras downloads once and keeps
            in its own folder, or the path of a file of weights of
            `keras.applications.InceptionV3(include_top=False)`.
        features_hash: String, what `hash`, the SHA-256 of the weights, must
            be, or `None` for any.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the hash is another one; in a call, if the images have
            neither one channel nor three.
    """

    def __init__(self, weights="imagenet", features_hash=None):
        weights = str(weights)
        if weights != "imagenet" and not pathlib.Path(weights).is_file():
            raise FileNotFoundError(
                '`weights` must be "imagenet" or the path of a file. '
                f"Received: weights={weights!r}."
            )
        self.network = keras.applications.InceptionV3(
            include_top=False,
            weights=weights,
            input_shape=(_SIDE, _SIDE, 3),
            pooling="avg",
        )
        super().__init__(
            name="inception_v3_keras",
            hash=weights_hash(self.network),
            dim=self.network.output_shape[-1],
            resizer=f"antialiased bicubic to {_SIDE}x{_SIDE}",
        )
        check_hash(weights, self.hash, features_hash)

    def compute(self, images):
        channels = images.shape[-1]
        if channels not in (1, 3):
            raise ValueError(
                "`images` must have 1 or 3 channels for InceptionV3. "
                f"Received: shape {tuple(images.shape)}."
            )
        images = tf.image.resize(
            images, (_SIDE, _SIDE), method="bicubic", antialias=True
        )
        # Bicubic weights can be negative: edges overshoot, files do not.
        images = tf.clip_by_value(images, -1.0, 1.0)
        images = tf.repeat(images, 3 // channels, axis=-1)
        return self.network(images, training=False)
