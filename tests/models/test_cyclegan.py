import copy
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans import FlatThenLinear, build_resnet_generator
from keras_gans.layers import MinibatchStdDev
from keras_gans.losses import adversarial as losses
from keras_gans.models import CycleGAN, cyclegan
from tests.models import tiny

NETWORKS = [
    "generator_ab",
    "generator_ba",
    "discriminator_a",
    "discriminator_b",
]


class NoLoss(keras.losses.Loss):
    """Takes the adversarial term out of the generators' objective."""

    def call(self, real_logits, fake_logits):
        return 0.0 * tf.reduce_mean(fake_logits, axis=(1, 2, 3))


NO_ADVERSARY = (NoLoss(), losses.LeastSquaresDiscriminatorLoss())


@pytest.fixture(scope="module")
def paper_model():
    """Every weight of it takes part; tests compile it anew, none trains it."""
    return tiny.paper_cyclegan(pool_size=0)


@pytest.fixture
def float64():
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


# --- The objective's value ---------------------------------------------------


def softplus(x):
    return np.logaddexp(0.0, x)


ADVERSARIES = {
    "least_squares": (
        lambda fake: np.mean((fake - 1) ** 2),
        lambda real, fake: np.mean((real - 1) ** 2) + np.mean(fake**2),
        lambda logits: np.clip(logits, 0, 1),
    ),
    "non_saturating": (
        lambda fake: np.mean(softplus(-fake)),
        lambda real, fake: np.mean(softplus(-real)) + np.mean(softplus(fake)),
        lambda logits: 1 / (1 + np.exp(-logits)),
    ),
    "hinge": (
        lambda fake: np.mean(-fake),
        lambda real, fake: (
            np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))
        ),
        lambda logits: 1 / (1 + np.exp(-logits)),
    ),
}


def expected_logs(
    model,
    real_a,
    real_b,
    family="least_squares",
    lambdas=(10.0, 10.0),
    lambda_identity=0.5,
    discriminator_weight=0.5,
):
    """All terms of the paper, from the networks' outputs alone."""

    def run(network, images):
        return np.array(network(images), "float64")

    def l1(first, second):
        return np.mean(np.abs(first - second))

    ab, ba = model.generator_ab, model.generator_ba
    fake_b, fake_a = run(ab, real_a), run(ba, real_b)
    cycle_a, cycle_b = l1(run(ba, fake_b), real_a), l1(run(ab, fake_a), real_b)
    identity_a, identity_b = (
        l1(run(ba, real_a), real_a),
        l1(run(ab, real_b), real_b),
    )
    real_logits = [
        run(model.discriminator_a, real_a),
        run(model.discriminator_b, real_b),
    ]
    fake_logits = [
        run(model.discriminator_a, fake_a),
        run(model.discriminator_b, fake_b),
    ]
    for_generator, for_discriminator, probability = ADVERSARIES[family]
    if not lambda_identity:
        identity_a = identity_b = 0.0
    return {
        "generator_loss": (
            for_generator(fake_logits[0])
            + for_generator(fake_logits[1])
            + lambdas[0] * cycle_a
            + lambdas[1] * cycle_b
            + lambda_identity * lambdas[0] * identity_a
            + lambda_identity * lambdas[1] * identity_b
        ),
        "discriminator_loss": discriminator_weight
        * (
            for_discriminator(real_logits[0], fake_logits[0])
            + for_discriminator(real_logits[1], fake_logits[1])
        ),
        "real_probability": np.mean([probability(x) for x in real_logits]),
        "fake_probability": np.mean([probability(x) for x in fake_logits]),
        "cycle_loss": (cycle_a + cycle_b) / 2,
        "identity_loss": (identity_a + identity_b) / 2,
    }


