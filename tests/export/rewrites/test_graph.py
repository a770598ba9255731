import keras
import numpy as np
import pytest
from keras import layers

import export
import keras_gans
from export.rewrites import graph, names
from keras_gans.layers import ReflectionPadding2D
from keras_gans.models import inference_view
from tests.export.rewrites import networks


def test_every_name_has_a_rewrite():
    assert tuple(graph._REWRITES) == names.NAMES


def resnet(**kwargs):
    return keras_gans.build_resnet_generator(
        (16, 16, 3), filters=5, num_residual_blocks=1, **kwargs
    )


def unet():
    return keras_gans.build_unet_generator((16, 16, 3), filters=4)


CASES = {
    "resnet": (
        resnet,
        {
            "reflection_padding": 4,
            "transposed_convolution": 2,
            "blocked_convolution": 1,
        },
    ),
    "resnet_batch": (
        lambda: resnet(normalization="batch"),
        {
            "reflection_padding": 4,
            "transposed_convolution": 2,
            "blocked_convolution": 1,
        },
    ),
    "unet": (unet, {"transposed_convolution": 4}),
    "unet_view": (
        lambda: inference_view(unet(), "instance", "fixed"),
        {"transposed_convolution": 4},
    ),
    "decoder": (
        lambda: keras_gans.build_convolutional_decoder(4, (16, 16, 3)),
        {"transposed_convolution": 2},
    ),
    "dcgan": (
        lambda: keras_gans.build_dcgan_generator(4, (8, 8, 1), 8),
        {"pixel_projection": 1, "transposed_convolution": 1},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_networks_of_the_package(case):
    build, counts = CASES[case]
    network = build()
    networks.check_equal(network, counts)


def test_nothing_to_do_returns_the_network():
    inputs = keras.Input((8, 8, 3))
    network = keras.Model(inputs, layers.Conv2D(8, 3)(inputs))
    assert graph.rewrite(network) == (network, {})
    assert graph.rewrite(network, ()) == (network, {})


def test_the_network_stays_as_it_is():
    network = resnet()
    network.compile("adam", "mse")
    networks.shake(network)
    images = networks.draw(network)
    before = network(images, training=False).numpy()
    kinds = [type(layer) for layer in network.layers]
    weights = network.get_weights()
    rewritten, _ = graph.rewrite(network)
    assert [type(layer) for layer in network.layers] == kinds
    np.testing.assert_array_equal(network(images, training=False), before)
    for weight, expected in zip(network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert rewritten.name == network.name
    assert not rewritten.compiled


def test_a_choice_of_rewrites():
    network = resnet()
    _, counts = graph.rewrite(network, ["blocked_convolution"])
    assert counts == {"blocked_convolution": 1}


def test_unknown_rewrite_is_refused():
    message = (
        "^`rewrites` must be names from winograd_convolution, "
        "reflection_padding, pixel_projection, transposed_convolution, "
        "nearest_upsampling, blocked_convolution. Received: winograd.$"
    )
    with pytest.raises(export.ExportError, match=message):
        graph.rewrite(resnet(), ["winograd"])


def test_a_shared_layer_is_replaced_once():
    pad, up = ReflectionPadding2D(1), layers.Conv2DTranspose(5, 4, 2)
    inputs = keras.Input((4, 4, 2))
    outputs = layers.Add()([up(pad(inputs)), up(pad(inputs * 2.0))])
    networks.check_equal(
        keras.Model(inputs, outputs),
        {"reflection_padding": 1, "transposed_convolution": 1},
    )


def test_a_norm_that_also_follows_another_layer_stays():
    up, norm = layers.Conv2DTranspose(6, 4, 2), layers.BatchNormalization()
    inputs = keras.Input((4, 4, 2))
    outputs = layers.Add()(
        [
            norm(up(inputs)),
            norm(layers.Conv2D(6, 1)(layers.Resizing(10, 10)(inputs))),
        ]
    )
    rewritten = networks.check_equal(
        keras.Model(inputs, outputs), {"transposed_convolution": 1}
    )
    assert norm in rewritten.layers


def test_what_two_layers_see_is_not_folded():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(6, 4, 2)(inputs)
    outputs = layers.Add()([layers.BatchNormalization()(x), x])
    networks.check_equal(
        keras.Model(inputs, outputs), {"transposed_convolution": 1}
    )


def test_what_is_an_output_too_is_not_folded():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(6, 3, 2)(inputs)
    network = keras.Model(
        inputs, {"all": x, "cropped": layers.Cropping2D(1)(x)}
    )
    networks.shake(network)
    rewritten, counts = graph.rewrite(network)
    assert counts == {"transposed_convolution": 1}
    images = networks.draw(network)
    expected, outputs = network(images), rewritten(images)
    assert list(outputs) == ["all", "cropped"]
    for name, output in outputs.items():
        np.testing.assert_allclose(output, expected[name], atol=1e-5)


def test_a_norm_called_in_training_mode_is_not_folded():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(6, 4, 2)(inputs)
    norm = layers.BatchNormalization()
    network = keras.Model(inputs, norm(x, training=True))
    networks.shake(network)
    rewritten, _ = graph.rewrite(network)
    assert norm in rewritten.layers


def test_a_network_called_in_training_mode_is_left_alone():
    inner_inputs = keras.Input((4, 4, 2))
    x = layers.Conv2DTranspose(6, 4, 2)(inner_inputs)
    inner = keras.Sequential(
        [keras.Input((4, 4, 2)), keras.Model(inner_inputs, x)]
    )
    inner.add(layers.BatchNormalization())
    inputs = keras.Input((4, 4, 2))
    network = keras.Model(inputs, inner(inputs, training=True))
    assert graph.rewrite(network) == (network, {})


def test_a_dictionary_of_inputs_keeps_its_names():
    generator = keras_gans.build_dcgan_generator(4, (8, 8, 1), 8, num_classes=3)
    networks.shake(generator)
    rewritten, counts = graph.rewrite(generator)
    assert counts == {"pixel_projection": 1, "transposed_convolution": 1}
    inputs = {
        "latents": np.random.default_rng(0).standard_normal((2, 4), "float32"),
        "labels": np.array([2, 0], "int32"),
    }
    np.testing.assert_allclose(
        rewritten(inputs, training=False),
        generator(inputs, training=False),
        atol=1e-5,
    )


def test_networks_inside_networks():
    inner_inputs = keras.Input((None, None, 3))
    x = ReflectionPadding2D(1)(inner_inputs)
    x = layers.BatchNormalization()(layers.Conv2DTranspose(5, 4, 2)(x))
    inner = keras.Model(inner_inputs, layers.Conv2D(3, 3)(x))
    stack = keras.Sequential(
        [keras.Input((None, None, 3)), inner, ReflectionPadding2D(1)]
    )
    untouched = keras.Sequential([keras.Input((None, None, 3)), layers.ReLU()])
    inputs = keras.Input((4, 4, 3))
    outputs = untouched(stack(inner(inputs)))
    network = keras.Model(inputs, outputs)
    rewritten = networks.check_equal(
        network,
        {
            "reflection_padding": 2,
            "transposed_convolution": 1,
            "blocked_convolution": 1,
        },
    )
    assert untouched in rewritten.layers


class Doubled(keras.Model):
    """Has layers that tell less than its `call` does."""

    def call(self, inputs):
        return 2.0 * super().call(inputs)


def test_other_classes_are_left_alone():
    inputs = keras.Input((4, 4, 3))
    doubled = Doubled(inputs, ReflectionPadding2D(1)(inputs))
    assert graph.rewrite(doubled) == (doubled, {})
    outputs = ReflectionPadding2D(1)(doubled(inputs))
    network = keras.Model(inputs, outputs)
    rewritten = networks.check_equal(network, {"reflection_padding": 1})
    assert doubled in rewritten.layers
