import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.optimizers import FlatThenLinear

RATE = 2e-4
# Epoch -> factor: 1 - max(0, e - 100) / 101.
PAPER = {
    1: 1.0,
    100: 1.0,
    101: 100 / 101,
    150: 51 / 101,
    200: 1 / 101,
    201: 0.0,
    250: 0.0,
}


def rate_of(schedule, step):
    return float(schedule(tf.constant(step, "int64")))


@pytest.mark.parametrize(("epoch", "factor"), PAPER.items())
@pytest.mark.parametrize("steps_per_epoch", [1, 3, 1067])
def test_law_of_the_paper(epoch, factor, steps_per_epoch):
    schedule = FlatThenLinear(RATE, steps_per_epoch)
    # First and last step of the epoch; steps count from 0.
    for step in ((epoch - 1) * steps_per_epoch, epoch * steps_per_epoch - 1):
        np.testing.assert_allclose(
            rate_of(schedule, step), factor * RATE, rtol=1e-5, atol=1e-12
        )


def test_rate_changes_between_epochs_only():
    schedule = FlatThenLinear(1.0, steps_per_epoch=4)
    rates = np.array([rate_of(schedule, step) for step in range(4 * 205)])
    by_epoch = rates.reshape(205, 4)
    np.testing.assert_array_equal(by_epoch, by_epoch[:, :1] * np.ones((1, 4)))
    changes = np.flatnonzero(np.diff(by_epoch[:, 0])) + 2  # The new epoch.
    np.testing.assert_array_equal(changes, np.arange(101, 202))
    # Equal falls, and exactly zero once the plan is over.
    np.testing.assert_allclose(
        np.diff(by_epoch[99:201, 0]), -1 / 101, rtol=1e-4
    )
    np.testing.assert_array_equal(by_epoch[200:], 0.0)


@pytest.mark.parametrize(
    ("flat_epochs", "decay_epochs", "factors"),
    [
        (0, 3, [3 / 4, 2 / 4, 1 / 4, 0, 0]),
        (2, 0, [1, 1, 0, 0, 0]),
        (0, 0, [0, 0, 0, 0, 0]),
        (1, 1, [1, 1 / 2, 0, 0, 0]),
    ],
    ids=str,
)
def test_short_plans(flat_epochs, decay_epochs, factors):
    schedule = FlatThenLinear(3.0, 2, flat_epochs, decay_epochs)
    rates = [rate_of(schedule, 2 * epoch) for epoch in range(5)]
    np.testing.assert_allclose(rates, 3.0 * np.array(factors), atol=1e-6)


def test_works_in_a_graph():
    schedule = FlatThenLinear(1.0, 3)
    in_graph = tf.function(schedule)
    for step in (0, 300, 449, 599, 600):
        assert float(in_graph(tf.constant(step))) == rate_of(schedule, step)


def test_long_runs_do_not_lose_steps():
    # A step past 2**24 has no float32; the last one of epoch 101 must count.
    schedule = FlatThenLinear(1.0, steps_per_epoch=1_000_003)
    last = 101 * 1_000_003 - 1
    np.testing.assert_allclose(rate_of(schedule, last), 100 / 101, rtol=1e-6)
    np.testing.assert_allclose(rate_of(schedule, last + 1), 99 / 101, rtol=1e-6)


def test_adam_walks_by_the_schedule():
    # With the gradient 1, Adam's both averages are 1 after bias correction:
    # each step moves the weight by the learning rate.
    optimizer = keras.optimizers.Adam(
        FlatThenLinear(0.1, 2, flat_epochs=1, decay_epochs=1), epsilon=1e-8
    )
    weight = keras.Variable([0.0])
    positions = [0.0]
    for _ in range(6):
        optimizer.apply([tf.constant([1.0])], [weight])
        positions.append(float(weight.value[0]))
    np.testing.assert_allclose(
        -np.diff(positions), [0.1, 0.1, 0.05, 0.05, 0.0, 0.0], atol=1e-5
    )


def test_optimizer_reports_the_rate():
    optimizer = keras.optimizers.Adam(FlatThenLinear(RATE, 3))
    optimizer.build([keras.Variable([0.0])])
    for epoch, factor in PAPER.items():
        optimizer.iterations.assign(3 * (epoch - 1))
        np.testing.assert_allclose(
            float(optimizer.learning_rate), factor * RATE, rtol=1e-5
        )


def test_saved_and_loaded_with_the_optimizer(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    schedule = FlatThenLinear(0.1, 2, flat_epochs=1, decay_epochs=3)
    model.compile(keras.optimizers.Adam(schedule), "mse", run_eagerly=True)
    inputs = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
    model.fit(inputs, inputs[:, :1], batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    revived_schedule = revived.optimizer._learning_rate
    assert type(revived_schedule) is FlatThenLinear
    assert revived_schedule.get_config() == schedule.get_config()
    # 5 steps are done: the next is the second of epoch 3, 1 - 2 / 4.
    assert int(revived.optimizer.iterations) == 5
    np.testing.assert_allclose(float(revived.optimizer.learning_rate), 0.05)


def test_config_round_trip():
    schedule = FlatThenLinear(0.5, 7, flat_epochs=3, decay_epochs=4)
    twin = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert twin.get_config() == {
        "initial_learning_rate": 0.5,
        "steps_per_epoch": 7,
        "flat_epochs": 3,
        "decay_epochs": 4,
    }


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("steps_per_epoch", 0, 1),
        ("steps_per_epoch", 2.5, 1),
        ("flat_epochs", -1, 0),
        ("decay_epochs", -1, 0),
    ],
)
def test_arguments_are_checked(name, value, least):
    message = (
        f"`{name}` must be an integer >= {least}. Received: {name}={value}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FlatThenLinear(RATE, **{"steps_per_epoch": 10, name: value})


@pytest.mark.parametrize("rate", [0.0, -1e-3, float("nan")])
def test_the_rate_is_checked(rate):
    message = (
        "`initial_learning_rate` must be > 0. Received: "
        f"initial_learning_rate={rate}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FlatThenLinear(rate, 10)