@pytest.mark.parametrize("family", sorted(ADVERSARIES))
@pytest.mark.parametrize(
    ("lambdas", "lambda_identity", "discriminator_weight"),
    [((10.0, 10.0), 0.5, 0.5), ((3.0, 7.0), 0.25, 2.0), ((3.0, 0.0), 0.0, 1.0)],
    ids=["paper", "unequal", "without identity"],
)
def test_logs_are_the_papers_terms(
    family, lambdas, lambda_identity, discriminator_weight
):
    model = tiny.cyclegan(
        pool_size=0,
        adversarial_loss=family,
        lambda_cycle=lambdas,
        lambda_identity=lambda_identity,
        discriminator_loss_weight=discriminator_weight,
    )
    real_a, real_b = tiny.pair(3)
    expected = expected_logs(
        model,
        real_a,
        real_b,
        family,
        lambdas,
        lambda_identity,
        discriminator_weight,
    )
    tested = model.evaluate(real_a, real_b, verbose=0, return_dict=True)
    # Training logs what it saw before it moved: the same.
    trained = tiny.step(model, real_a, real_b)
    assert set(tested) == set(trained) == set(expected) == tiny.LOGS
    for name, value in expected.items():
        np.testing.assert_allclose(tested[name], value, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(trained[name], value, rtol=1e-4, atol=1e-6)


def test_default_weights_are_the_papers():
    model = tiny.cyclegan(pool_size=0)
    real_a, real_b = tiny.pair(2)
    expected = expected_logs(model, real_a, real_b)
    tested = model.evaluate(real_a, real_b, verbose=0, return_dict=True)
    for name, value in expected.items():
        np.testing.assert_allclose(tested[name], value, rtol=1e-4, atol=1e-6)


def test_a_number_is_both_lambdas():
    model = tiny.cyclegan(lambda_cycle=4)
    assert (model.lambda_cycle_a, model.lambda_cycle_b) == (4, 4)
    model.compile(lambda_cycle=[1, 2])
    assert (model.lambda_cycle_a, model.lambda_cycle_b) == (1, 2)


# --- Gradients: which term reaches which network -----------------------------


def gradients_of(model, objective):
    """Network name -> one gradient per trainable weight, `None` if unreached.

    `objective` maps the model to a loss; plain tape, no optimizer.
    """
    networks = tiny.networks_of(model)
    variables = {
        name: [v.value for v in network.trainable_variables]
        for name, network in networks.items()
    }
    with tf.GradientTape() as tape:
        loss = objective(model)
    return tape.gradient(loss, variables)


def generators_loss(model):
    return model._generators_objective(*tiny.pair(), training=True)[0]


def flat(gradients):
    return np.concatenate([np.ravel(gradient) for gradient in gradients])


def generator_gradients(model, **compile_arguments):
    model.compile(run_eagerly=True, **compile_arguments)
    gradients = gradients_of(model, generators_loss)
    return flat(gradients["generator_ab"]), flat(gradients["generator_ba"])


def assert_differ(first, second):
    scale = np.linalg.norm(first)
    assert scale > 0
    assert np.linalg.norm(first - second) > 0.01 * scale


@pytest.mark.parametrize("lambdas", [(0, 10), (10, 0)], ids=str)
def test_both_cycles_reach_both_generators(paper_model, lambdas):
    # The keras.io example loses half of this.
    whole = generator_gradients(
        paper_model, lambda_cycle=(10, 10), lambda_identity=0
    )
    half = generator_gradients(
        paper_model, lambda_cycle=lambdas, lambda_identity=0
    )
    for player in (0, 1):
        assert_differ(whole[player], half[player])


@pytest.mark.parametrize("lambdas", [(10, 0), (0, 10)], ids=str)
def test_one_cycle_alone_reaches_both_generators(paper_model, lambdas):
    for gradient in generator_gradients(
        paper_model,
        adversarial_loss=NO_ADVERSARY,
        lambda_cycle=lambdas,
        lambda_identity=0,
    ):
        assert np.linalg.norm(gradient) > 1e-3


@pytest.mark.parametrize(
    ("lambdas", "reached", "unreached"),
    [((10, 0), 1, 0), ((0, 10), 0, 1)],
    ids=["a reaches ba", "b reaches ab"],
)
def test_identity_reaches_one_generator(
    paper_model, lambdas, reached, unreached
):
    # ba is fed with real a, and ab with real b.
    with_identity, without = (
        generator_gradients(
            paper_model,
            adversarial_loss=NO_ADVERSARY,
            lambda_cycle=lambdas,
            lambda_identity=lambda_identity,
        )
        for lambda_identity in (0.5, 0.0)
    )
    assert_differ(with_identity[reached], without[reached])
    # Two images in one batch round otherwise than one by one.
    largest = np.max(np.abs(without[unreached]))
    np.testing.assert_allclose(
        with_identity[unreached], without[unreached], atol=1e-5 * largest
    )


@pytest.mark.parametrize(
    ("blind", "reached", "unreached"),
    [("discriminator_a", 0, 1), ("discriminator_b", 1, 0)],
    ids=["b reaches ab", "a reaches ba"],
)
def test_adversarial_term_reaches_one_generator(blind, reached, unreached):
    model = tiny.paper_cyclegan()
    # A discriminator of zeros answers the same to all, and teaches nothing.
    network = getattr(model, blind)
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    gradients = generator_gradients(model, lambda_cycle=0, lambda_identity=0)
    assert np.linalg.norm(gradients[reached]) > 1e-6
    np.testing.assert_array_equal(gradients[unreached], 0.0)


def test_discriminators_loss_reaches_no_generator(paper_model):
    def objective(model):
        real_a, real_b = tiny.pair()
        fake_a = model.generator_ba(real_b, training=True)
        fake_b = model.generator_ab(real_a, training=True)
        return model._discriminators_objective(
            real_a, model.pool_a(fake_a), real_b, model.pool_b(fake_b), True
        )[0]

    gradients = gradients_of(paper_model, objective)
    for name in ("generator_ab", "generator_ba"):
        assert all(gradient is None for gradient in gradients[name])
    for name in ("discriminator_a", "discriminator_b"):
        assert all(gradient is not None for gradient in gradients[name])


def test_every_weight_gets_a_gradient(paper_model):
    paper_model.compile(run_eagerly=True)
    for_generators = gradients_of(paper_model, generators_loss)

    def discriminators_loss(model):
        real_a, real_b = tiny.pair()
        return model._discriminators_objective(
            real_a,
            model.generator_ba(real_b),
            real_b,
            model.generator_ab(real_a),
            True,
        )[0]

    for_discriminators = gradients_of(paper_model, discriminators_loss)
    for name, gradients in (
        ("generator_ab", for_generators),
        ("generator_ba", for_generators),
        ("discriminator_a", for_discriminators),
        ("discriminator_b", for_discriminators),
    ):
        network = getattr(paper_model, name)
        for weight, gradient in zip(
            network.trainable_variables, gradients[name], strict=True
        ):
            assert np.all(np.isfinite(gradient)), (name, weight.path)
            assert np.any(gradient != 0), (name, weight.path)


def test_biases_before_a_plain_norm_get_rounding_only():
    # The norm takes every constant off, so their true gradient is zero.
    model = tiny.paper_cyclegan(network={"affine": False, "use_bias": True})
    gradients = gradients_of(model, generators_loss)["generator_ab"]
    variables = model.generator_ab.trainable_variables
    by_path = {v.path: np.array(g) for v, g in zip(variables, gradients)}
    biases = [path for path in by_path if path.endswith("/bias")]
    assert len(biases) == 8  # 3 down, 2 in the block, 2 up, the head.
    for path in biases:
        bias = np.max(np.abs(by_path[path]))
        kernel = np.max(np.abs(by_path[path.replace("/bias", "/kernel")]))
        if path.startswith("head"):
            assert bias > 1e-3 * kernel
        else:
            assert bias < 1e-4 * kernel


# --- Turns -------------------------------------------------------------------


def test_generators_turn_moves_only_the_generators():
    model = tiny.cyclegan()
    moved = tiny.moved(model, lambda: model._train_generators(*tiny.pair()))
    assert moved == {"generator_ab", "generator_ba"}


def test_discriminators_turn_moves_only_the_discriminators():
    model = tiny.cyclegan()
    (real_a, real_b), (fake_a, fake_b) = tiny.pair(), tiny.pair(seed=5)
    moved = tiny.moved(
        model,
        lambda: model._train_discriminators(real_a, fake_a, real_b, fake_b),
    )
    assert moved == {"discriminator_a", "discriminator_b"}


def test_a_step_moves_all_four():
    model = tiny.cyclegan()
    moved = tiny.moved(model, lambda: tiny.step(model, *tiny.pair()))
    assert moved == set(NETWORKS)


def test_discriminators_see_pooled_fakes_of_the_old_generators(monkeypatch):
    seen = []
    train = CycleGAN._train_discriminators

    def spy(self, *images):
        seen.append([np.array(image) for image in images])
        return train(self, *images)

    monkeypatch.setattr(CycleGAN, "_train_discriminators", spy)
    model = tiny.cyclegan(
        pool_size=1, generator_optimizer=keras.optimizers.SGD(0.1)
    )
    stored = {}
    num_swaps = 0
    for step in range(8):
        real_a, real_b = tiny.pair(1, seed=step)
        fakes = {
            "a": np.array(model.generator_ba(real_b)),
            "b": np.array(model.generator_ab(real_a)),
        }
        tiny.step(model, real_a, real_b)
        after = np.array(model.generator_ab(real_a))
        assert np.max(np.abs(after - fakes["b"])) > 1e-4
        reals = {"a": seen[-1][0], "b": seen[-1][2]}
        answers = {"a": seen[-1][1], "b": seen[-1][3]}
        np.testing.assert_array_equal(reals["a"], real_a)
        np.testing.assert_array_equal(reals["b"], real_b)
        for domain, pool in (("a", model.pool_a), ("b", model.pool_b)):
            new, answer = fakes[domain], answers[domain]
            if step == 0:
                stored[domain] = new
            # Either the new fake, or the one that was stored until now.
            if np.max(np.abs(answer - new)) > 1e-6:
                np.testing.assert_allclose(answer, stored[domain], atol=1e-6)
                stored[domain] = new
                num_swaps += 1
            np.testing.assert_allclose(pool.images, stored[domain], atol=1e-6)
    assert 0 < num_swaps < 14


@pytest.fixture
def answer_each(monkeypatch):
    """Answers by `_answer_each`, and the number of calls it took."""

    def answer(network, *batches):
        num_calls = 0

        def call(*args, **kwargs):
            nonlocal num_calls
            num_calls += 1
            return keras.Layer.__call__(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(type(network), "__call__", call)
            answers = cyclegan._answer_each(network, True, *batches)
        return answers, num_calls

    return answer


@pytest.mark.parametrize("sizes", [(1, 1), (2, 3)], ids=str)
def test_networks_of_the_paper_answer_all_at_once(answer_each, sizes):
    first, second = (tiny.images(size, seed=size) for size in sizes)
    model = tiny.paper_cyclegan()
    for network in (model.generator_ab, model.discriminator_a):
        answers, num_calls = answer_each(network, first, second)
        assert num_calls == 1
        for images, answer in zip((first, second), answers, strict=True):
            np.testing.assert_allclose(
                answer, network(images, training=True), atol=1e-5
            )


class CentredOutputs(keras.Model):
    """Does more than its layers tell."""

    def call(self, images, training=False):
        outputs = super().call(images, training=training)
        return outputs - tf.reduce_mean(outputs)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.BatchNormalization(),
        lambda: keras.layers.Dropout(0.5, seed=0),
        lambda: keras.layers.SpectralNormalization(keras.layers.Conv2D(3, 1)),
        lambda: keras.layers.Lambda(lambda x: x - tf.reduce_mean(x)),
        lambda: MinibatchStdDev(),
        lambda: lambda x: x - keras.ops.mean(x),
    ],
    ids=[
        "batch norm",
        "dropout",
        "spectral norm",
        "unknown",
        "deviation",
        "operation",
    ],
)
def test_networks_that_may_mix_images_answer_one_by_one(answer_each, layer):
    images = keras.Input((tiny.SIZE, tiny.SIZE, 3))
    network = keras.Model(images, layer()(images))
    _, num_calls = answer_each(network, *tiny.pair())
    assert num_calls == 2


