import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.metrics import (
    CallableFeatures,
    ClassifierFeatures,
    EncoderFeatures,
    ImageClassifier,
    InceptionFeatures,
)
from keras_gans.networks import (
    build_convolutional_encoder,
    build_dense_encoder,
)
from tests.metrics.rows_as_images import features, images_of

IMAGES = images_of(5, shape=(8, 8, 1))


@pytest.fixture(scope="module")
def classifier():
    labels = [0, 1, 0, 1, 0]
    return ImageClassifier.train(IMAGES, labels, 2, epochs=1)


def encoder(**arguments):
    return build_convolutional_encoder((8, 8, 1), 3, **arguments)


def test_classifier_gives_its_features(classifier):
    found = ClassifierFeatures(classifier)
    assert (found.name, found.dim, found.resizer) == ("classifier", 128, "none")
    np.testing.assert_allclose(
        found(IMAGES), classifier.features(IMAGES), atol=1e-6
    )


@pytest.mark.parametrize("variational", [False, True])
def test_encoder_gives_its_codes(variational):
    network = encoder(variational=variational)
    codes = network.predict(IMAGES, verbose=0)
    found = EncoderFeatures(network, "digits")
    assert (found.name, found.dim) == ("digits", 3)
    expected = codes["mean"] if variational else codes
    np.testing.assert_allclose(found(IMAGES), expected, atol=1e-6)


def test_codes_of_several_axes_are_flattened():
    inputs = keras.Input((4, 4, 2))
    network = keras.Model(inputs, keras.layers.AveragePooling2D(2)(inputs))
    images = images_of(3, shape=(4, 4, 2))
    found = EncoderFeatures(network)
    np.testing.assert_array_equal(
        found(images), network(images).numpy().reshape(3, 8)
    )


def test_hash_is_of_weights_and_wiring_not_of_names():
    def network(activation="relu", build_before=0):
        for _ in range(build_before):
            keras.layers.Dense(2)
            keras.Input((2,))
        inputs = keras.Input((8, 8, 1))
        x = keras.layers.Flatten()(inputs)
        x = keras.layers.Dense(
            4, activation, kernel_initializer=keras.initializers.Constant(0.1)
        )(x)
        return keras.Model(inputs, x)

    expected = EncoderFeatures(network()).hash
    assert len(expected) == 64
    later = network(build_before=3)
    assert EncoderFeatures(later).hash == expected
    assert EncoderFeatures(network("tanh")).hash != expected
    kernel = later.weights[0]
    kernel.assign(kernel + np.float32(1e-8) * (np.arange(4) == 2))
    changed = EncoderFeatures(later).hash
    assert changed != expected
    assert EncoderFeatures(keras.models.clone_model(later)).hash != changed


@pytest.mark.parametrize(
    "make",
    [
        lambda: build_dense_encoder((8, 8, 1), 3),
        encoder,
    ],
    ids=["dense", "convolutional"],
)
def test_file_brings_back_codes_and_hash(make, tmp_path):
    path = tmp_path / "encoder.keras"
    before = EncoderFeatures(make())
    before.encoder.save(path)
    after = EncoderFeatures.load(path, features_hash=before.hash)
    assert after.hash == before.hash
    np.testing.assert_array_equal(after(IMAGES), before(IMAGES))


def test_wrong_hash_is_refused_with_both(classifier, tmp_path):
    path = tmp_path / "classifier.keras"
    classifier.save(path)
    found = ClassifierFeatures(classifier).hash
    assert ClassifierFeatures.load(path, found).hash == found
    with pytest.raises(ValueError) as error:
        ClassifierFeatures.load(path, features_hash="ab" * 32)
    for part in (str(path), "ab" * 32, found):
        assert part in str(error.value)


def test_callable_sees_arrays_in_graphs_too():
    seen = []

    def mean(images):
        seen.append(type(images))
        return images.mean(axis=(1, 2))

    own = CallableFeatures(mean, "mean", dim=1, hash="v1", resizer="none")
    expected = IMAGES.mean(axis=(1, 2))
    np.testing.assert_array_equal(own(IMAGES), expected)
    np.testing.assert_array_equal(tf.function(own)(IMAGES), expected)
    assert seen == [np.ndarray, np.ndarray]
    assert own(IMAGES).dtype == "float32"


