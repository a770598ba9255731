import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.models import SparseAutoencoder
from tests.models import tiny_autoencoders as tiny

SPARSE = ("sparse_l1", "sparse_kl")


def fixed(codes):
    """Codes that are the pixels themselves, and answers that are all 0."""
    size = codes.shape[1]
    images, inputs = layers.Input((1, size, 1)), layers.Input((size,))
    pixels = layers.Dense(size, kernel_initializer="zeros")(inputs)
    model = SparseAutoencoder(
        keras.Model(images, layers.Flatten()(images)),
        keras.Model(inputs, layers.Reshape((1, size, 1))(pixels)),
    )
    return model, codes.reshape(-1, 1, size, 1).astype("float32")


def logs_of(codes, **compile_with):
    model, pictures = fixed(np.array(codes))
    model.compile(run_eagerly=True, **compile_with)
    return tiny.step(model, pictures)


def test_hand_worked_l1():
    logs = logs_of([[1.0, -0.5, 0.0], [0.25, 0.0, 0.0]], penalty_weight=2.0)
    # |x|^2 = 1.25 and 0.0625; |z|_1 = 1.5 and 0.25.
    np.testing.assert_allclose(logs["reconstruction_loss"], 0.65625)
    np.testing.assert_allclose(logs["sparsity_loss"], 0.875)
    np.testing.assert_allclose(logs["loss"], 0.65625 + 2 * 0.875)
    np.testing.assert_allclose(logs["activity"], 1.75 / 6, rtol=1e-6)
    # 1 and 0.5 of the first image, 0.25 of the second.
    np.testing.assert_allclose(logs["active_share"], 3 / 6)


def test_hand_worked_kl():
    logs = logs_of(
        [[0.5, 0.0], [0.25, 0.5]],
        penalty="kl",
        penalty_weight=3.0,
        target_activity=0.25,
    )
    # Activities 0.375 and 0.25; the second is on target.
    # 0.25 log(0.25 / 0.375) + 0.75 log(0.75 / 0.625) = 0.035375
    np.testing.assert_allclose(logs["sparsity_loss"], 0.035375, atol=1e-6)
    # |x|^2 = 0.25 and 0.3125.
    np.testing.assert_allclose(logs["loss"], 0.28125 + 3 * 0.035375, atol=1e-5)
    np.testing.assert_allclose(logs["activity"], 0.3125)


def test_active_share_does_not_depend_on_the_scale():
    # A tenth of the largest is not more than a tenth of it.
    codes = np.array([[1.0, 0.125, 0.05, 0.0], [0.5, -0.5, 0.5, 0.04]])
    for scale in (1.0, 1e-3):
        share = logs_of(scale * codes)["active_share"]
        np.testing.assert_allclose(share, (2 + 3) / 8)
    assert logs_of(0 * codes)["active_share"] == 0


@pytest.mark.parametrize("kind", SPARSE)
def test_penalty_reaches_the_encoder_only(kind):
    model = tiny.make(kind)
    for network, is_reached in ((model.encoder, True), (model.decoder, False)):
        slopes = tiny.gradients(
            model,
            lambda logs: logs["sparsity_loss"],
            network.trainable_variables,
        )
        for slope in slopes:
            if is_reached:
                assert np.any(np.array(slope) != 0)
            else:
                assert slope is None


@pytest.mark.parametrize("kind", SPARSE)
def test_weight_is_that_of_the_penalty(kind):
    logs = tiny.step(tiny.make(kind, penalty_weight=7.0), tiny.images())
    np.testing.assert_allclose(
        logs["loss"],
        logs["reconstruction_loss"] + 7 * logs["sparsity_loss"],
        rtol=1e-6,
    )


def test_without_weight_it_is_a_plain_autoencoder():
    logs = tiny.step(tiny.make("sparse_l1", penalty_weight=0), tiny.images())
    assert logs["loss"] == logs["reconstruction_loss"]


def test_lectures_weight_is_the_default():
    model = tiny.make("sparse_l1")
    assert (model.penalty, model.penalty_weight) == ("l1", 1.0)


def test_activity_reaches_its_target():
    model = tiny.make(
        "sparse_kl",
        optimizer=keras.optimizers.Adam(0.05),
        penalty_weight=20.0,
        target_activity=0.2,
        run_eagerly=False,
    )
    data = tf.data.Dataset.from_tensor_slices(tiny.images(64)).batch(64)
    before = tiny.evaluate(model, data)["activity"]
    tiny.fit(model, data, epochs=60)
    after = tiny.evaluate(model, data)["activity"]
    assert abs(before - 0.2) > 0.1
    assert abs(after - 0.2) < 0.2 * 0.2


def test_a_heavier_l1_makes_smaller_codes():
    activities = []
    for weight in (0.0, 3.0):
        model = tiny.make(
            "sparse_l1",
            optimizer=keras.optimizers.Adam(0.1),
            penalty_weight=weight,
        )
        for _ in range(15):
            logs = tiny.step(model, tiny.images())
        activities.append(logs["activity"])
    assert activities[1] < 0.5 * activities[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"penalty": "l2"},
            "`penalty` must be one of ['kl', 'l1']. Received: penalty='l2'.",
        ),
        (
            {"penalty_weight": -0.5},
            "`penalty_weight` must be >= 0. Received: penalty_weight=-0.5.",
        ),
        (
            {"penalty_weight": float("nan")},
            "`penalty_weight` must be >= 0. Received: penalty_weight=nan.",
        ),
        (
            {"target_activity": 0.0},
            "`target_activity` must be in (0, 1). "
            "Received: target_activity=0.0.",
        ),
        (
            {"target_activity": 1},
            "`target_activity` must be in (0, 1). Received: target_activity=1.",
        ),
    ],
    ids=["penalty", "negative", "nan", "zero", "one"],
)
def test_compile_checks_its_arguments(arguments, message):
    model = SparseAutoencoder(tiny.encoder(), tiny.decoder())
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.compile(**arguments)


@pytest.mark.parametrize("run_eagerly", [True, False], ids=["eager", "graph"])
def test_codes_that_are_no_activities_are_refused(run_eagerly):
    model, pictures = fixed(np.array([[0.5, -0.25], [1.0, 0.5]]))
    model.compile(penalty="kl", run_eagerly=run_eagerly)
    message = (
        "Codes must be in [0, 1] for the KL penalty: end the encoder in a "
        "sigmoid. Received: values from -0.25 to 1."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.fit(pictures, verbose=0)