def test_own_classes_answer_one_by_one(answer_each):
    images = keras.Input((tiny.SIZE, tiny.SIZE, 3))
    network = CentredOutputs(images, keras.layers.ReLU()(images))
    assert answer_each(network, *tiny.pair())[1] == 2


def test_pictures_of_two_sizes_are_answered_one_by_one(answer_each):
    network = build_resnet_generator((None, None, 3), None, 4, 0)
    answers, num_calls = answer_each(
        network, tf.zeros((1, 8, 8, 3)), tf.zeros((1, 8, 12, 3))
    )
    assert num_calls == 2
    assert [answer.shape for answer in answers] == [(1, 8, 8, 3), (1, 8, 12, 3)]


class NumpyAdam:
    """Kingma & Ba, end of section 2: the form in which epsilon is added to
    the uncorrected root, as in Keras."""

    def __init__(self, count):
        self.first = [0.0] * count
        self.second = [0.0] * count
        self.step = 0

    def apply(self, variables, gradients):
        self.step += 1
        # The one thing taken over from Keras: it corrects the bias with betas
        # (and a rate) that went through float32, 6e-6 of a step away.
        rate, beta_2 = float(np.float32(2e-4)), float(np.float32(0.999))
        rate *= np.sqrt(1 - beta_2**self.step) / (1 - 0.5**self.step)
        for i, (variable, gradient) in enumerate(zip(variables, gradients)):
            g = np.array(gradient)
            self.first[i] = 0.5 * self.first[i] + 0.5 * g
            self.second[i] = 0.999 * self.second[i] + 0.001 * g**2
            variable.assign(
                np.array(keras.ops.convert_to_numpy(variable))
                - rate * self.first[i] / (np.sqrt(self.second[i]) + 1e-8)
            )


