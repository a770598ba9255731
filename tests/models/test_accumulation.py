"""Batches that are worked on in parts train what whole batches train."""

import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans import noise, replicas
from keras_gans.models import (
    ConditionalGAN,
    CycleGAN,
    Pix2Pix,
    SparseAutoencoder,
)
from keras_gans.networks import (
    build_mlp_discriminator,
    build_mlp_generator,
    build_patchgan_discriminator,
    build_unet_generator,
)
from tests.models import every_model, tiny
from tests.models.every_model import CLASSES, CODE_DIM, SHAPE, SIZE


def _conditional_gan():
    """Two turns of the discriminator, so that a batch is cut twice."""
    return ConditionalGAN(
        build_mlp_generator(CODE_DIM, SHAPE, (8,), num_classes=CLASSES),
        build_mlp_discriminator(SHAPE, (8,), num_classes=CLASSES),
        CLASSES,
        discriminator_steps=2,
        seed=0,
    ), {"penalty": "r1", "instance_noise": 0.1}


def _pix2pix():
    return Pix2Pix(
        build_unet_generator(
            SHAPE, 3, 4, normalization="instance", dropout=0.0
        ),
        build_patchgan_discriminator((SIZE, SIZE, 6), 4, 1),
    ), {}


def _cyclegan():
    """The pools fill up in the first step, and are full in the second."""
    return CycleGAN(
        *[tiny.generator() for _ in "ab"],
        *[tiny.discriminator() for _ in "ab"],
        pool_size=6,
        seed=0,
    ), {}


def _sparse_autoencoder():
    """An L1 penalty is of each code by itself."""
    return SparseAutoencoder(*every_model.coders()), {"penalty": "l1"}


# Those without batch statistics; the others are as they are elsewhere.
_WITHOUT_STATISTICS = {
    "conditional_gan": _conditional_gan,
    "cyclegan": _cyclegan,
    "pix2pix": _pix2pix,
    "sparse_autoencoder": _sparse_autoencoder,
}
every_name = pytest.mark.parametrize("name", every_model.NAMES)


def make(name, **arguments):
    keras.utils.set_random_seed(0)
    maker = _WITHOUT_STATISTICS.get(name, every_model.MAKERS[name])
    model, others = maker()
    model.compile(
        **{"run_eagerly": True, **every_model.sgd(name), **others, **arguments}
    )
    return model


def train(name, num_steps=2, **arguments):
    """Returns logs of each step, and all that training has changed."""
    model = make(name, **arguments)
    before = tiny.arrays(model.trainable_variables)
    logs = []
    for _ in range(num_steps):
        step = every_model.step(model, name, count=8)
        logs.append({log: float(value) for log, value in step.items()})
    # But for biases before a norm, which have no influence.
    after = tiny.arrays(model.trainable_variables)
    assert sum(map(np.array_equal, after, before)) <= len(before) // 4
    return logs, tiny.arrays(model.variables)


@pytest.fixture(scope="module")
def whole():
    """What whole batches train, by the name of the model."""
    return {name: train(name) for name in every_model.NAMES}


def largest_difference(state, expected):
    return max(
        np.max(np.abs(values - others), initial=0.0)
        for values, others in zip(state, expected, strict=True)
    )


@pytest.mark.parametrize("accumulate_steps", [2, 4])
@every_name
def test_parts_train_what_the_batch_trains(whole, name, accumulate_steps):
    """Seeds and pools included: noise is that of the batch."""
    expected_logs, expected = whole[name]
    logs, state = train(name, accumulate_steps=accumulate_steps)
    assert largest_difference(state, expected) < 2e-6
    for step, expected_step in zip(logs, expected_logs):
        assert step.keys() == expected_step.keys()
        for log, value in step.items():
            np.testing.assert_allclose(
                value, expected_step[log], rtol=1e-5, atol=1e-6, err_msg=log
            )


