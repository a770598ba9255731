import keras
import numpy as np
import pytest
from keras import layers

from export.rewrites import graph, nearest_upsampling
from tests.export.rewrites import networks

COUNTS = {"nearest_upsampling": 1}


def upsample_and_convolve(x, kernel, padding):
    """By definition, one output pixel after the other."""
    doubled = np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)
    doubled = np.pad(doubled, ((padding, padding), (padding, padding), (0, 0)))
    height, width = kernel.shape[:2]
    rows, columns = np.array(doubled.shape[:2]) - (height - 1, width - 1)
    result = np.zeros((rows, columns, kernel.shape[-1]))
    for i, j in np.ndindex(rows, columns):
        patch = doubled[i : i + height, j : j + width]
        result[i, j] = np.einsum("uvc,uvco->o", patch, kernel)
    return result


@pytest.mark.parametrize("filters", [2, 5], ids=["joint", "phases"])
@pytest.mark.parametrize(
    ("kernel_size", "padding"), [(3, 1), (3, 0), (3, 2), (4, 1), (2, 0), (5, 2)]
)
def test_equals_the_definition(kernel_size, padding, filters):
    convolution = layers.Conv2D(filters, kernel_size)
    network = keras.Sequential(
        [
            keras.Input((4, 5, 3)),
            layers.UpSampling2D(2),
            layers.ZeroPadding2D(padding),
            convolution,
        ]
    )
    networks.shake(network)
    rewritten, counts = graph.rewrite(network, list(COUNTS))
    assert counts == COUNTS
    images = np.random.default_rng(1).standard_normal((1, 4, 5, 3), "float32")
    expected = upsample_and_convolve(
        images[0], convolution.kernel.numpy(), padding
    )
    np.testing.assert_allclose(
        rewritten(images)[0],
        expected + convolution.bias.numpy(),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("size", [(1, 1), (2, 7)])
@pytest.mark.parametrize("kernel_size", [2, 3, 4, (5, 2)], ids=str)
def test_equals_keras(kernel_size, size):
    for filters, activation in ((3, "tanh"), (6, None)):
        x = inputs = keras.Input((*size, 2))
        x = layers.UpSampling2D(2)(x)
        x = layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            activation=activation,
            use_bias=filters == 6,
        )(x)
        network = keras.Model(inputs, layers.BatchNormalization()(x))
        rewritten = networks.check_equal(network, COUNTS)
        kinds = {type(layer) for layer in rewritten.layers}
        assert layers.UpSampling2D not in kinds
        # A norm behind an activation cannot be folded.
        has_norm = layers.BatchNormalization in kinds
        assert has_norm == (activation is not None)


@pytest.mark.parametrize(
    "behind",
    [
        None,
        lambda: layers.Conv2D(6, 3, strides=2),
        lambda: layers.Conv2D(6, 3, dilation_rate=2),
        lambda: layers.Conv2D(6, 3, groups=3),
        lambda: layers.Conv2D(6, 1),
        lambda: layers.ZeroPadding2D(3),
    ],
    ids=["nothing", "strided", "dilated", "grouped", "1x1", "wide_border"],
)
def test_without_a_fitting_convolution_pixels_are_repeated(behind):
    x = inputs = keras.Input((4, 4, 3))
    x = layers.UpSampling2D(2)(x)
    if behind is not None:
        x = behind()(x)
    if isinstance(x._keras_history[0], layers.ZeroPadding2D):
        x = layers.Conv2D(6, 3)(x)
    rewritten = networks.check_equal(keras.Model(inputs, x), COUNTS)
    kinds = {type(layer) for layer in rewritten.layers}
    assert nearest_upsampling.RepeatedPixels in kinds


def test_convolution_with_other_company_stays():
    inputs = keras.Input((4, 4, 3))
    doubled = layers.UpSampling2D(2)(inputs)
    x = layers.Conv2D(3, 3, padding="same")(doubled)
    network = keras.Model(inputs, layers.Add()([doubled, x]))
    rewritten = networks.check_equal(
        network, {**COUNTS, "blocked_convolution": 1}
    )
    kinds = [type(layer) for layer in rewritten.layers]
    assert nearest_upsampling.RepeatedPixels in kinds


@pytest.mark.parametrize(
    "layer",
    [
        layers.UpSampling2D(3),
        layers.UpSampling2D((2, 1)),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.Conv2D(2, 3),
    ],
    ids=["by_3", "uneven", "bilinear", "convolution"],
)
def test_others_are_left_alone(layer):
    layer.build((None, 4, 4, 3))
    assert nearest_upsampling.rewrite(layer, (None, 4, 4, 3), []) is None