def hand_written_step(model, adams, real_a, real_b):
    ab, ba = model.generator_ab, model.generator_ba
    judge_a, judge_b = model.discriminator_a, model.discriminator_b

    def mean(x):
        return tf.reduce_mean(x)

    generators = ab.trainable_variables + ba.trainable_variables
    with tf.GradientTape() as tape:
        fake_b, fake_a = ab(real_a), ba(real_b)
        loss = mean((judge_b(fake_b) - 1) ** 2)
        loss += mean((judge_a(fake_a) - 1) ** 2)
        loss += 10 * mean(tf.abs(ba(fake_b) - real_a))
        loss += 10 * mean(tf.abs(ab(fake_a) - real_b))
        loss += 5 * mean(tf.abs(ba(real_a) - real_a))
        loss += 5 * mean(tf.abs(ab(real_b) - real_b))
    gradients = tape.gradient(loss, [v.value for v in generators])
    adams[0].apply(generators, gradients)
    discriminators = judge_a.trainable_variables + judge_b.trainable_variables
    with tf.GradientTape() as tape:
        loss = 0.5 * (
            mean((judge_a(real_a) - 1) ** 2)
            + mean(judge_a(fake_a) ** 2)
            + mean((judge_b(real_b) - 1) ** 2)
            + mean(judge_b(fake_b) ** 2)
        )
    gradients = tape.gradient(loss, [v.value for v in discriminators])
    adams[1].apply(discriminators, gradients)


