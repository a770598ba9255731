import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.optimizers import FlatThenLinear, FusedAdam

SHAPES = [(3, 4), (5,), ()]
ARGUMENTS = {
    "plain": {},
    "schedule": {"learning_rate": FlatThenLinear(0.1, 1, 2, 3)},
    "betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
    "weight_decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 0.1},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.1},
    "average": {"use_ema": True, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 2},
    "loss_scale": {"loss_scale_factor": 8.0},
}


def gradients_of(seed):
    draw = np.random.default_rng(seed)
    return [draw.normal(size=shape) for shape in SHAPES]


def train(
    optimizer, dtype="float32", num_steps=5, wrap=lambda f: f, variables=None
):
    """Values of weights and state after some steps by drawn gradients."""
    variables = variables or [
        keras.Variable(value, dtype=dtype) for value in gradients_of(seed=99)
    ]
    optimizer.build(variables)

    @wrap
    def step(gradients):
        optimizer.apply(gradients, variables)

    for seed in range(num_steps):
        step([tf.constant(value, dtype) for value in gradients_of(seed)])
    return [np.array(v) for v in [*variables, *optimizer.variables]]


def assert_equal(ours, theirs, rtol=1e-5):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs):
        np.testing.assert_allclose(our, their, rtol, atol=1e-7)


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_equals_keras(arguments):
    theirs = train(keras.optimizers.Adam(**arguments))
    assert_equal(train(FusedAdam(**arguments)), theirs)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        other = {**arguments, "beta_2": 0.99}
        assert_equal(train(FusedAdam(**other)), theirs)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_graphs_equal_keras(jit_compile):
    def wrap(step):
        return tf.function(step, jit_compile=jit_compile)

    ours = train(FusedAdam(0.1), wrap=wrap)
    assert_equal(ours, train(keras.optimizers.Adam(0.1)))


def test_float64_equals_keras_in_float64():
    ours, theirs = (
        train(optimizer_cls(0.1), "float64")
        for optimizer_cls in (FusedAdam, keras.optimizers.Adam)
    )
    assert {value.dtype for value in ours[:3]} == {np.dtype("float64")}
    for our, their in zip(ours, theirs):
        np.testing.assert_allclose(our, their, rtol=1e-12)


def test_half_precision_weights():
    arguments = {"learning_rate": 0.1, "epsilon": 1e-3}
    ours = train(FusedAdam(**arguments), "float16")[: len(SHAPES)]
    exact = train(keras.optimizers.Adam(**arguments))[: len(SHAPES)]
    for our, expected in zip(ours, exact):
        assert our.dtype == "float16"
        # Half precision has 11 bits.
        np.testing.assert_allclose(our, expected, atol=5 / 2**11)


def test_hand_worked_step():
    # The first moments are 0.5 * 4 and 0.25 * 16; freed of their bias, 4 and
    # 16: so the weight moves by the rate, 4 / 4 times.
    weight = keras.Variable([3.0])
    optimizer = FusedAdam(0.25, beta_1=0.5, beta_2=0.75, epsilon=0.0)
    optimizer.build([weight])
    optimizer.apply([tf.constant([4.0])])
    _, _, momentum, velocity = map(np.array, optimizer.variables)
    np.testing.assert_allclose((momentum, velocity), ([2.0], [4.0]))
    np.testing.assert_allclose(weight, [2.75])


def test_slices_of_an_embedding_equal_keras():
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def trained(optimizer, gradient):
        table = keras.Variable(tf.ones((4, 2)))
        optimizer.build([table])
        optimizer.apply([gradient])
        return np.array(table)

    slices = tf.IndexedSlices(rows, [2, 0, 2], (4, 2))
    dense = tf.tensor_scatter_nd_add(tf.zeros((4, 2)), [[2], [0], [2]], rows)
    ours = trained(FusedAdam(0.1), slices)
    np.testing.assert_allclose(
        ours, trained(keras.optimizers.Adam(0.1), dense), rtol=1e-6
    )
    np.testing.assert_array_equal(ours[1], [1.0, 1.0])


def test_state_of_keras_goes_on():
    theirs, ours = keras.optimizers.Adam(0.1), FusedAdam(0.1)
    weights = train(theirs)[: len(SHAPES)]
    variables = [keras.Variable(value) for value in weights]
    ours.build(variables)
    ours.set_weights([np.array(variable) for variable in theirs.variables])
    restored = train(ours, variables=variables)
    their_variables = [keras.Variable(value) for value in weights]
    other = keras.optimizers.Adam.from_config(theirs.get_config())
    other.build(their_variables)
    other.set_weights([np.array(variable) for variable in theirs.variables])
    assert_equal(restored, train(other, variables=their_variables))


def test_config_round_trip():
    optimizer = FusedAdam(FlatThenLinear(0.1, 5), 0.5, clipnorm=1.0)
    config = keras.saving.serialize_keras_object(optimizer)
    assert config["registered_name"] == "keras_gans>FusedAdam"
    twin = keras.optimizers.deserialize(config)
    assert type(twin) is FusedAdam
    assert twin.get_config() == optimizer.get_config()
    # Files of before have Keras's class, whose config fits ours.
    theirs = keras.optimizers.Adam(0.1, 0.5).get_config()
    assert FusedAdam.from_config(theirs).get_config() == theirs


def test_amsgrad_is_refused():
    message = (
        "`amsgrad` must be `False`. Received: amsgrad=True. Use "
        "`keras.optimizers.Adam`."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FusedAdam(amsgrad=True)


def test_the_graph_of_an_update_is_short():
    variables = [keras.Variable(tf.zeros((2,))) for _ in range(20)]

    def count_nodes(optimizer):
        optimizer.build(variables)
        step = tf.function(lambda gradients: optimizer.apply(gradients))
        specs = [tf.TensorSpec((2,)) for _ in variables]
        return len(step.get_concrete_function(specs).graph.get_operations())

    assert 5 * count_nodes(FusedAdam()) < count_nodes(keras.optimizers.Adam())
