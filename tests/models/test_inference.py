import re
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans import InstanceNormalization, build_unet_generator
from keras_gans.models import inference_view
from keras_gans.models.inference import seed_dropout
from tests.models import tiny
from tests.networks import torch_parity


def unet(dropout=0.5, **kwargs):
    """A small U-Net as after some training; three norms, two dropouts."""
    generator = build_unet_generator((8, 8, 3), 2, 8, dropout=dropout, **kwargs)
    torch_parity.randomize(generator)
    for weight in generator.weights:
        if weight.name == "kernel":
            weight.assign(5 * weight)
    return generator


def one_by_one(network, images, **kwargs):
    return np.concatenate(
        [np.array(network(image[None], **kwargs)) for image in images]
    )


def test_instance_mode_is_training_with_one_image():
    network = unet(dropout=0.0)
    images = tiny.images(3)
    view = inference_view(network, "instance")
    twin = unet(dropout=0.0)  # Which may move its statistics.
    expected = one_by_one(twin, images, training=True)
    np.testing.assert_allclose(view(images), expected, atol=1e-5)
    # The two other modes that Keras offers are something else.
    for other in (
        network(images, training=False),
        twin(images, training=True),
    ):
        assert np.max(np.abs(np.array(other) - expected)) > 0.01


def test_batch_mode_is_training_with_the_whole_batch():
    network = unet(dropout=0.0)
    images = tiny.images(3)
    view = inference_view(network, "batch")
    expected = np.array(unet(dropout=0.0)(images, training=True))
    np.testing.assert_allclose(view(images), expected, atol=1e-5)
    # Alone, an image is its own batch.
    np.testing.assert_allclose(
        one_by_one(view, images),
        inference_view(network, "instance")(images),
        atol=1e-6,
    )
    assert np.max(np.abs(one_by_one(view, images) - expected)) > 0.01


def test_instance_mode_does_not_mix_images():
    view = inference_view(unet())
    images = tiny.images(3)
    np.testing.assert_allclose(
        view(images), one_by_one(view, images), atol=1e-6
    )


def test_running_mode_is_the_network_itself():
    network = unet()
    assert inference_view(network, "running") is network
    without_norms = unet(dropout=0.0, normalization="none")
    assert inference_view(without_norms, "batch") is without_norms
    assert inference_view(without_norms, "batch", True) is without_norms


def test_running_mode_with_dropout_keeps_the_running_statistics():
    network = unet()
    images = tiny.images(2)
    view = inference_view(network, "running", dropout=True)
    assert np.max(np.abs(np.array(view(images)) - network(images))) > 1e-3
    # A drop rate of zero leaves nothing but the norms.
    for layer in view.layers:
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    np.testing.assert_array_equal(view(images), network(images))


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("norm_mode", ["instance", "batch", "running"])
def test_nothing_of_the_network_moves(norm_mode, dropout):
    network = unet()
    view = inference_view(network, norm_mode, dropout)
    before = tiny.arrays(network.variables)  # Seeds of its dropout included.
    assert len(before) > len(network.weights)
    for training in (None, False):
        view(tiny.images(2), training=training)
    view.predict(tiny.images(2), verbose=0)
    for value, expected in zip(
        tiny.arrays(network.variables), before, strict=True
    ):
        np.testing.assert_array_equal(value, expected)


def test_view_follows_the_training_of_the_network():
    network = unet()
    view = inference_view(network)
    images = tiny.images(2)
    for weight in network.trainable_variables:
        before = np.array(view(images))
        weight.assign(-weight)
        difference = np.max(np.abs(np.array(view(images)) - before))
        assert difference > 1e-4, weight.path
    ids = {id(weight) for weight in network.weights}
    assert all(id(weight) in ids for weight in view.weights)


def dropout_alone(rate=0.25):
    images = layers.Input((16, 16, 4))
    return keras.Model(images, layers.Dropout(rate)(images))


def test_dropout_is_on_outside_of_training():
    view = inference_view(dropout_alone(), dropout=True)
    outputs = np.array(view(np.ones((8, 16, 16, 4)), training=False))
    # Zeros, or what makes up for them; 5 deviations of a binomial share.
    kept = outputs != 0
    np.testing.assert_allclose(outputs[kept], 1 / 0.75, rtol=1e-6)
    assert abs(kept.mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / kept.size)