def test_steps_equal_hand_written_steps(float64):
    # float64, because Adam's first step is the sign of the gradient: where
    # that is rounding, two float32 runs part.
    model, twin = (tiny.paper_cyclegan(pool_size=0) for _ in range(2))
    start = tiny.arrays(twin.trainable_variables)
    adams = [
        NumpyAdam(len(twin.generator_variables)),
        NumpyAdam(len(twin.discriminator_variables)),
    ]
    for step in range(2):
        real_a, real_b = (x.astype("float64") for x in tiny.pair(2, step))
        tiny.step(model, real_a, real_b)
        hand_written_step(twin, adams, real_a, real_b)
    ours = tiny.arrays(model.trainable_variables)
    theirs = tiny.arrays(twin.trainable_variables)
    for before, value, expected in zip(start, ours, theirs, strict=True):
        assert value.dtype == "float64"
        assert np.max(np.abs(value - before)) > 1e-5
        # Two steps of up to 2e-4 each.
        np.testing.assert_allclose(value, expected, rtol=0, atol=2e-8)


def test_batch_methods_of_keras_work():
    model, twin = (tiny.cyclegan(pool_size=0) for _ in range(2))
    tested = model.test_on_batch(*tiny.pair(), return_dict=True)
    trained = model.train_on_batch(*tiny.pair(), return_dict=True)
    assert tiny.step(twin, *tiny.pair()) == trained == tested
    tiny.assert_same_state(model, twin)