def test_sums_instead_of_means_would_be_noticed(whole, monkeypatch):
    monkeypatch.setattr(replicas, "count", lambda: 0.5)
    _, state = train("autoencoder", accumulate_steps=2)
    assert largest_difference(state, whole["autoencoder"][1]) > 1e-4


def test_updates_between_the_parts_would_be_noticed(whole):
    # Each part is a batch of half the size, at half the rate.
    model = make("cyclegan", **every_model.sgd("cyclegan", 5e-4))
    data = every_model.batch("cyclegan", 8)
    for _ in range(2):
        for rows in (slice(4), slice(4, 8)):
            model.train_step([tf.constant(images[rows]) for images in data])
    expected = whole["cyclegan"][1]
    assert largest_difference(tiny.arrays(model.variables), expected) > 1e-5


def test_noise_by_parts_would_be_noticed(whole, monkeypatch):
    monkeypatch.setattr(
        noise._Part, "next_seed", lambda self, seed: noise._next_seed(seed)
    )
    _, state = train("variational_autoencoder", accumulate_steps=2)
    expected = whole["variational_autoencoder"][1]
    assert largest_difference(state, expected) > 1e-5


@pytest.mark.parametrize("name", ["conditional_gan", "variational_autoencoder"])
def test_a_graph_trains_what_eager_steps_train(whole, name):
    model = make(name, run_eagerly=False, accumulate_steps=2)
    rows = every_model.batch(name, 8)
    batches = tf.data.Dataset.from_tensor_slices(rows).batch(8, True)
    model.fit(batches.repeat(2), shuffle=False, verbose=0)
    # Logs apart: those of the fixture are of single steps.
    logs = {id(variable) for variable in model.metrics_variables}
    differences = [
        np.max(np.abs(np.array(variable) - expected))
        for variable, expected in zip(model.variables, whole[name][1])
        if id(variable) not in logs
    ]
    assert max(differences) < 2e-6


@pytest.mark.parametrize("name", ["gan", "pix2pix", "cyclegan", "autoencoder"])
def test_each_player_updates_once(name):
    model = make(name, accumulate_steps=4)
    every_model.step(model, name, count=8)
    for optimizer in model.optimizers().values():
        assert int(optimizer.iterations) == 1


@pytest.mark.parametrize(("accumulate_steps", "num_calls"), [(1, 1), (2, 4)])
@pytest.mark.parametrize("name", ["gan", "pix2pix"])
def test_forward_passes_of_the_generator(name, accumulate_steps, num_calls):
    """One for both players; of parts, one for each player."""
    model = make(name, accumulate_steps=accumulate_steps)
    calls = []
    call = model.generator.call
    model.generator.call = lambda *a, **k: calls.append(1) or call(*a, **k)
    every_model.step(model, name, count=8)
    assert len(calls) == num_calls


def _wait_for_gradients(accumulate_steps):
    """How many convolutions of pictures come after a kernel's gradient."""
    model = make(
        "autoencoder", run_eagerly=False, accumulate_steps=accumulate_steps
    )
    images = tf.constant(every_model.batch("autoencoder", 8))
    graph = tf.function(model.train_step).get_concrete_function(images).graph
    return sum(
        "Conv2DBackpropFilter" in _kinds_before(operation)
        for operation in graph.get_operations()
        if operation.type == "Conv2D"
        and operation.inputs[0].shape[-1] == SHAPE[-1]
    )


def _kinds_before(operation):
    seen, waiting = set(), [operation]
    while waiting:
        current = waiting.pop()
        before = [tensor.op for tensor in current.inputs]
        for other in before + list(current.control_inputs):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return {other.type for other in seen}


def test_parts_wait_for_each_other():
    # Side by side they would take the memory of the whole batch.
    assert _wait_for_gradients(1) == 0
    # In three of four parts: the encoder's, and the decoder's for gradients.
    assert _wait_for_gradients(4) == 3 * 2


@pytest.fixture(scope="module")
def model():
    return make("autoencoder")


