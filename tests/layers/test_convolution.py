"""Our convolutions compute what Keras's do, by whichever operations."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import Conv2D, Conv2DTranspose, convolution

KERAS = {
    Conv2D: keras.layers.Conv2D,
    Conv2DTranspose: keras.layers.Conv2DTranspose,
}
every_layer = pytest.mark.parametrize("layer_cls", KERAS)


@pytest.fixture(autouse=True)
def slow_processor(monkeypatch):
    """Whatever this machine is, it goes our way; even with few channels."""
    monkeypatch.setattr(convolution, "_is_slow_here", lambda: True)
    monkeypatch.setattr(
        convolution, "_FEWEST_CHANNELS", {4: 1, 9: 1, 12: 1, 16: 1, 49: 1}
    )


def _pair(layer_cls, channels, *arguments, **keywords):
    """One of ours and one of Keras's, with the same weights."""
    pair = (
        layer_cls(*arguments, **keywords),
        KERAS[layer_cls](*arguments, **keywords),
    )
    rng = np.random.default_rng(0)
    for layer in pair:
        layer.build((None, None, None, channels))
    weights = [rng.normal(size=w.shape) for w in pair[0].get_weights()]
    for layer in pair:
        layer.set_weights(weights)
    return pair


def _images(*shape):
    rng = np.random.default_rng(1)
    return tf.constant(rng.normal(size=shape), "float32")


def _outputs_and_gradients(layer, images, eager=False, **arguments):
    def run(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images, **arguments)
            # Each output counts differently.
            loss = tf.reduce_sum(outputs * tf.cos(tf.cast(outputs, "float32")))
        weights = [weight.value for weight in layer.trainable_variables]
        return outputs, *tape.gradient(loss, [images, *weights])

    return run(images) if eager else tf.function(run)(images)


def _operations(function, *arguments):
    graph = tf.function(function).get_concrete_function(*arguments).graph
    names = [operation.type for operation in graph.get_operations()]
    for definition in graph.as_graph_def().library.function:
        names += [node.op for node in definition.node_def]
    return names


@every_layer
@pytest.mark.parametrize(
    ("batch_size", "kernel", "strides", "padding", "size"),
    [
        *itertools.product(
            (1, 2), (3, 4), (1, 2), ("valid", "same"), ((40, 21), (37, 34))
        ),
        (1, (3, 4), (2, 1), "same", (33, 18)),
        (1, 7, 1, "valid", (70, 24)),
        (1, 2, 3, "same", (64, 9)),
        (1, 4, 2, "same", (8, 8)),
    ],
)
def test_answers_and_gradients_are_those_of_keras(
    layer_cls, batch_size, kernel, strides, padding, size
):
    ours, keras_layer = _pair(
        layer_cls, 3, 5, kernel, strides, padding, activation="tanh"
    )
    images = _images(batch_size, *size, 3)
    results = _outputs_and_gradients(ours, images, training=True)
    expected = _outputs_and_gradients(keras_layer, images)
    assert len(results) == 4
    for value, reference in zip(results, expected, strict=True):
        scale = np.abs(reference).max()
        np.testing.assert_allclose(value, reference, rtol=0, atol=1e-5 * scale)


@every_layer
def test_eager_mode_computes_the_same(layer_cls):
    layer, _ = _pair(layer_cls, 3, 5, 3, 2, "same", activation="tanh")
    images = _images(1, 36, 20, 3)
    eager, graph = (
        _outputs_and_gradients(layer, images, eager, training=True)
        for eager in (True, False)
    )
    for value, expected in zip(eager, graph, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


@every_layer
def test_second_gradients_are_those_of_keras(layer_cls):
    """A gradient penalty differentiates gradients by the weights."""
    images = _images(1, 36, 20, 3)

    def run(layer, **arguments):
        @tf.function
        def penalty_gradients():
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    inner.watch(images)
                    outputs = tf.square(layer(images, **arguments))
                slopes = inner.gradient(outputs, images)
                penalty = tf.reduce_mean(tf.square(slopes))
            return outer.gradient(
                penalty, [x.value for x in layer.trainable_variables]
            )

        return penalty_gradients()

    ours, keras_layer = _pair(layer_cls, 3, 5, 3, 2, "same")
    pairs = list(zip(run(ours, training=True), run(keras_layer), strict=True))
    assert len(pairs) == 2
    for value, reference in pairs:
        np.testing.assert_allclose(value, reference, rtol=2e-4, atol=1e-4)


def test_one_image_is_cut_and_kernel_gradients_are_products():
    layer, _ = _pair(Conv2D, 3, 5, 3)
    images = _images(1, 36, 20, 3)
    operations = _operations(
        lambda x: _outputs_and_gradients(layer, x, training=True), images
    )
    assert {"ConcatV2", "ExtractImagePatches", "MatMul"} <= set(operations)
    assert "Conv2DBackpropFilter" not in operations


@pytest.mark.parametrize("strides", [1, 2])
def test_patches_wait_for_the_gradient(strides):
    """Written out as soon as there are images, they would pile up."""
    layer, _ = _pair(Conv2D, 3, 5, 3, strides, activation="tanh")

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(images, training=True), name="loss")
        return tape.gradient(loss, layer.kernel.value)

    images = tf.TensorSpec((2, 36, 20, 3))
    graph = gradient.get_concrete_function(images).graph
    patches = [
        operation
        for operation in graph.get_operations()
        if operation.type == "ExtractImagePatches"
    ]
    assert len(patches) == 1
    (awaited,) = patches[0].control_inputs
    assert awaited.type == "TanhGrad"


