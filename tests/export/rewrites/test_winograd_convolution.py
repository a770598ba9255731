import itertools

import keras
import numpy as np
import pytest
from keras import layers

import export
from export.rewrites import graph, winograd_convolution
from keras_gans.layers import ReflectionPadding2D
from tests.export.rewrites import networks

ONE = {"winograd_convolution": 1}


def test_transforms_of_numbers():
    # 1, 2, 3 moved along 1, ..., 6: 1 + 4 + 9, 2 + 6 + 12, and so on.
    inputs = winograd_convolution._transform_inputs(1, 2, 3, 4, 5, 6)
    kernel = winograd_convolution._KERNEL_TRANSFORM @ [1, 2, 3]
    results = winograd_convolution._transform_products(*inputs * kernel)
    np.testing.assert_allclose(results, [14, 20, 26, 32], rtol=1e-12)


PADS = {
    "valid": ((0, 0), {}),
    "same": ((1, 1), {"mode": "constant"}),
    "reflect": ((1, 1), {"mode": "reflect"}),
}


def build(size, padding, channels=64, filters=64, batch_norm=False, **kwargs):
    x = inputs = keras.Input((*size, channels))
    if padding == "reflect":
        x = ReflectionPadding2D(1)(x)
    x = layers.Conv2D(
        filters, 3, padding="same" if padding == "same" else "valid", **kwargs
    )(x)
    if batch_norm:
        x = layers.BatchNormalization()(x)
    return keras.Model(inputs, x)


# From fewer rows than there are in a tile to three tiles and a part.
SIZES = ((3, 4), (4, 3), (5, 5), (8, 2), (13, 7), (15, 4))


@pytest.mark.parametrize("padding", PADS)
def test_equals_the_definition(padding):
    network = build((None, None), padding)
    networks.shake(network)
    rewritten, counts = graph.rewrite(network)
    assert counts == ONE
    kernel, bias = [x.numpy().astype("float64") for x in network.weights]
    width, options = PADS[padding]
    for size in SIZES:
        if padding == "valid":
            size = (size[0] + 2, size[1] + 2)
        images = np.random.default_rng(1).standard_normal(
            (2, *size, 64), "float32"
        )
        padded = images
        if options:
            padded = np.pad(images, ((0, 0), width, width, (0, 0)), **options)
        windows = np.lib.stride_tricks.sliding_window_view(
            padded.astype("float64"), (3, 3), (1, 2)
        )
        expected = np.einsum(
            "bijcuv,uvcf->bijf", windows, kernel, optimize=True
        )
        expected += bias
        outputs = rewritten(images).numpy()
        assert outputs.shape == expected.shape
        np.testing.assert_allclose(
            outputs, expected, rtol=0, atol=3e-6 * np.abs(expected).max()
        )


@pytest.mark.parametrize("padding", PADS)
def test_equals_keras(padding):
    options = itertools.product((False, True), (False, True), (None, "relu"))
    for i, (use_bias, batch_norm, activation) in enumerate(options):
        network = build(
            (10 + i, 10),
            padding,
            filters=65,
            batch_norm=batch_norm,
            use_bias=use_bias,
            activation=activation,
        )
        rewritten = networks.check_equal(network, ONE, seed=i)
        kinds = {type(layer) for layer in rewritten.layers}
        assert not kinds & {layers.Conv2D, ReflectionPadding2D}
        is_folded = batch_norm and activation is None
        assert (layers.BatchNormalization in kinds) == (
            batch_norm and not is_folded
        )


@pytest.mark.parametrize(
    ("reflection", "padding", "counts"),
    [
        (1, "valid", ONE),
        (1, "same", ONE | {"reflection_padding": 1}),
        (2, "valid", ONE | {"reflection_padding": 1}),
        ((0, 1), "valid", ONE | {"reflection_padding": 1}),
    ],
    ids=str,
)
def test_reflections_of_another_size_stay_apart(reflection, padding, counts):
    x = inputs = keras.Input((10, 11, 64))
    x = ReflectionPadding2D(reflection)(x)
    network = keras.Model(inputs, layers.Conv2D(64, 3, padding=padding)(x))
    networks.check_equal(network, counts)


def test_a_reflection_that_others_see_stays_apart():
    inputs = keras.Input((8, 8, 64))
    x = ReflectionPadding2D(1)(inputs)
    outputs = layers.Concatenate()(
        [layers.Conv2D(64, 3)(x), layers.Cropping2D(1)(x)]
    )
    networks.check_equal(
        keras.Model(inputs, outputs), ONE | {"reflection_padding": 1}
    )


def test_a_shared_convolution_is_replaced_once():
    pads = [ReflectionPadding2D(1), layers.ZeroPadding2D(1)]
    conv = layers.Conv2D(64, 3)
    inputs = keras.Input((8, 8, 64))
    outputs = layers.Add()([conv(pad(inputs)) for pad in pads])
    networks.check_equal(
        keras.Model(inputs, outputs), ONE | {"reflection_padding": 1}
    )


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Conv2D(64, 3, 2), (16, 16, 64)),
        (layers.Conv2D(64, 3, dilation_rate=2), (16, 16, 64)),
        (layers.Conv2D(64, 3, groups=2), (16, 16, 64)),
        (layers.Conv2D(64, 5), (16, 16, 64)),
        (layers.Conv2D(64, (3, 1)), (16, 16, 64)),
        (layers.Conv2D(63, 3), (16, 16, 64)),
        (layers.Conv2D(64, 3), (16, 16, 63)),
        (layers.Conv2D(64, 3), (9, 16, 64)),
        (layers.Conv2D(64, 3, padding="same"), (16, 7, 64)),
        (layers.Conv2DTranspose(64, 3), (16, 16, 64)),
        (layers.DepthwiseConv2D(3), (16, 16, 64)),
        (ReflectionPadding2D(1), (16, 16, 64)),
    ],
    ids=[
        "strided",
        "dilated",
        "grouped",
        "5x5",
        "3x1",
        "few_filters",
        "few_channels",
        "low",
        "narrow",
        "transposed",
        "depthwise",
        "reflection",
    ],
)
def test_others_are_left_alone(layer, shape):
    shape = (None, *shape)
    layer.build(shape)
    assert winograd_convolution.rewrite(layer, shape, []) is None


def test_files_are_one_partition_and_equal(tmp_path):
    network = build((8, 10), "reflect", activation="tanh")
    images = networks.draw(network)
    images = np.clip(images, -1, 1)
    result = export.export_network(
        network, images, tmp_path / "out", ["float32", "float16"]
    )
    assert result.ok, result.reports
    # Six products; one in float16, where small files are what counts.
    for report, num_convolutions in zip(result.reports, (6, 1)):
        assert report.figures["partitions"] == 1
        assert report.figures["operators"]["CONV_2D"] == num_convolutions