def test_seed_fixes_the_dropout():
    ones = np.ones((2, 16, 16, 4))
    network = dropout_alone()
    view, twin, other = (
        inference_view(network, dropout=True, seed=seed) for seed in (3, 3, 4)
    )
    first, second = np.array(view(ones)), np.array(view(ones))
    assert np.any(first != second)
    np.testing.assert_array_equal(twin(ones), first)
    assert np.any(np.array(other(ones)) != first)
    seed_dropout(view, 3)
    np.testing.assert_array_equal(view(ones), first)
    np.testing.assert_array_equal(view(ones), second)


def test_fixed_dropout_is_one_mask_for_all_images():
    network = dropout_alone()
    view, twin, other = (
        inference_view(network, dropout="fixed", seed=seed)
        for seed in (3, 3, 4)
    )
    ones = np.ones((4, 16, 16, 4), "float32")
    outputs = np.array(view(ones))
    np.testing.assert_array_equal(outputs, outputs[:1].repeat(4, axis=0))
    np.testing.assert_array_equal(view(ones), outputs)
    np.testing.assert_array_equal(twin(ones), outputs)
    assert np.any(np.array(other(ones)) != outputs)
    # Zeros, or what makes up for them; 5 deviations of a binomial share.
    kept = outputs[0] != 0
    np.testing.assert_allclose(outputs[0][kept], 1 / 0.75, rtol=1e-6)
    assert abs(kept.mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / kept.size)


def test_fixed_dropout_needs_a_size():
    images = layers.Input((None, 16, 4))
    network = keras.Model(images, layers.Dropout(0.5)(images))
    with pytest.raises(ValueError, match="needs images of one size"):
        inference_view(network, dropout="fixed")


def test_dropout_of_two_layers_differs():
    images = layers.Input((16, 16, 4))
    parts = [layers.Dropout(0.5)(images) for _ in range(2)]
    for dropout in (True, "fixed"):
        network = keras.Model(images, parts)
        view = inference_view(network, dropout=dropout, seed=0)
        first, second = view(np.ones((1, 16, 16, 4)))
        assert np.any(np.array(first) != np.array(second))


@pytest.mark.parametrize("dropout", [False, True, "fixed"])
def test_saved_view_stands_alone(dropout, tmp_path):
    network = unet()
    view = inference_view(network, dropout=dropout, seed=0)
    view.save(tmp_path / "view.keras")
    images = tiny.images(2)
    seed_dropout(view, 5)
    expected = np.array(view(images))
    for weight in network.weights:
        weight.assign(weight + 1)
    revived = keras.saving.load_model(tmp_path / "view.keras")
    seed_dropout(revived, 5)
    np.testing.assert_array_equal(revived(images), expected)
    assert (revived.name, revived.input.name) == ("generator", "images")
    with zipfile.ZipFile(tmp_path / "view.keras") as archive:
        config = archive.read("config.json").decode()
    assert "BatchNormalization" not in config


def test_copy_of_a_view():
    view = inference_view(unet())
    copy = keras.models.clone_model(view)
    copy.set_weights(view.get_weights())
    images = tiny.images(2)
    np.testing.assert_array_equal(copy(images), view(images))


@pytest.mark.parametrize("as_sequential", [False, True])
def test_nested_and_sequential_networks(as_sequential):
    inner = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(scale=False),
        ]
    )
    network = inner
    if not as_sequential:
        images = layers.Input((8, 8, 3), name="images")
        network = keras.Model(
            images, layers.BatchNormalization(center=False)(inner(images))
        )
    view = inference_view(network)
    images = tiny.images(3)
    before = tiny.arrays(network.weights)
    outputs = np.array(view(images))
    for value, expected in zip(tiny.arrays(network.weights), before):
        np.testing.assert_array_equal(value, expected)
    np.testing.assert_allclose(
        outputs, one_by_one(network, images, training=True), atol=1e-5
    )


def test_norms_keep_their_settings():
    images = layers.Input((4, 4, 2))
    network = keras.Model(
        images,
        layers.BatchNormalization(
            epsilon=0.5, center=False, dtype="float64", name="mine"
        )(images),
    )
    (norm,) = (
        layer
        for layer in inference_view(network).layers
        if isinstance(layer, InstanceNormalization)
    )
    assert (norm.name, norm.epsilon) == ("mine", 0.5)
    assert (norm.center, norm.scale) == (False, True)
    assert norm.compute_dtype == "float64"


def test_unknown_mode_is_refused():
    message = (
        "`norm_mode` must be one of ['instance', 'batch', 'running']. "
        "Received: norm_mode='group'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        inference_view(unet(), "group")
    with pytest.raises(ValueError, match="^`dropout` must be one of"):
        inference_view(unet(), dropout="frozen")