@every_layer
@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((1, 36, 20, 3), {"training": False}),
        ((1, 36, 20, 3), {}),
        ((None, 36, 20, 3), {"training": True}),
        ((1, None, None, 3), {"training": True}),
    ],
)
def test_all_but_training_on_known_sizes_is_left_to_keras(
    layer_cls, shape, arguments
):
    ours, keras_layer = _pair(layer_cls, 3, 5, 3)
    images = tf.TensorSpec(shape)
    found = _operations(lambda x: ours(x, **arguments), images)
    assert found == _operations(lambda x: keras_layer(x), images)


@every_layer
@pytest.mark.parametrize(
    ("dtype", "arguments"),
    [
        ("float64", {}),
        ("mixed_bfloat16", {}),
        ("float32", {"dilation_rate": 2}),
    ],
)
def test_what_was_not_measured_is_left_to_keras(layer_cls, dtype, arguments):
    ours, keras_layer = _pair(layer_cls, 3, 5, 3, dtype=dtype, **arguments)
    images = tf.TensorSpec((1, 36, 20, 3), ours.compute_dtype)
    found = _operations(lambda x: ours(x, training=True), images)
    assert found == _operations(lambda x: keras_layer(x), images)


def test_groups_are_left_to_keras():
    ours, keras_layer = _pair(Conv2D, 4, 6, 3, groups=2)
    images = _images(2, 36, 20, 4)
    np.testing.assert_array_equal(
        ours(images, training=True), keras_layer(images)
    )


def test_patches_that_would_take_too_much_memory_are_not_written(monkeypatch):
    layer, _ = _pair(Conv2D, 3, 5, 3)
    images = _images(1, 36, 20, 3)
    # 34 x 18 patches of 3 x 3 x 3 numbers of 4 bytes.
    monkeypatch.setattr(convolution, "_MOST_BYTES", 34 * 18 * 27 * 4 - 1)
    operations = _operations(
        lambda x: _outputs_and_gradients(layer, x, training=True), images
    )
    assert "ExtractImagePatches" not in operations


@every_layer
def test_files_hold_what_keras_would_write(layer_cls, tmp_path):
    ours, keras_layer = _pair(layer_cls, 3, 5, 3, 2, "same")
    assert ours.name.startswith(keras.layers.Conv2D(1, 1).name[:6])
    assert ours.get_config().keys() == keras_layer.get_config().keys()
    network, keras_network = (
        keras.Sequential([keras.Input((8, 8, 3)), layer])
        for layer in (ours, keras_layer)
    )
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert type(loaded.layers[0]) is layer_cls
    network.save_weights(tmp_path / "network.weights.h5")
    keras_network.set_weights([0 * x for x in keras_network.get_weights()])
    keras_network.load_weights(tmp_path / "network.weights.h5")
    for weight, expected in zip(
        keras_network.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, expected)


@every_layer
def test_xla_compiles_it(layer_cls):
    ours, keras_layer = _pair(layer_cls, 3, 5, 4, 2, "same")
    images = _images(1, 40, 20, 3)
    compiled = tf.function(
        lambda x: _outputs_and_gradients(ours, x, training=True),
        jit_compile=True,
    )
    expected = _outputs_and_gradients(keras_layer, images)
    for value, reference in zip(compiled(images), expected, strict=True):
        scale = np.abs(reference).max()
        np.testing.assert_allclose(value, reference, rtol=0, atol=1e-5 * scale)
