"""Layers with tensorflow-addons' names against what it computed."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans.compat.tfa as tfa
from tests.legacy import cases, fixtures

ROLES = {
    "SpectralNormalization": {
        "kernel": "layer.kernel",
        "u": "vector_u",
        "bias": "layer.bias",
    },
    "WeightNormalization": {
        "kernel": "layer.kernel",
        "g": "g",
        "bias": "layer.bias",
    },
}
NORMS = {"gamma": "gamma", "beta": "beta"}


def variables_of(layer, roles):
    """The layer's variables by role, of those that the fixture has."""
    variables = {}
    for role in roles:
        variable = layer
        for name in ROLES.get(type(layer).__name__, NORMS)[role].split("."):
            variable = getattr(variable, name)
        variables[role] = variable
    return variables


def start(layer, name):
    """Builds a layer and gives it the weights that the recording began with."""
    shape, _ = cases.LAYERS[name]
    recorded = fixtures.cases(name)
    if not layer.built:  # A new file's config builds its layer.
        layer.build(shape)
    before = {
        key.removeprefix("before/"): value
        for key, value in recorded.items()
        if key.startswith("before/")
    }
    variables = variables_of(layer, before)
    for role, variable in variables.items():
        variable.assign(before[role])
    return cases.draw(f"{name}/inputs", shape), variables, recorded


def assert_close(ours, theirs, what):
    np.testing.assert_allclose(ours, theirs, 2e-5, 2e-5, err_msg=what)


def check_course(layer, name, wrap=lambda function: function):
    """Two steps of training and one of inference, gradients and weights."""
    inputs, variables, recorded = start(layer, name)
    trainable = {r: v for r, v in variables.items() if v.trainable}

    @wrap
    def gradients(x, upstream):
        sources = {"inputs": x, **{r: v.value for r, v in trainable.items()}}
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=True)
        return outputs, tape.gradient(
            outputs, sources, output_gradients=upstream
        )

    upstream = cases.draw(f"{name}/upstream", recorded["training"].shape)
    x = tf.constant(inputs)
    outputs, by_role = gradients(x, tf.constant(upstream))
    assert_close(outputs, recorded["training"], "training")
    for role, gradient in by_role.items():
        assert_close(gradient, recorded[f"gradient/{role}"], role)
    again = wrap(lambda x: layer(x, training=True))(x)
    assert_close(again, recorded["training_again"], "again")
    inference = wrap(lambda x: layer(x, training=False))(x)
    assert_close(inference, recorded["inference"], "inference")
    for role, variable in variables.items():
        assert_close(variable, recorded[f"after/{role}"], role)


@pytest.mark.parametrize(
    "wrap", [lambda f: f, tf.function], ids=["eager", "graph"]
)
@pytest.mark.parametrize("name", cases.LAYERS)
def test_computes_what_tensorflow_addons_computed(name, wrap):
    _, make = cases.LAYERS[name]
    check_course(make(keras, tfa), name, wrap)


@pytest.mark.parametrize(
    ("name", "impostor"),
    [
        ("instance_norm", lambda: keras.layers.GroupNormalization(1)),
        (
            "instance_norm",
            lambda: keras.layers.GroupNormalization(-1, epsilon=1e-5),
        ),
        (
            "spectral_norm_dense",
            lambda: tfa.layers.SpectralNormalization(
                keras.layers.Dense(4), power_iterations=2
            ),
        ),
        (
            "weight_norm_dense",
            lambda: tfa.layers.WeightNormalization(
                keras.layers.Dense(4, activation="tanh"), data_init=False
            ),
        ),
        ("maxout", lambda: keras.layers.Lambda(lambda x: x[:, :2])),
    ],
    ids=["one group", "epsilon", "iterations", "no data", "no maximum"],
)
def test_the_comparison_fails_for_impostors(name, impostor):
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_course(impostor(), name)


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("name", cases.LAYERS)
def test_old_configs_make_the_same_layer(name, form):
    old = fixtures.configs(name)[form]
    layer = keras.saving.deserialize_keras_object(old)
    assert layer.name == old["config"]["name"]
    check_course(layer, name)


@pytest.mark.parametrize("name", cases.LAYERS)
def test_configs_go_round(name):
    shape, make = cases.LAYERS[name]
    layer = make(keras, tfa)
    layer.build(shape)
    config = keras.saving.serialize_keras_object(layer)
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()
    check_course(twin, name)


def test_a_built_norm_serves_other_channels():
    layer = tfa.layers.InstanceNormalization()
    layer.build((None, 4, 4, 3))
    twin = tfa.layers.InstanceNormalization.from_config(layer.get_config())
    # tensorflow-addons saved the channels of a built layer as its groups.
    old = {**layer.get_config(), "groups": 3}
    heir = tfa.layers.InstanceNormalization.from_config(old)
    images = np.random.default_rng(0).normal(3.0, 2.0, (2, 4, 4, 5))
    for other in (twin, heir):
        outputs = np.asarray(other(images))
        np.testing.assert_allclose(outputs.mean(axis=(1, 2)), 0.0, atol=1e-5)
        np.testing.assert_allclose(outputs.std(axis=(1, 2)), 1.0, atol=2e-3)


def test_instance_norm_has_no_groups():
    message = (
        "`InstanceNormalization` has a group for each channel and must not "
        "get `groups`. Received: groups=2. Use `GroupNormalization`."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        tfa.layers.InstanceNormalization(groups=2)


def test_new_files_hold_keras_own_layers():
    layer = tfa.layers.GroupNormalization(2)
    config = keras.saving.serialize_keras_object(layer)
    assert config["module"] == "keras.layers"
    assert config["registered_name"] is None


def test_transposed_convolutions_of_many_groups_are_not_hidden():
    config = fixtures.configs("spectral_norm_conv_transpose")["keras"]
    config["config"]["layer"]["config"]["groups"] = 2
    with pytest.raises(Exception, match="groups"):
        keras.saving.deserialize_keras_object(config)


def test_maxout_by_hand():
    x = np.array([[1.0, 5.0, 3.0, 2.0]], "float32")
    # Unit 0 sees 1 and 3, unit 1 sees 5 and 2.
    np.testing.assert_array_equal(tfa.layers.Maxout(2)(x), [[3.0, 5.0]])


def test_maxout_of_free_sizes():
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, tfa.layers.Maxout(2)(inputs))
    assert model.output_shape == (None, None, 2)
    assert model(np.zeros((3, 5, 4), "float32")).shape == (3, 5, 2)


@pytest.mark.parametrize("num_units", [0, 1.5, None])
def test_units_of_maxout_must_be_counted(num_units):
    message = (
        "`num_units` must be an integer >= 1. "
        f"Received: num_units={num_units!r}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tfa.layers.Maxout(num_units)


@pytest.mark.parametrize(
    ("shape", "axis", "message"),
    [
        ((None, 5), -1, "`num_units` must divide the number of features"),
        ((None, None, 3), 1, "`num_units` must divide the number of features"),
        ((4, 4), 0, "`axis` must be one of the input's axes, except"),
        ((None, 4), 2, "`axis` must be one of the input's axes, except"),
        ((None, 4), -3, "`axis` must be one of the input's axes, except"),
    ],
)
def test_maxout_refuses_inputs(shape, axis, message):
    with pytest.raises(ValueError, match=f"^{message}.* Received: "):
        tfa.layers.Maxout(2, axis).build(shape)
