"""Features by networks that were trained on the user's own images."""

import hashlib
import json

import keras
import numpy as np

from keras_gans.metrics.image_classifier import ImageClassifier
from keras_gans.metrics.image_features import ImageFeatures


class ClassifierFeatures(ImageFeatures):
    """The 128 activations of a small classifier of the user's own classes.

    For images unlike photographs, of which there are labels: clothes, digits,
    emoji. Figures compare runs whose `hash` is the same.

    Args:
        classifier: `ImageClassifier`, trained on real images.
    """

    def __init__(self, classifier):
        network = classifier.network
        super().__init__(
            name="classifier",
            hash=network_hash(network),
            dim=network.output["features"].shape[-1],
        )
        self.classifier = classifier

    @classmethod
    def load(cls, path, features_hash=None):
        """Reads a classifier from a file.

        Args:
            path: Of a `.keras` file that `ImageClassifier.save` wrote.
            features_hash: String, what `hash` must be, or `None` for any.

        Raises:
            ValueError: If the hash is another one.
        """
        features = cls(ImageClassifier.load(path))
        check_hash(path, features.hash, features_hash)
        return features

    def compute(self, images):
        network = self.classifier.network
        _check_size(images, network)
        return network(images, training=False)["features"]


class EncoderFeatures(ImageFeatures):
    """The codes of a trained autoencoder: features that need no labels.

    Of a variational encoder they are the means.

    Args:
        encoder: Functional `keras.Model` from images to codes, or to a
            dictionary with the codes as `mean`. Codes of more than one axis
            are flattened.
        name: String, the features' name in protocols. Defaults to
            `"encoder"`.
    """

    def __init__(self, encoder, name="encoder"):
        codes = _codes(encoder.output)
        dim = int(np.prod(codes.shape[1:]))
        super().__init__(name, network_hash(encoder), dim)
        self.encoder = encoder

    @classmethod
    def load(cls, path, name="encoder", features_hash=None):
        """Reads an encoder from a file.

        Args:
            path: Of a `.keras` file that the encoder's `save` wrote.
            name: String, the features' name in protocols.
            features_hash: String, what `hash` must be, or `None` for any.

        Raises:
            ValueError: If the hash is another one.
        """
        features = cls(keras.saving.load_model(path, compile=False), name)
        check_hash(path, features.hash, features_hash)
        return features

    def compute(self, images):
        _check_size(images, self.encoder)
        codes = _codes(self.encoder(images, training=False))
        return keras.ops.reshape(codes, (-1, self.dim))


def network_hash(network):
    """SHA-256 of how a functional network is wired, and of its weights.

    Names do not count: Keras numbers layers through, so that a network gets
    other names when it is built again.

    Args:
        network: Functional `keras.Model`.

    Returns:
        A string of 64 hexadecimal digits.
    """
    config = json.dumps(network.get_config(), sort_keys=True, default=str)
    names = [network.name, *(layer.name for layer in network._flatten_layers())]
    for i, name in enumerate(dict.fromkeys(names)):
        config = config.replace(json.dumps(name), f'"{i}"')
    digest = hashlib.sha256(config.encode())
    digest.update(weights_hash(network).encode())
    return digest.hexdigest()


def weights_hash(network):
    """SHA-256 of the weights of a network, in their order."""
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(f"{weight.dtype}{weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def check_hash(path, found, expected):
    """Refuses features of another hash than was `expected`, if any was."""
    if expected is not None and found != expected:
        raise ValueError(
            f"The features of {path} must have the hash that "
            f"`features_hash` says, or figures cannot be compared. "
            f"Received: features_hash={expected!r}, but they have {found!r}."
        )


def _codes(output):
    return output["mean"] if isinstance(output, dict) else output


def _check_size(images, network):
    expected = network.input_shape[1:]
    if any(
        size not in (None, own) for size, own in zip(expected, images.shape[1:])
    ):
        raise ValueError(
            f"`images` must be (n, {', '.join(map(str, expected))}) for "
            f"{network.name!r}. Received: shape {tuple(images.shape)}."
        )