def turn(model, parts, optimizer=None):
    """One of `mean(x) w^2`, from w = 3, with x in the parts."""
    weight = keras.Variable(3.0)
    optimizer = optimizer or keras.optimizers.SGD(0.25)
    optimizer.build([weight])

    def objective(x):
        loss = tf.reduce_mean(x) * weight**2
        return loss, {"largest": tf.reduce_max(x)}, 2 * x

    parts = [(tf.constant(part),) for part in parts]
    loss, logs, rows = model._take_turn(objective, parts, optimizer, [weight])
    return float(weight.value), loss, logs, rows


def test_a_turn_by_hand(model):
    # Loss 2 w^2 = 18, gradient 4 w = 12, and 3 - 0.25 * 12 = 0.
    weight, loss, logs, rows = turn(model, [[0.0, 2.0], [3.0, 3.0]])
    assert weight == 0.0
    assert float(loss) == 18.0
    assert float(logs["largest"]) == 2.5
    np.testing.assert_array_equal(rows, [0.0, 4.0, 6.0, 6.0])


def test_gradients_of_embeddings_are_added(model):
    table = keras.Variable([[1.0], [2.0], [3.0]])
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([table])

    def objective(rows):
        return tf.reduce_sum(tf.gather(table.value, rows)), {}

    # Row 0 is in one part, row 2 in both, and the gradient is their mean.
    parts = [(tf.constant([0, 2]),), (tf.constant([2, 2]),)]
    model._take_turn(objective, parts, optimizer, [table])
    np.testing.assert_allclose(table.numpy(), [[0.5], [2.0], [1.5]])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_one_bad_part_voids_the_turn(model, bad):
    weight, loss, _, _ = turn(model, [[1.0], [bad]])
    assert weight == 3.0
    assert np.isnan(loss)


def test_loss_scaling_looks_at_the_mean_of_the_gradients(model):
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.25), initial_scale=8.0
    )
    assert turn(model, [[1.0], [3.0]], optimizer)[0] == 0.0
    assert float(optimizer.dynamic_scale) == 8.0
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.25), initial_scale=8.0
    )
    assert turn(model, [[1.0], [float("inf")]], optimizer)[0] == 3.0
    assert float(optimizer.dynamic_scale) == 4.0


def test_it_is_saved_with_the_model(tmp_path):
    model = make("autoencoder", accumulate_steps=4)
    config = json.loads(json.dumps(model.get_compile_config()))
    assert config["accumulate_steps"] == 4
    other = make("autoencoder")
    other.compile_from_config(config)
    assert other.accumulate_steps == 4
    del config["accumulate_steps"]  # A file of before there were parts.
    other.compile_from_config(config)
    assert other.accumulate_steps == 1


@pytest.mark.parametrize("value", [0, -1, 2.0, None])
def test_counts_out_of_range_are_refused(model, value):
    message = (
        "`accumulate_steps` must be an integer >= 1. Received: "
        f"accumulate_steps={value!r}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.compile(accumulate_steps=value)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("autoencoder", "3, `accumulate_steps`,"),
        ("pix2pix", "3, `accumulate_steps`,"),
        (
            "conditional_gan",
            "6, the number of discriminator steps times `accumulate_steps`,",
        ),
    ],
)
def test_batches_that_cannot_be_cut_are_refused(name, what):
    model = make(name, accumulate_steps=3)
    message = (
        f"The batch size must be a multiple of {what} and the same for all "
        "batches (`drop_remainder=True`). Received: 8."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        every_model.step(model, name, count=8)


@pytest.mark.parametrize("is_scaled", [False, True])
def test_optimizers_that_accumulate_by_themselves_are_refused(is_scaled):
    optimizer = keras.optimizers.SGD(gradient_accumulation_steps=2)
    if is_scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    message = (
        "`discriminator_optimizer` must have no `gradient_accumulation_steps`"
        ": its player would collect gradients from games against several "
        "opponents. `accumulate_steps` of `compile` cuts each batch. "
        "Received: gradient_accumulation_steps=2."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make("gan", discriminator_optimizer=optimizer)
