import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import ReflectionPadding2D, build_unet_generator
from keras_gans.prediction.network_steps import NetworkSteps
from keras_gans.prediction.sides import Sides
from tests.prediction.examples import resnet


def call(step, *args, **kwargs):
    return step.layer(*args, **kwargs)


def unet(side=16, **kwargs):
    return build_unet_generator((side, side, 3), None, 2, **kwargs)


def of_layers(*stack):
    return keras.Sequential([layers.Input((12, 12, 3)), *stack])


@pytest.mark.parametrize("stops", [(), (1,), (3, 9, 20)], ids=str)
@pytest.mark.parametrize("build", [resnet, unet])
def test_parts_one_after_the_other_are_the_network(build, stops):
    network = build()
    steps = NetworkSteps(network)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3))
    values = [images.astype("float32")]
    borders = [0, *stops, len(steps)]
    for start, stop in zip(borders, borders[1:]):
        values = steps.run(start, stop, values, call)
    [outputs] = values
    np.testing.assert_allclose(outputs, network(images), atol=1e-5)


def test_size_of_the_network_does_not_bind():
    steps = NetworkSteps(resnet((16, 16)))
    images = np.zeros((1, 8, 40, 3), "float32")
    [outputs] = steps.run(0, len(steps), [images], call)
    assert outputs.shape == (1, 8, 40, 3)


def test_layers_are_those_of_the_network():
    network = resnet()
    shared = {id(step.layer) for step in NetworkSteps(network)}
    # All but the input.
    assert shared == {id(layer) for layer in network.layers[1:]}


@pytest.mark.parametrize(
    ("network", "multiple", "least"),
    [
        # One pixel of padding at a quarter of the size needs two pixels.
        (resnet(), 4, 8),
        (resnet(upsampling="pixel_shuffle"), 4, 8),
        (unet(16), 16, 16),
        (unet(64), 64, 64),
        (unet(64, num_levels=3), 8, 8),
        (of_layers(layers.Conv2D(3, 7, padding="same")), 1, 1),
        (of_layers(layers.ZeroPadding2D(1), layers.Conv2D(3, 3)), 1, 1),
        (of_layers(layers.Conv2D(3, 3, 3), layers.UpSampling2D(3)), 3, 3),
        (
            of_layers(ReflectionPadding2D((1, 3)), layers.Conv2D(3, (3, 7))),
            1,
            4,
        ),
    ],
    ids=["resnet", "shuffle", "16", "64", "3", "same", "zero", "x3", "mirror"],
)
def test_sides(network, multiple, least):
    assert NetworkSteps(network).sides == Sides(multiple, least)


@pytest.mark.parametrize(("side", "fits"), [(4, False), (8, True), (10, False)])
def test_no_other_sides_work(side, fits):
    images = [np.zeros((1, side, side, 3), "float32")]
    steps = NetworkSteps(resnet())
    try:
        [outputs] = steps.run(0, len(steps), images, call)
    except tf.errors.InvalidArgumentError:
        assert not fits
    else:
        assert (outputs.shape == images[0].shape) == fits


def test_pooling_to_one_pixel_takes_any_size():
    images = layers.Input((12, 12, 3))
    weights = layers.GlobalAveragePooling2D(keepdims=True)(images)
    network = keras.Model(images, layers.Multiply()([images, weights]))
    assert NetworkSteps(network).sides == Sides(1, 1)


def test_live_values_of_a_shortcut():
    images = layers.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, 2, padding="same")(images)
    y = layers.Conv2D(6, 3, padding="same")(x)
    x = layers.Add()([x, y])
    network = keras.Model(images, layers.Conv2DTranspose(3, 2, 2)(x))
    steps = NetworkSteps(network)
    # Images of 3; a quarter of 6; the same twice; a quarter of 6; 3.
    assert [steps.values_per_pixel(i) for i in range(5)] == [3, 1.5, 3, 1.5, 3]


def test_operations_and_shared_layers_are_steps_too():
    images = layers.Input((8, 8, 3))
    convolution = layers.Conv2D(3, 3, padding="same")
    x = keras.ops.tanh(convolution(convolution(images))) + 0.5
    network = keras.Model(images, x)
    steps = NetworkSteps(network)
    assert len(steps) == 4
    example = np.random.default_rng(0).normal(size=(1, 8, 8, 3))
    [outputs] = steps.run(0, 4, [np.float32(example)], call)
    np.testing.assert_allclose(outputs, network(example), atol=1e-6)


@pytest.mark.parametrize(
    "network",
    [
        keras.Model(),
        keras.Sequential([layers.Dense(3)]),
        keras.Sequential([layers.Input((3,)), layers.Dense(3)]),
        of_layers(layers.Flatten()),
        of_layers(of_layers(layers.ReLU())),
        layers.ReLU(),
    ],
    ids=["subclass", "unbuilt", "vectors", "to_vectors", "nested", "layer"],
)
def test_other_models_are_refused(network):
    message = (
        r"^`network` must be a built functional or sequential model from "
        r"images to images, without models inside\. Received: network=<"
    )
    with pytest.raises(ValueError, match=message):
        NetworkSteps(network)


def test_network_for_one_size_is_refused():
    network = of_layers(
        layers.Flatten(), layers.Dense(432), layers.Reshape((12, 12, 3))
    )
    message = (
        r"^`network` must take images of any size\. Received: a network for "
        r"images of shape \(12, 12, 3\) only\. Build it from convolutions\.$"
    )
    with pytest.raises(ValueError, match=message):
        NetworkSteps(network)


def test_network_that_enlarges_is_refused():
    message = (
        r"^`network` must keep height and width\. Received: a network from "
        r"\(12, 12, 3\) to \(24, 24, 3\)\.$"
    )
    with pytest.raises(ValueError, match=message):
        NetworkSteps(of_layers(layers.UpSampling2D()))
