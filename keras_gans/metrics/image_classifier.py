"""A small classifier of images, to judge what a generator draws."""

import keras
import numpy as np
from keras import layers

_LARGEST_SIDE = 64
_BATCH_SIZE = 64


class ImageClassifier:
    """Says of which class an image is, and describes it by features.

    Two strided 5x5 convolutions (three above 32 pixels), a dense layer whose
    128 activations are the features, and logits. It is trained on the real
    labelled images on which a GAN is trained, in seconds, and without a trace
    in the random state of Keras, TensorFlow or NumPy: a training with it and
    one without are the same training.

    Args:
        network: `keras.Model` from images to a dictionary of `features` and
            `logits`; `train` and `load` bring one.
    """

    def __init__(self, network):
        self.network = network

    @classmethod
    def train(cls, images, labels, num_classes, seed=0, epochs=8):
        """Trains a new classifier.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1], the
                sides at most 64.
            labels: Integers `(n,)` in [0, num_classes).
            num_classes: Integer >= 2.
            seed: Integer, of the initial weights, the order and the dropout.
            epochs: Integer >= 1. Defaults to 8.

        Returns:
            An `ImageClassifier`.

        Raises:
            ValueError: If images or labels are of another kind.
        """
        images, labels = np.asarray(images), np.asarray(labels)
        _check(images, labels, num_classes)
        network = _build(images.shape[1:], num_classes, seed)
        trained = keras.Model(network.inputs, network.output["logits"])
        steps = epochs * -(-len(images) // _BATCH_SIZE)
        trained.compile(
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(2e-3, steps)
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            auto_scale_loss=False,
        )
        rng = np.random.default_rng(seed)
        for _ in range(epochs):
            # Keras would shuffle by the global seed.
            order = rng.permutation(len(images))
            trained.fit(
                images[order],
                labels[order],
                batch_size=_BATCH_SIZE,
                shuffle=False,
                verbose=0,
            )
        return cls(network)

    @classmethod
    def load(cls, path):
        """Reads a classifier that `save` wrote to the `.keras` file `path`."""
        return cls(keras.saving.load_model(path))

    def save(self, path):
        """Writes the network to a `.keras` file."""
        self.network.save(path)

    def classify(self, images):
        """Returns the likeliest class of each image, int64 `(n,)`."""
        return self._predict(images)["logits"].argmax(axis=-1)

    def features(self, images):
        """Returns float32 features `(n, 128)`, for Frechet distances."""
        return self._predict(images)["features"]

    def accuracy(self, images, labels):
        """Returns the share of images that are classified as labelled."""
        return float(np.mean(self.classify(images) == np.asarray(labels)))

    def _predict(self, images):
        return self.network.predict(images, batch_size=256, verbose=0)


def _check(images, labels, num_classes):
    if (
        images.ndim != 4
        or images.dtype.kind != "f"
        or max(images.shape[1:3]) > _LARGEST_SIDE
    ):
        raise ValueError(
            "`images` must be floats in [-1, 1], `(n, height, width, "
            f"channels)`, of sides up to {_LARGEST_SIDE}. "
            f"Received: {images.dtype} of shape {images.shape}."
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be one integer for each image. Received: "
            f"{labels.dtype} of shape {labels.shape} for {len(images)} images."
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"`labels` must be in [0, {num_classes}). "
            f"Received: from {labels.min()} to {labels.max()}."
        )


def _build(image_shape, num_classes, seed):
    """Every layer gets a seed and a name: the global counters stay put."""

    def initializer(layer_number):
        return keras.initializers.HeNormal(1000 * seed + layer_number)

    # One yardstick for all runs, whatever precision their networks have.
    dtype = keras.config.floatx()
    images = x = layers.Input(image_shape, name="images")
    num_convolutions = 2 if max(image_shape[:2]) <= 32 else 3
    for i in range(num_convolutions):
        x = layers.Conv2D(
            32 * 2**i,
            5,
            2,
            padding="same",
            kernel_initializer=initializer(i),
            dtype=dtype,
            name=f"conv_{i}",
        )(x)
        x = layers.LeakyReLU(0.1, dtype=dtype, name=f"conv_{i}_relu")(x)
    x = layers.Flatten(dtype=dtype, name="flatten")(x)
    features = layers.Dense(
        128,
        activation="relu",
        kernel_initializer=initializer(num_convolutions),
        dtype=dtype,
        name="features",
    )(x)
    x = layers.Dropout(0.3, seed=seed, dtype=dtype, name="dropout")(features)
    logits = layers.Dense(
        num_classes,
        kernel_initializer=initializer(num_convolutions + 1),
        dtype=dtype,
        name="logits",
    )(x)
    return keras.Model(
        images,
        {"features": features, "logits": logits},
        name="image_classifier",
    )
