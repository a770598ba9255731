"""What the recordings do not show of `WeightNormalization`."""

import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans.compat.tfa as tfa
from tests.legacy import cases


def inputs_of(shape=(64, 5), seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype("float32")


def normalized(layer, **kwargs):
    return tfa.layers.WeightNormalization(layer, **kwargs)


def test_without_data_the_layer_stays_what_it_was():
    dense = keras.layers.Dense(4, activation="tanh", bias_initializer="ones")
    x = inputs_of()
    expected = dense(x)
    layer = normalized(dense, data_init=False)
    np.testing.assert_allclose(layer(x), expected, atol=1e-6)
    np.testing.assert_allclose(
        layer.g, np.linalg.norm(dense.kernel, axis=0), rtol=1e-6
    )


def test_data_give_outputs_one_spread_and_no_mean():
    """With directions of length 1 tensorflow-addons does as the paper."""
    layer = normalized(keras.layers.Dense(4, kernel_initializer="orthogonal"))
    outputs = layer(inputs_of())
    np.testing.assert_allclose(np.mean(outputs, axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.std(outputs, axis=0), 1.0, atol=1e-5)


def test_only_the_first_data_count():
    layer = normalized(keras.layers.Dense(4))
    first = layer(inputs_of())
    g = layer.g.numpy()
    layer(inputs_of(seed=1))
    np.testing.assert_array_equal(layer.g, g)
    np.testing.assert_array_equal(layer(inputs_of()), first)


def test_the_length_of_v_does_not_matter():
    layer = normalized(keras.layers.Dense(4))
    before = layer(inputs_of())
    layer.layer.kernel.assign(3.0 * layer.layer.kernel)
    np.testing.assert_allclose(layer(inputs_of()), before, atol=1e-5)


def test_fit_in_a_functional_model_and_file(tmp_path):
    inputs = keras.Input((6, 4, 4))
    x = normalized(keras.layers.Conv2D(3, 3, activation="relu"))(inputs)
    outputs = normalized(keras.layers.Dense(1))(keras.layers.Flatten()(x))
    model = keras.Model(inputs, outputs)
    images = cases.draw("images", (8, 6, 4, 4))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    before = [weight.numpy() for weight in model.trainable_variables]
    model.fit(images, np.ones((8, 1)), epochs=2, batch_size=4, verbose=0)
    assert all(model.layers[i].initialized.numpy() for i in (1, 3))
    for old, new in zip(before, model.trainable_variables):
        assert np.any(old != new), new.path
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    # Other data must not set what has been learned.
    revived(images + 5.0)
    np.testing.assert_array_equal(revived(images), model(images))


def test_a_graph_traced_later_has_no_first_call():
    layer = normalized(keras.layers.Dense(4))
    spec = tf.TensorSpec((64, 5))

    def nodes():
        function = tf.function(layer.__call__).get_concrete_function(spec)
        return {op.type for op in function.graph.get_operations()}

    assert "AssignVariableOp" in nodes()
    layer(inputs_of())
    assert not nodes() & {"AssignVariableOp", "If", "StatelessIf"}


def test_removed_the_layer_is_what_it_was_in_the_wrapper():
    layer = normalized(keras.layers.Conv2D(3, 3, activation="relu"))
    images = cases.draw("images", cases.IMAGES)
    expected = layer(images)
    plain = layer.remove()
    assert type(plain) is keras.layers.Conv2D
    np.testing.assert_allclose(plain(images), expected, atol=1e-6)


def test_half_precision():
    layer = normalized(
        keras.layers.Dense(4, dtype="mixed_float16"), dtype="mixed_float16"
    )
    x = inputs_of()
    outputs = layer(x)
    assert outputs.dtype == "float16"
    assert layer.g.dtype == "float32"
    twin = normalized(keras.layers.Dense(4))
    twin.build(x.shape)
    twin.layer.kernel.assign(layer.layer.kernel)
    np.testing.assert_allclose(outputs, twin(x), atol=0.02)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda: keras.layers.Conv2DTranspose(3, 3),
            "kernel of 4, outputs of 3",
        ),
        (lambda: keras.layers.DepthwiseConv2D(3), "kernel of 1, outputs of 4"),
        (
            lambda: keras.layers.Conv2D(3, 3, data_format="channels_first"),
            "kernel of 3",
        ),
    ],
)
def test_data_need_channels_where_the_kernel_has_them(make, reason):
    with pytest.raises(ValueError, match=f"{reason}.*`data_init=False`"):
        normalized(make()).build((None, 6, 6, 4))


def test_layers_without_a_kernel_are_refused():
    message = "`layer` must have a `kernel`, as `Dense` and `Conv2D` have."
    with pytest.raises(ValueError, match=f"^{re.escape(message)} Received: "):
        normalized(keras.layers.ReLU()).build((None, 4))


def test_two_replicas_train_as_one():
    result = subprocess.run(
        [sys.executable, "-m", "tests.compat.two_replicas"],
        cwd=pathlib.Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    assert "two replicas train as one" in result.stdout