def test_evaluation_changes_nothing():
    model = tiny.cyclegan(dropout=0.5)
    model.fit(
        tiny.dataset(2), shuffle=False, verbose=0
    )  # Pools and slots are not empty.
    before = tiny.state(model)
    logs = [
        model.evaluate(tiny.dataset(2), verbose=0, return_dict=True)
        for _ in range(2)
    ]
    assert logs[0] == logs[1]  # No dropout, no pool.
    for value, expected in zip(tiny.state(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_networks_train(affine):
    model = tiny.paper_cyclegan(
        network={
            "normalization": "batch",
            "affine": affine,
            "use_bias": not affine,
        }
    )
    before = tiny.arrays(model.non_trainable_variables)
    logs = tiny.step(model, *tiny.pair())
    assert np.all(np.isfinite(list(logs.values())))
    assert tiny.all_finite(model)
    after = tiny.arrays(model.non_trainable_variables)
    changed = sum(np.any(x != y) for x, y in zip(before, after))
    # Mean and variance of 7 norms per generator and 1 per discriminator (and
    # the pools, their counts and seeds).
    assert changed >= 2 * (7 + 7 + 1 + 1)


def test_learns_a_toy_translation():
    # Domain b is the negative of domain a; all images are plain colours.
    rng = np.random.default_rng(0)
    colors_a = rng.uniform(0.2, 0.8, (32, 1, 1, 3))
    colors_b = -rng.uniform(0.2, 0.8, (32, 1, 1, 3))
    noise = rng.normal(size=(2, 32, 8, 8, 3)) * 0.1
    real_a = np.clip(colors_a + noise[0], -1, 1).astype("float32")
    real_b = np.clip(colors_b + noise[1], -1, 1).astype("float32")
    rate = FlatThenLinear(
        5e-3, steps_per_epoch=8, flat_epochs=8, decay_epochs=4
    )
    model = tiny.cyclegan(
        pool_size=8,
        run_eagerly=False,
        generator_optimizer=keras.optimizers.Adam(rate, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(rate, beta_1=0.5),
    )
    history = model.fit(
        real_a, real_b, batch_size=4, epochs=12, verbose=0
    ).history
    assert history["cycle_loss"][-1] < 0.5 * history["cycle_loss"][0]
    assert history["generator_loss"][-1] < 0.5 * history["generator_loss"][0]
    # And what it makes of a looks like b: dark.
    assert np.mean(model.predict(real_a, verbose=0)) < 0
    assert np.mean(model.predict(real_b, direction="ba", verbose=0)) > 0


# --- The face: predict, channels, saving, errors -----------------------------


def test_predict_in_both_directions():
    model = tiny.cyclegan()
    images = tiny.images(3)
    for arguments, generator in (
        ({}, model.generator_ab),
        ({"direction": "ab"}, model.generator_ab),
        ({"direction": "ba"}, model.generator_ba),
    ):
        np.testing.assert_allclose(
            model.predict(images, batch_size=2, verbose=0, **arguments),
            generator(images),
            atol=1e-6,
        )
    np.testing.assert_array_equal(model(images), model.generator_ab(images))


def test_predict_refuses_other_directions():
    message = "`direction` must be 'ab' or 'ba'. Received: direction='aa'."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.cyclegan().predict(tiny.images(), direction="aa")


def test_export_networks():
    model = tiny.cyclegan()
    assert model.export_networks() == {
        "generator_ab": model.generator_ab,
        "generator_ba": model.generator_ba,
    }


def count_calls(network):
    """The network behind a layer that counts; run it eagerly."""
    calls = []

    def count(x):
        calls.append(1)
        return x

    inputs = keras.Input(network.input_shape[1:])
    outputs = network(keras.layers.Lambda(count)(inputs))
    calls.clear()
    return keras.Model(inputs, outputs), calls


@pytest.mark.parametrize(
    ("lambda_identity", "calls_expected"), [(0.5, 3), (0.0, 2)]
)
def test_identity_is_computed_only_where_it_counts(
    lambda_identity, calls_expected
):
    generator_ab, calls = count_calls(tiny.generator())
    model = CycleGAN(
        generator_ab,
        tiny.generator(),
        tiny.discriminator(),
        tiny.discriminator(),
        pool_size=0,
    )
    model.compile(lambda_identity=lambda_identity, run_eagerly=True)
    calls.clear()
    logs = tiny.step(model, *tiny.pair())
    # fake_b, the cycle of b, and the identity of b: each once per step.
    assert len(calls) == calls_expected
    assert (logs["identity_loss"] == 0) == (lambda_identity == 0)


def test_unequal_channels_switch_the_identity_off():
    message = (
        "The identity loss is off: it feeds a generator with images of its "
        "target domain, but domain a has 3 channels and domain b 1. Set "
        "`lambda_identity=0` to say so yourself."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as record:
        model = tiny.cyclegan(channels_b=1)
    assert len(record) == 1
    assert record[0].filename == tiny.__file__  # It points at the caller.
    assert model.lambda_identity == 0
    real_a, real_b = tiny.images(2, 3), tiny.images(2, 1)
    logs = tiny.step(model, real_a, real_b)
    assert logs["identity_loss"] == 0
    assert model.predict(real_a, verbose=0).shape == (2, 8, 8, 1)
    translated = model.predict(real_b, direction="ba", verbose=0)
    assert translated.shape == (2, 8, 8, 3)
    # No warning (they are errors) for those who said so.
    tiny.cyclegan(channels_b=1, lambda_identity=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"lambda_cycle": -1.0},
            "`lambda_cycle` must be a number >= 0 or a pair of them. "
            "Received: lambda_cycle=-1.0.",
        ),
        (
            {"lambda_cycle": (1.0, -2.0)},
            "`lambda_cycle` must be a number >= 0 or a pair of them. "
            "Received: lambda_cycle=(1.0, -2.0).",
        ),
        (
            {"lambda_cycle": (1.0, 2.0, 3.0)},
            "`lambda_cycle` must be a number >= 0 or a pair of them. "
            "Received: lambda_cycle=(1.0, 2.0, 3.0).",
        ),
        (
            {"lambda_identity": -0.5},
            "`lambda_identity` must be >= 0. Received: lambda_identity=-0.5.",
        ),
    ],
    ids=["negative", "pair", "triple", "identity"],
)
def test_compile_checks_its_weights(arguments, message):
    model = tiny.cyclegan()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.compile(**arguments)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            {"discriminator_b": lambda: tiny.discriminator(1)},
            "`generator_ab` must produce what `discriminator_b` takes. "
            "Received: generator_ab with output shape (8, 8, 3), "
            "discriminator_b with input shape (8, 8, 1).",
        ),
        (
            {"discriminator_a": lambda: tiny.discriminator(1)},
            "`generator_ba` must produce what `discriminator_a` takes. "
            "Received: generator_ba with output shape (8, 8, 3), "
            "discriminator_a with input shape (8, 8, 1).",
        ),
        (
            {"generator_ba": lambda: tiny.generator(1, 3)},
            "`generator_ab` must produce what `generator_ba` takes. "
            "Received: generator_ab with output shape (8, 8, 3), "
            "generator_ba with input shape (8, 8, 1).",
        ),
        (
            {"generator_ab": lambda: tiny.generator(1, 3)},
            "`generator_ba` must produce what `generator_ab` takes. "
            "Received: generator_ba with output shape (8, 8, 3), "
            "generator_ab with input shape (8, 8, 1).",
        ),
        (
            {"generator_ab": lambda: build_resnet_generator((12, 8, 3), 3, 2)},
            "`generator_ab` must produce what `discriminator_b` takes. "
            "Received: generator_ab with output shape (12, 8, 3), "
            "discriminator_b with input shape (8, 8, 3).",
        ),
    ],
    ids=["judge b", "judge a", "ba", "ab", "size"],
)
def test_networks_must_fit(networks, message):
    builders = {
        "generator_ab": tiny.generator,
        "generator_ba": tiny.generator,
        "discriminator_a": tiny.discriminator,
        "discriminator_b": tiny.discriminator,
        **networks,
    }
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CycleGAN(**{name: build() for name, build in builders.items()})


