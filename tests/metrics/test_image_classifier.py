import random
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans import data
from keras_gans.metrics import ImageClassifier


def halves(count=128, seed=0, side=8):
    """Noise, brighter above (0), below (1) or nowhere (2)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = rng.normal(-0.5, 0.2, (count, side, side, 1))
    images[labels == 0, : side // 2] += 0.8
    images[labels == 1, side // 2 :] += 0.8
    return images.astype("float32"), labels


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier.train(*halves(), 3)


def test_learns_what_it_has_not_seen(classifier):
    images, labels = halves(60, seed=1)
    assert classifier.accuracy(images, labels) > 0.95
    # Turned over, above and below are each other.
    expected = np.array([1, 0, 2])[labels]
    assert classifier.accuracy(images[:, ::-1], expected) > 0.95
    assert classifier.accuracy(images[:, ::-1], labels) < 0.4


def test_accuracy_is_the_share_of_equal_classes(classifier):
    images, labels = halves(60, seed=1)
    classes = classifier.classify(images)
    assert classes.shape == (60,) and classes.dtype.kind == "i"
    wrong = np.where(np.arange(60) < 15, (classes + 1) % 3, classes)
    assert classifier.accuracy(images, wrong) == 0.75


def test_features_lie_together_by_class(classifier):
    images, labels = halves(60, seed=1)
    features = classifier.features(images)
    assert features.shape == (60, 128) and features.dtype == "float32"
    centers = np.stack([features[labels == i].mean(axis=0) for i in range(3)])
    gaps = np.linalg.norm(features[:, None] - centers, axis=-1)
    assert np.mean(gaps.argmin(axis=1) == labels) > 0.95


def test_file_brings_it_back(classifier, tmp_path):
    path = tmp_path / "classifier.keras"
    classifier.save(path)
    revived = ImageClassifier.load(path)
    images, _ = halves(60, seed=1)
    np.testing.assert_array_equal(
        revived.features(images), classifier.features(images)
    )
    np.testing.assert_array_equal(
        revived.classify(images), classifier.classify(images)
    )


def test_training_leaves_no_trace_in_any_random_state():
    def draws(between=lambda: None):
        keras.utils.set_random_seed(7)
        between()
        return [
            keras.random.normal((3,)).numpy().tolist(),
            tf.random.normal((3,)).numpy().tolist(),
            np.random.normal(size=3).tolist(),
            random.random(),
            keras.layers.Dense(2)(np.ones((1, 2))).numpy().tolist(),
            keras.layers.Dropout(0.5)(np.ones((1, 9)), training=True)
            .numpy()
            .tolist(),
        ]

    def train():
        ImageClassifier.train(*halves(64), 3, epochs=1)

    # Negative control: what Keras seeds by itself is seen here.
    assert draws(lambda: keras.layers.Dense(2).build((1, 2))) != draws()
    assert draws(train) == draws()


def test_seed_decides():
    def weights(seed):
        trained = ImageClassifier.train(*halves(64), 3, seed, epochs=1)
        return np.concatenate(
            [w.ravel() for w in trained.network.get_weights()]
        )

    keras.utils.set_random_seed(1)
    first = weights(0)
    keras.utils.set_random_seed(2)
    np.testing.assert_allclose(weights(0), first, atol=1e-5)
    assert np.max(np.abs(weights(1) - first)) > 0.01


def test_precision_of_other_networks_does_not_matter(classifier):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        other = ImageClassifier.train(*halves(), 3)
    finally:
        keras.config.set_dtype_policy(before)
    for weight, expected in zip(
        other.network.weights, classifier.network.weights
    ):
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_images_of_64_pixels_and_any_shape():
    images = np.zeros((4, 64, 48, 3), "float32")
    classifier = ImageClassifier.train(images, [0, 1, 0, 1], 2, epochs=1)
    assert classifier.features(images).shape == (4, 128)


def test_knows_clothes():
    """A short training; the ten classes are equally frequent."""
    (images, labels), (test_images, test_labels) = data.load_fashion_mnist()
    images = data.to_float(images[::3])[..., None]
    classifier = ImageClassifier.train(images, labels[::3], 10, epochs=4)
    test_images = data.to_float(test_images)[..., None]
    assert classifier.accuracy(test_images, test_labels) > 0.75


def test_refuses_other_images_and_labels():
    images, labels = halves(8)
    message = (
        "`images` must be floats in [-1, 1], `(n, height, width, channels)`, "
        "of sides up to 64. Received: uint8 of shape (8, 8, 8, 1)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ImageClassifier.train(images.astype("uint8"), labels, 3)
    with pytest.raises(ValueError, match=r"of shape \(8, 8, 8\)"):
        ImageClassifier.train(images[..., 0], labels, 3)
    with pytest.raises(ValueError, match="up to 64"):
        ImageClassifier.train(*halves(3, side=65), 3)
    with pytest.raises(ValueError, match=r"shape \(7,\) for 8 images"):
        ImageClassifier.train(images, labels[:7], 3)
    with pytest.raises(ValueError, match=r"in \[0, 2\). Received: from 0 to 2"):
        ImageClassifier.train(images, labels, 2)