def test_callable_that_is_not_as_it_says():
    with pytest.raises(ValueError, match="`hash` must be a string that is not"):
        features(hash="")
    with pytest.raises(ValueError, match="dim=0"):
        features(dim=0)
    with pytest.raises(
        ValueError, match=r"shape \(n, 6\). Received: shape \(5"
    ):
        features()(IMAGES)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 2, 3, 1), "uint8"), "Received: uint8 of shape"),
        (np.zeros((2, 2, 3), "float32"), r"of shape \(2, 2, 3\)"),
        (np.full((2, 2, 3, 1), 255.0), "Received: from 255 to 255"),
        (np.full((2, 2, 3, 1), np.nan), "must be finite and in"),
    ],
    ids=["integers", "no channels", "0 to 255", "NaN"],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        features()(images)


def test_networks_refuse_other_sizes(classifier):
    own = EncoderFeatures(encoder())
    with pytest.raises(ValueError, match=r"`images` must be \(n, 8, 8, 1\)"):
        own(images_of(2, shape=(8, 8, 3)))
    with pytest.raises(ValueError, match=r"Received: shape \(2, 9, 8, 1\)"):
        ClassifierFeatures(classifier)(images_of(2, shape=(9, 8, 1)))


@pytest.fixture
def asked(monkeypatch):
    """What Keras is asked for; its network is the mean of each channel."""
    asked = []

    def build(**arguments):
        asked.append(arguments)
        inputs = keras.Input(arguments["input_shape"])
        return keras.Model(
            inputs, keras.layers.GlobalAveragePooling2D()(inputs)
        )

    monkeypatch.setattr(keras.applications, "InceptionV3", build)
    return asked


def test_inception_asks_keras_for_its_weights(asked, tmp_path):
    own = InceptionFeatures()
    expected = {
        "include_top": False,
        "weights": "imagenet",
        "input_shape": (299, 299, 3),
        "pooling": "avg",
    }
    assert asked == [expected]
    assert (own.name, own.dim) == ("inception_v3_keras", 3)
    assert own.resizer == "antialiased bicubic to 299x299"
    path = tmp_path / "some.weights.h5"
    with pytest.raises(FileNotFoundError, match="`weights` must be"):
        InceptionFeatures(path)
    path.touch()
    InceptionFeatures(path)
    assert asked[1:] == [{**expected, "weights": str(path)}]


def test_inception_sees_resized_images_of_three_channels(asked, monkeypatch):
    own = InceptionFeatures()
    seen = []
    monkeypatch.setattr(
        own,
        "network",
        lambda images, training: seen.append(images) or images[:, 0, 0],
    )
    # A picture of single black and white lines is grey if it is averaged;
    # every third or fourth line alone would be black or white.
    lines = np.broadcast_to(
        np.where(np.arange(299 * 4) % 2, 1, -1)[:, None, None],
        (1, 299 * 4, 299, 1),
    ).astype("float32")
    own(lines)
    own(lines.repeat(3, axis=-1))
    assert seen[0].shape == (1, 299, 299, 3)
    assert np.max(np.abs(seen[0])) < 0.1
    np.testing.assert_allclose(seen[1], seen[0], atol=1e-6)
    # Edges do not leave the range.
    own(
        np.where(np.arange(64)[:, None, None] < 32, -1, 1)
        * np.ones((1, 1, 9, 1), "float32")
    )
    assert np.max(np.abs(seen[2])) == 1
    with pytest.raises(ValueError, match="1 or 3 channels for InceptionV3"):
        own(images_of(1, shape=(8, 8, 2)))


@pytest.mark.slow
def test_inception_of_a_file(tmp_path):
    path = tmp_path / "notop.weights.h5"
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3)
    )
    network.save_weights(path)
    own = InceptionFeatures(path)
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(f"float32{weight.shape}".encode() + weight.tobytes())
    assert own.hash == digest.hexdigest()
    grey = images_of(1, shape=(40, 30, 1))
    resized = tf.image.resize(grey, (299, 299), "bicubic", antialias=True)
    expected = network(tf.repeat(resized, 3, axis=-1), training=False)
    found = own(grey)
    assert found.shape == (1, 2048) and np.std(found) > 0
    np.testing.assert_allclose(
        found, tf.reduce_mean(expected, axis=(1, 2)), rtol=1e-3, atol=1e-6
    )
    with pytest.raises(ValueError, match=f"but they have '{own.hash}'"):
        InceptionFeatures(path, features_hash="0" * 64)