def free_networks():
    return [
        *[build_resnet_generator((None, None, 3), None, 2, 0) for _ in "ab"],
        *[
            tiny.build_patchgan_discriminator((None, None, 3), 2, 1)
            for _ in "ab"
        ],
    ]


def test_free_sizes_need_a_pool_of_size_0():
    message = (
        "An image pool needs images of one size. "
        "Received: input_shape=(None, None, None, 3). Build the networks with "
        "a fixed height and width, or set `pool_size=0`."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CycleGAN(*free_networks())
    model = CycleGAN(*free_networks(), pool_size=0)
    model.compile(run_eagerly=True)
    for size in (8, 12):
        images = np.zeros((1, size, size + 4, 3), "float32")
        logs = tiny.step(model, images, images)
        assert np.all(np.isfinite(list(logs.values())))


def test_negative_pool_is_refused():
    message = "`pool_size` must be >= 0. Received: pool_size=-1."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.cyclegan(pool_size=-1)


def test_default_pool_is_the_papers():
    model = CycleGAN(
        *[tiny.generator() for _ in "ab"], *[tiny.discriminator() for _ in "ab"]
    )
    assert model.pool_a.images.shape == (50, 8, 8, 3)
    assert model.pool_b.images.shape == (50, 8, 8, 3)


def test_pools_draw_apart():
    model = tiny.cyclegan(seed=3)
    states = tiny.arrays(
        pool.seed_generator.state for pool in (model.pool_a, model.pool_b)
    )
    assert np.any(states[0] != states[1])


def trained_model():
    model = tiny.cyclegan(
        seed=4,
        pool_size=3,
        generator_optimizer=keras.optimizers.Adam(FlatThenLinear(0.01, 2)),
        discriminator_optimizer="rmsprop",
        adversarial_loss="hinge",
        lambda_cycle=(3.0, 4.0),
        lambda_identity=0.25,
        discriminator_loss_weight=0.75,
    )
    model.fit(tiny.dataset(3), shuffle=False, verbose=0)
    return model


@pytest.fixture(scope="module")
def trained():
    return trained_model()


def test_keras_file_brings_back_everything(trained, tmp_path):
    trained.save(tmp_path / "cyclegan.keras")
    revived = keras.saving.load_model(tmp_path / "cyclegan.keras")
    assert type(revived) is CycleGAN
    tiny.assert_same_state(revived, trained)
    assert int(revived.generator_optimizer.iterations) == 3
    assert int(revived.discriminator_optimizer.iterations) == 3
    assert type(revived.generator_optimizer) is keras.optimizers.Adam
    assert type(revived.discriminator_optimizer) is keras.optimizers.RMSprop
    schedule = revived.generator_optimizer._learning_rate
    assert schedule.get_config() == FlatThenLinear(0.01, 2).get_config()
    assert type(revived.generator_loss) is losses.HingeGeneratorLoss
    assert type(revived.discriminator_loss) is losses.HingeDiscriminatorLoss
    assert (revived.lambda_cycle_a, revived.lambda_cycle_b) == (3.0, 4.0)
    assert revived.lambda_identity == 0.25
    assert revived.discriminator_loss_weight == 0.75
    assert (revived.pool_size, revived.seed) == (3, 4)
    assert int(revived.pool_a.num_images) == 3
    assert np.any(tiny.arrays([revived.pool_a.images])[0] != 0)
    assert revived.name == trained.name
    images = tiny.images()
    for direction in ("ab", "ba"):
        np.testing.assert_array_equal(
            revived.predict(images, direction=direction, verbose=0),
            trained.predict(images, direction=direction, verbose=0),
        )


def test_weights_file_brings_back_everything(trained, tmp_path):
    trained.save_weights(tmp_path / "cyclegan.weights.h5")
    other = tiny.cyclegan(
        seed=8,
        pool_size=3,
        generator_optimizer="adam",
        discriminator_optimizer="rmsprop",
    )
    # A schedule has no variable; the optimizer must be of the same make.
    other.compile(keras.optimizers.Adam(FlatThenLinear(0.01, 2)), "rmsprop")
    other.load_weights(tmp_path / "cyclegan.weights.h5")
    tiny.assert_same_state(other, trained)


def test_loaded_pools_go_on_alike(trained, tmp_path):
    trained.save(tmp_path / "cyclegan.keras")
    twins = [
        keras.saving.load_model(tmp_path / "cyclegan.keras") for _ in range(2)
    ]
    batches = [tiny.images(4, seed=step) for step in range(4)]
    num_past = 0
    for batch in batches:
        answers = [np.array(twin.pool_a(batch)) for twin in twins]
        np.testing.assert_array_equal(answers[0], answers[1])
        num_past += np.sum(np.any(answers[0] != batch, axis=(1, 2, 3)))
    assert 0 < num_past < 16
    # A pool whose draws start anew answers otherwise.
    forgetful = keras.saving.load_model(tmp_path / "cyclegan.keras")
    state = forgetful.pool_a.seed_generator.state
    assert tiny.arrays([state])[0][1] > 0
    state.assign([4, 0])
    answers = [np.array(forgetful.pool_a(batch)) for batch in batches]
    expected = keras.saving.load_model(tmp_path / "cyclegan.keras")
    again = [np.array(expected.pool_a(batch)) for batch in batches]
    assert np.any(np.concatenate(answers) != np.concatenate(again))


def test_config_round_trip(trained):
    config = trained.get_config()
    # Keras's functional models take the config that they get to pieces.
    twin = CycleGAN.from_config(copy.deepcopy(config))
    assert twin.get_config() == config
    assert type(twin.generator_ab) is type(trained.generator_ab)


def test_uncompiled_model_is_saved(tmp_path):
    model = CycleGAN(
        *[tiny.generator() for _ in "ab"], *[tiny.discriminator() for _ in "ab"]
    )
    model.save(tmp_path / "cyclegan.keras")
    revived = keras.saving.load_model(tmp_path / "cyclegan.keras")
    images = tiny.images()
    np.testing.assert_array_equal(revived(images), model(images))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "10"])
def test_weights_that_are_no_numbers_are_refused(value):
    model = tiny.cyclegan()
    with pytest.raises(ValueError, match="^`lambda_cycle` must be a number"):
        model.compile(lambda_cycle=value)
    with pytest.raises(ValueError, match="^`lambda_identity` must be >= 0"):
        model.compile(lambda_identity=value)


def test_predict_refuses_pairs():
    message = (
        "`x` must hold images of one domain, not pairs. Map the data set to "
        "its first or second part."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.cyclegan().predict(tiny.dataset(1), direction="ba")
