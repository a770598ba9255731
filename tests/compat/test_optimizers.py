"""Optimizers with tensorflow-addons' names against its steps."""

import re

import keras
import numpy as np
import pytest

import keras_gans.compat.tfa as tfa
from tests.legacy import cases, fixtures


def check_steps(optimizer, name):
    recorded = fixtures.cases(name)
    variables = {
        variable: keras.Variable(cases.draw(f"{name}/{variable}", shape))
        for variable, shape in cases.VARIABLES.items()
    }
    optimizer.build(list(variables.values()))
    for step, gradients in enumerate(cases.gradients_of(name)):
        optimizer.apply([keras.ops.array(g) for g in gradients.values()])
        for variable, value in variables.items():
            np.testing.assert_allclose(
                value,
                recorded[f"{step}/{variable}"],
                2e-5,
                1e-6,
                err_msg=f"{variable} in step {step}",
            )


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_steps_as_tensorflow_addons_did(name):
    check_steps(cases.OPTIMIZERS[name](keras, tfa), name)


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_old_configs_make_the_same_optimizer(name):
    old = fixtures.configs(name)["keras"]
    check_steps(keras.saving.deserialize_keras_object(old), name)


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_configs_go_round(name):
    optimizer = cases.OPTIMIZERS[name](keras, tfa)
    config = keras.saving.serialize_keras_object(optimizer)
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is type(optimizer)
    check_steps(twin, name)


@pytest.mark.parametrize(
    ("name", "impostor"),
    [
        ("adamw", lambda: keras.optimizers.AdamW(weight_decay=0.01)),
        (
            "sgdw",
            lambda: keras.optimizers.SGD(
                0.1, 0.9, nesterov=True, weight_decay=0.01
            ),
        ),
        ("lamb", lambda: keras.optimizers.Lamb(0.1, epsilon=0.1)),
    ],
)
def test_the_comparison_fails_for_impostors(name, impostor):
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_steps(impostor(), name)


def test_excluded_names_do_not_decay():
    kernel = keras.Variable([1.0, 2.0], name="kernel")
    bias = keras.Variable([1.0, 2.0], name="bias")
    optimizer = tfa.optimizers.AdamW(
        0.5, exclude_from_weight_decay=["bias", "gamma"]
    )
    optimizer.build([kernel, bias])
    optimizer.apply([keras.ops.zeros(2), keras.ops.zeros(2)])
    np.testing.assert_allclose(kernel, [0.5, 1.0])
    np.testing.assert_allclose(bias, [1.0, 2.0])
    config = optimizer.get_config()
    assert config["exclude_from_weight_decay"] == ["bias", "gamma"]


def test_decays_when_the_rate_is_zero():
    weight = keras.Variable([2.0])
    optimizer = tfa.optimizers.SGDW(0.25, learning_rate=0.0)
    optimizer.build([weight])
    optimizer.apply([keras.ops.ones(1)])
    np.testing.assert_allclose(weight, [1.5])


def test_trains_a_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(tfa.optimizers.AdamW(1e-4, learning_rate=0.1), "mse")
    x = cases.draw("x", (32, 3))
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
    history = model.fit(x, y, epochs=30, batch_size=32, verbose=0)
    assert history.history["loss"][-1] < 0.1 * history.history["loss"][0]


@pytest.mark.parametrize("weight_decay", [-0.1, None, lambda: 0.1])
def test_weight_decay_must_be_a_number(weight_decay):
    message = (
        "`weight_decay` must be a number >= 0; functions and schedules of it "
        "are not supported. Received: weight_decay="
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        tfa.optimizers.AdamW(weight_decay)


@pytest.mark.parametrize(
    "arguments",
    [
        {"weight_decay": 0.01},
        {"exclude_from_weight_decay": ["bias"]},
        {"exclude_from_layer_adaptation": ["bias"]},
    ],
)
def test_lamb_refuses_what_keras_lacks(arguments):
    (name,) = arguments
    message = f"`{name}` has no equal in Keras's Lamb. Received: "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        tfa.optimizers.LAMB(**arguments)


def test_old_decay_of_the_rate_is_refused():
    old = fixtures.configs("adamw")["keras"]
    old["config"]["decay"] = 0.1
    message = "`decay` of the learning rate must be 0. Received: decay=0.1."
    with pytest.raises(Exception, match=re.escape(message)):
        keras.saving.deserialize_keras_object(old)
