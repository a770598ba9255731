import copy
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import (
    FlatThenLinear,
    Pix2Pix,
    build_patchgan_discriminator,
    build_unet_generator,
)
from keras_gans.losses import adversarial as losses
from keras_gans.models import inference_view
from keras_gans.models.adversarial import AdversarialModel
from tests.models import tiny

TRAIN_LOGS = {
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
    "l1_loss",
}
TEST_LOGS = TRAIN_LOGS | {"psnr", "ssim"}
MIXED = ["mixed_float16", "mixed_bfloat16"]


class NoLoss(keras.losses.Loss):
    """Takes the adversarial term out of the generator's objective."""

    needs_real_logits = False

    def call(self, real_logits, fake_logits):
        return 0.0 * tf.reduce_mean(fake_logits, axis=(1, 2, 3))


NO_ADVERSARY = (NoLoss(), losses.NonSaturatingDiscriminatorLoss())


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def unet(inputs=3, outputs=3, dropout=0.0, filters=4, **kwargs):
    return build_unet_generator(
        (tiny.SIZE, tiny.SIZE, inputs),
        outputs,
        filters,
        dropout=dropout,
        **kwargs,
    )


def patchgan(channels=6):
    return build_patchgan_discriminator(
        (tiny.SIZE, tiny.SIZE, channels), 4, 1, "batch", True, False
    )


def pix2pix(
    seed=0, dropout=0.0, norm_mode="instance", filters=4, **compile_arguments
):
    """Compiled, in eager mode unless told otherwise."""
    keras.utils.set_random_seed(seed)
    model = Pix2Pix(
        unet(dropout=dropout, filters=filters), patchgan(), norm_mode, seed
    )
    model.compile(**{"run_eagerly": True, **compile_arguments})
    return model


@pytest.fixture(scope="module")
def model():
    """For tests that compile it anew; nothing but its statistics moves."""
    return pix2pix(filters=8)


def hold_still(model, **compile_arguments):
    """Compiles `model` for training that moves no trainable weight."""
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.optimizers.SGD(0.0),
        run_eagerly=True,
        **compile_arguments,
    )


def moved(model, action):
    """Names of the networks of which `action` changes a trainable weight."""
    networks = {"generator": model.generator} | {
        "discriminator": model.discriminator
    }
    before = {
        name: tiny.arrays(network.trainable_variables)
        for name, network in networks.items()
    }
    action()
    return {
        name
        for name, network in networks.items()
        if any(
            np.any(x != y)
            for x, y in zip(
                before[name], tiny.arrays(network.trainable_variables)
            )
        )
    }


def scores_of(model, input_images, target_images):
    return model.evaluate(
        input_images, target_images, verbose=0, return_dict=True
    )


# --- The objective's value ---------------------------------------------------


def softplus(x):
    return np.logaddexp(0.0, x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# name -> (generator's, discriminator's, probability of an answer)
ADVERSARIES = {
    "non_saturating": (
        lambda real, fake: np.mean(softplus(-fake)),
        lambda real, fake: np.mean(softplus(-real)) + np.mean(softplus(fake)),
        lambda logits, other: sigmoid(logits),
    ),
    "minimax": (
        lambda real, fake: np.mean(-softplus(fake)),
        lambda real, fake: np.mean(softplus(-real)) + np.mean(softplus(fake)),
        lambda logits, other: sigmoid(logits),
    ),
    "least_squares": (
        lambda real, fake: np.mean((fake - 1) ** 2),
        lambda real, fake: np.mean((real - 1) ** 2) + np.mean(fake**2),
        lambda logits, other: np.clip(logits, 0, 1),
    ),
    "hinge": (
        lambda real, fake: np.mean(-fake),
        lambda real, fake: (
            np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))
        ),
        lambda logits, other: sigmoid(logits),
    ),
    "relativistic_average": (
        lambda real, fake: (
            np.mean(softplus(np.mean(real) - fake))
            + np.mean(softplus(real - np.mean(fake)))
        ),
        lambda real, fake: (
            np.mean(softplus(np.mean(fake) - real))
            + np.mean(softplus(fake - np.mean(real)))
        ),
        lambda logits, other: sigmoid(logits - np.mean(other)),
    ),
}


def expected_logs(
    model,
    input_image,
    target_image,
    family="non_saturating",
    lambda_l1=100.0,
    discriminator_weight=0.5,
):
    """All terms for one pair, from the networks' outputs in training."""
    fake_image = np.array(model.generator(input_image, training=True))
    real_logits, fake_logits = (
        np.array(
            model.discriminator(
                np.concatenate([input_image, image], axis=-1), training=True
            ),
            "float64",
        )
        for image in (target_image, fake_image)
    )
    for_generator, for_discriminator, probability = ADVERSARIES[family]
    l1 = np.mean(np.abs(target_image - fake_image))
    return {
        "generator_loss": (
            for_generator(real_logits, fake_logits) + lambda_l1 * l1
        ),
        "discriminator_loss": (
            discriminator_weight * for_discriminator(real_logits, fake_logits)
        ),
        "real_probability": np.mean(probability(real_logits, fake_logits)),
        "fake_probability": np.mean(probability(fake_logits, real_logits)),
        "l1_loss": l1,
    }


def assert_logs(logs, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(
            logs[name], value, rtol=1e-4, atol=1e-6, err_msg=name
        )


@pytest.mark.parametrize(
    ("family", "lambda_l1", "discriminator_weight"),
    [
        ("non_saturating", 100.0, 0.5),
        ("non_saturating", 0, 1.0),
        ("minimax", 3, 2.0),
        ("least_squares", 3, 2.0),
        ("hinge", 0, 0.5),
        ("relativistic_average", 3, 0.5),
    ],
)
def test_logs_are_the_papers_terms(
    model, family, lambda_l1, discriminator_weight
):
    hold_still(
        model,
        adversarial_loss=family,
        lambda_l1=lambda_l1,
        discriminator_loss_weight=discriminator_weight,
    )
    pair = tiny.pair(1)
    expected = expected_logs(
        model, *pair, family, lambda_l1, discriminator_weight
    )
    trained = tiny.step(model, *pair)
    assert set(trained) == TRAIN_LOGS
    assert_logs(trained, expected)
    # In the paper's mode, evaluation is training that changes nothing.
    evaluated = scores_of(model, *pair)
    assert set(evaluated) == TEST_LOGS
    assert_logs(evaluated, expected)


def test_default_weights_are_the_papers(model):
    hold_still(model)
    pair = tiny.pair(1)
    assert_logs(tiny.step(model, *pair), expected_logs(model, *pair))
    assert type(model.generator_loss) is losses.NonSaturatingGeneratorLoss


def test_all_losses_of_the_table_but_one_are_covered():
    assert set(losses.ADVERSARIAL_LOSSES) - set(ADVERSARIES) == {"wasserstein"}


def test_evaluation_of_a_batch_is_the_mean_over_its_images(model):
    # Each by its own statistics, in the generator and in the discriminator.
    hold_still(model)
    input_images, target_images = tiny.pair(2)
    evaluated = scores_of(model, input_images, target_images)
    single = [
        scores_of(model, input_images[i : i + 1], target_images[i : i + 1])
        for i in range(2)
    ]
    assert_logs(
        evaluated,
        {name: np.mean([logs[name] for logs in single]) for name in TEST_LOGS},
    )


def test_running_mode_evaluates_by_running_statistics():
    model = pix2pix(norm_mode="running")
    for network in (model.generator, model.discriminator):
        for statistic in network.non_trainable_variables:
            statistic.assign(statistic + 0.1)
    input_images, target_images = tiny.pair(2)
    fake_images = np.array(model.generator(input_images, training=False))
    logits = model.discriminator(
        np.concatenate([input_images, fake_images], axis=-1), training=False
    )
    evaluated = scores_of(model, input_images, target_images)
    np.testing.assert_allclose(
        evaluated["l1_loss"],
        np.mean(np.abs(fake_images - target_images)),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        evaluated["fake_probability"], np.mean(sigmoid(logits)), rtol=1e-5
    )
    in_batch_mode = Pix2Pix(model.generator, model.discriminator)
    in_batch_mode.compile(run_eagerly=True)
    other = scores_of(in_batch_mode, input_images, target_images)
    assert abs(other["l1_loss"] - evaluated["l1_loss"]) > 1e-4


# --- PSNR and SSIM -----------------------------------------------------------


def numpy_psnr(first, second):
    """Decibels of pictures in [0, 1]."""
    return -10 * np.log10(np.mean(((first - second) / 2) ** 2))


def numpy_ssim(first, second, side):
    """Wang et al., 2004, eq. 13, with the constants of section III C, of
    pictures in [0, 1]; the Gaussian window has `side` pixels."""
    first, second = ((x.astype("float64") + 1) / 2 for x in (first, second))
    offsets = np.arange(side) - (side - 1) / 2
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(window, window) / np.sum(window) ** 2

    def windows(images):
        views = np.lib.stride_tricks.sliding_window_view(
            images, (side, side), axis=(0, 1)
        )
        return views  # (rows, columns, channels, side, side)

    def mean(values):
        return np.sum(values * window, axis=(-2, -1))

    x, y = windows(first), windows(second)
    mean_x, mean_y = mean(x), mean(y)
    variance_x = mean(x**2) - mean_x**2
    variance_y = mean(y**2) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    return np.mean(
        (2 * mean_x * mean_y + c1)
        * (2 * covariance + c2)
        / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
    )


class Plain(layers.Layer):
    """An identity with a weight."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, images):
        return images * self.factor


def plain_model(height, width):
    images = layers.Input((height, width, 2))
    pairs = layers.Input((height, width, 4))
    model = Pix2Pix(
        keras.Model(images, Plain()(images)),
        keras.Model(pairs, layers.Conv2D(1, 3)(pairs)),
    )
    model.compile(run_eagerly=True)
    return model


@pytest.mark.parametrize(
    ("height", "width", "side"), [(13, 16, 11), (8, 8, 8), (7, 16, 7)]
)
def test_psnr_and_ssim(height, width, side):
    rng = np.random.default_rng(0)
    targets = rng.uniform(-1, 1, (3, height, width, 2)).astype("float32")
    noise = 0.2 * rng.normal(size=targets.shape)
    images = np.clip(targets + noise, -1, 1).astype("float32")
    logs = scores_of(plain_model(height, width), images, targets)
    pairs = list(zip(images, targets))
    np.testing.assert_allclose(
        logs["psnr"], np.mean([numpy_psnr(*pair) for pair in pairs]), rtol=1e-4
    )
    np.testing.assert_allclose(
        logs["ssim"],
        np.mean([numpy_ssim(*pair, side) for pair in pairs]),
        atol=1e-4,
    )
    assert logs["ssim"] < 0.99


def test_equal_images_have_a_finite_psnr():
    images = tiny.images(2)[..., :2]
    logs = scores_of(plain_model(8, 8), images, images)
    assert (logs["psnr"], logs["l1_loss"]) == (100.0, 0.0)
    np.testing.assert_allclose(logs["ssim"], 1.0, rtol=1e-6)


# --- Gradients: which term reaches which network -----------------------------


def generator_gradients(model, **compile_arguments):
    """Of the generator's objective, by a plain tape: for both networks."""
    model.compile(run_eagerly=True, **compile_arguments)
    input_images, target_images = tiny.pair(1)
    variables = [
        [variable.value for variable in network.trainable_variables]
        for network in (model.generator, model.discriminator)
    ]
    with tf.GradientTape() as tape:
        fake_images = model.generator(input_images, training=True)
        loss, _ = model._generator_objective(
            input_images, target_images, fake_images, training=True
        )
    return tape.gradient(loss, variables)


def test_l1_alone_reaches_every_weight_of_the_generator(model):
    for_generator, for_discriminator = generator_gradients(
        model, adversarial_loss=NO_ADVERSARY
    )
    for weight, gradient in zip(
        model.generator.trainable_variables, for_generator, strict=True
    ):
        assert np.all(np.isfinite(gradient)), weight.path
        assert np.any(gradient != 0), weight.path
    for gradient in for_discriminator:
        assert gradient is None or not np.any(gradient)


def test_adversarial_term_alone_reaches_every_weight_of_the_generator(model):
    gradients, _ = generator_gradients(model, lambda_l1=0)
    for weight, gradient in zip(
        model.generator.trainable_variables, gradients, strict=True
    ):
        assert np.all(np.isfinite(gradient)), weight.path
        assert np.any(gradient != 0), weight.path


def test_without_both_terms_nothing_is_left():
    model = pix2pix()
    # A discriminator of zeros answers the same to all, and teaches nothing.
    model.discriminator.set_weights(
        [np.zeros_like(w) for w in model.discriminator.get_weights()]
    )
    gradients, _ = generator_gradients(model, lambda_l1=0)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, 0.0)


def test_gradient_is_the_weighted_sum_of_its_terms(model):
    adversarial, _ = generator_gradients(model, lambda_l1=0)
    l1, _ = generator_gradients(
        model, lambda_l1=1, adversarial_loss=NO_ADVERSARY
    )
    both, _ = generator_gradients(model, lambda_l1=7)
    for first, second, total in zip(adversarial, l1, both, strict=True):
        np.testing.assert_allclose(
            total, np.array(first) + 7 * np.array(second), atol=1e-4
        )


def test_discriminator_sees_the_input(model):
    # With equal targets, only the input can tell the two pairs apart.
    (first, second), target = tiny.images(2)[:, None], tiny.images(1, seed=9)
    logits = [
        np.array(model._judge(image, target, training=False))
        for image in (first, second)
    ]
    assert np.max(np.abs(logits[0] - logits[1])) > 1e-3


def test_every_weight_of_the_discriminator_gets_a_gradient(model):
    model.compile(run_eagerly=True)
    input_images, target_images = tiny.pair(2)
    variables = model.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        loss, _ = model._discriminator_objective(
            input_images, target_images, tiny.images(2, seed=5), training=True
        )
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient != 0), variable.path


# --- Turns -------------------------------------------------------------------


def test_discriminators_turn_moves_only_the_discriminator():
    model = pix2pix()
    parts = model._parts(*tiny.pair())
    assert moved(
        model, lambda: model._train_discriminator(parts, model._generate)
    ) == {"discriminator"}


def test_a_step_moves_both():
    model = pix2pix()
    assert moved(model, lambda: tiny.step(model, *tiny.pair())) == {
        "generator",
        "discriminator",
    }


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_each_optimizer_moves_its_own_player(player):
    other = {"generator": "discriminator", "discriminator": "generator"}[player]
    model = pix2pix(**{f"{other}_optimizer": keras.optimizers.SGD(0.0)})
    assert moved(model, lambda: tiny.step(model, *tiny.pair())) == {player}


def count_calls(network):
    """The network behind a layer that counts; run it eagerly."""
    calls = []

    def count(x):
        calls.append(1)
        return x

    inputs = keras.Input(network.input_shape[1:])
    outputs = network(layers.Lambda(count)(inputs))
    return keras.Model(inputs, outputs), calls


@pytest.mark.parametrize(
    ("family", "judgements"),
    [("non_saturating", 3), ("relativistic_average", 4)],
)
def test_forward_passes_of_a_step(family, judgements):
    generator, generated = count_calls(unet())
    discriminator, judged = count_calls(patchgan())
    model = Pix2Pix(generator, discriminator)
    model.compile(adversarial_loss=family, run_eagerly=True)
    generated.clear()
    judged.clear()
    tiny.step(model, *tiny.pair(1))
    assert len(generated) == 1
    assert len(judged) == judgements


def hand_written_step(model, pair, rates, order):
    """Plain gradient descent on the paper's objectives, with plain tapes."""
    generator, discriminator = model.generator, model.discriminator
    input_images, target_images = pair

    def judge(images):
        return discriminator(
            tf.concat([input_images, images], axis=3), training=True
        )

    def bce(target, logits):
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                target * tf.ones_like(logits), logits
            )
        )

    def descend(tape, loss, network, rate):
        variables = network.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        for variable, gradient in zip(variables, gradients):
            variable.assign(variable - rate * gradient)
        return float(loss)

    def train_generator():
        with tf.GradientTape() as tape:
            fakes = generator(input_images, training=True)
            loss = bce(1.0, judge(fakes)) + 100 * tf.reduce_mean(
                tf.abs(target_images - fakes)
            )
        return descend(tape, loss, generator, rates[0])

    def train_discriminator():
        fakes = generator(input_images, training=True)
        with tf.GradientTape() as tape:
            loss = bce(1.0, judge(target_images)) + bce(0.0, judge(fakes))
            loss = loss / 2
        return descend(tape, loss, discriminator, rates[1])

    turns = {
        "generator_loss": train_generator,
        "discriminator_loss": train_discriminator,
    }
    return {name: turns[name]() for name in order}


def compare_with_hand_written_steps(order):
    rates = 0.002, 0.5
    model, twin = (
        pix2pix(
            generator_optimizer=keras.optimizers.SGD(rates[0]),
            discriminator_optimizer=keras.optimizers.SGD(rates[1]),
        )
        for _ in range(2)
    )
    start = tiny.arrays(twin.trainable_variables)
    for step in range(2):
        pair = tiny.pair(2, seed=step)
        logs = tiny.step(model, *pair)
        expected = hand_written_step(twin, pair, rates, order)
        for name, value in expected.items():
            np.testing.assert_allclose(logs[name], value, rtol=1e-4)
    for before, value, expected in zip(
        start,
        tiny.arrays(model.trainable_variables),
        tiny.arrays(twin.trainable_variables),
        strict=True,
    ):
        assert np.max(np.abs(value - before)) > 1e-4
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-5)


def test_steps_equal_hand_written_steps():
    compare_with_hand_written_steps(["discriminator_loss", "generator_loss"])


def test_comparison_notices_the_other_order():
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compare_with_hand_written_steps(
            ["generator_loss", "discriminator_loss"]
        )


def test_training_drops_out():
    # Two models that differ in the noise alone.
    first, second = pix2pix(dropout=0.5), pix2pix(dropout=0.5)
    for layer in second.generator.layers:
        if isinstance(layer, layers.Dropout):
            layer.seed_generator.state.assign([99, 0])
    logs = [tiny.step(model, *tiny.pair()) for model in (first, second)]
    assert logs[0]["l1_loss"] != logs[1]["l1_loss"]


def test_training_moves_the_running_statistics():
    model = pix2pix()
    statistics = [
        variable
        for network in (model.generator, model.discriminator)
        for variable in network.non_trainable_variables
    ]
    before = tiny.arrays(statistics)
    tiny.step(model, *tiny.pair())
    assert len(before) == 2 * (3 + 1)  # Norms of a U-Net and of a PatchGAN.
    for value, expected in zip(tiny.arrays(statistics), before):
        assert np.any(value != expected)


def test_learns_a_toy_translation():
    # Patches of four pixels each; the target is their negative.
    inputs = np.kron(tiny.images(16)[:, ::2, ::2], np.ones((1, 2, 2, 1)))
    inputs = inputs.astype("float32")
    keras.utils.set_random_seed(0)
    model = Pix2Pix(tiny.generator(), tiny.discriminator(6))
    model.compile(
        keras.optimizers.Adam(5e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-3, beta_1=0.5),
    )
    before = scores_of(model, inputs, -inputs)
    model.fit(inputs, -inputs, batch_size=4, epochs=20, verbose=0)
    after = scores_of(model, inputs, -inputs)
    assert after["l1_loss"] < 0.5 * before["l1_loss"]
    assert after["psnr"] > before["psnr"] + 3
    assert after["ssim"] > before["ssim"] + 0.3


# --- Inference ---------------------------------------------------------------


def trained_model(**arguments):
    model = pix2pix(
        seed=4,
        dropout=0.5,
        generator_optimizer=keras.optimizers.Adam(FlatThenLinear(0.01, 2)),
        discriminator_optimizer="rmsprop",
        adversarial_loss="hinge",
        lambda_l1=30.0,
        discriminator_loss_weight=0.75,
        **arguments,
    )
    model.fit(tiny.dataset(3), shuffle=False, verbose=0)
    return model


@pytest.fixture(scope="module")
def trained():
    """Of which no test changes the weights."""
    return trained_model()


@pytest.mark.parametrize("norm_mode", ["instance", "batch", "running"])
def test_call_predict_and_export_run_in_the_models_mode(trained, norm_mode):
    model = Pix2Pix(trained.generator, trained.discriminator, norm_mode)
    images = tiny.images(3)
    expected = np.array(inference_view(model.generator, norm_mode)(images))
    export = model.export_networks()
    assert set(export) == {"generator"}
    for outputs in (
        model(images),
        model(images, training=False),
        model.predict(images, batch_size=3, verbose=0),
        model.translate(images, dropout=False),
        export["generator"](images),
    ):
        np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_export_with_dropout_is_one_draw_of_the_models_seed(trained):
    images = tiny.images(3)
    first, twin, other = (
        Pix2Pix(trained.generator, trained.discriminator, seed=seed)
        .export_networks(dropout=True)["generator"]
        .predict(images, verbose=0)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, twin)
    without = trained.export_networks()["generator"].predict(images, verbose=0)
    for drawn in (other, without):
        assert np.max(np.abs(drawn - first)) > 1e-3
    running = trained.export_networks("running")["generator"]
    assert running is trained.generator


def test_modes_differ(trained):
    images = tiny.images(3)
    outputs = [
        trained.translate(images, norm_mode, dropout, seed=1)
        for norm_mode in ("instance", "batch", "running")
        for dropout in (True, False)
    ]
    for i in range(6):
        for j in range(i):
            assert np.max(np.abs(outputs[i] - outputs[j])) > 1e-3


def test_translation_without_arguments_is_the_papers(trained):
    images = tiny.images(2)
    np.testing.assert_array_equal(
        trained.translate(images, seed=1),
        trained.translate(images, "instance", True, seed=1),
    )


def test_call_in_training_is_the_generators(model):
    images = tiny.images(2)
    before = tiny.arrays(model.generator.non_trainable_variables)
    outputs = model(images, training=True)
    after = tiny.arrays(model.generator.non_trainable_variables)
    assert all(np.any(x != y) for x, y in zip(before, after))
    np.testing.assert_allclose(
        outputs, model.generator(images, training=True), atol=1e-6
    )


def test_seeds_of_translations(trained):
    images = tiny.images(2)
    first = trained.translate(images, seed=3)
    np.testing.assert_array_equal(trained.translate(images, seed=3), first)
    assert np.any(trained.translate(images, seed=4) != first)
    following = [trained.translate(images) for _ in range(2)]
    assert np.any(following[0] != following[1])


def test_seed_of_the_model_is_that_of_its_translations(trained):
    first, second, other = (
        Pix2Pix(trained.generator, trained.discriminator, seed=seed)
        for seed in (5, 5, 6)
    )
    images = tiny.images(2)
    expected = first.translate(images)
    np.testing.assert_array_equal(second.translate(images), expected)
    assert np.any(other.translate(images) != expected)


def test_translations_change_nothing(trained):
    before = tiny.state(trained)
    images = tiny.images(2)
    for norm_mode in (None, "instance", "batch", "running"):
        for dropout in (True, False):
            trained.translate(images, norm_mode, dropout)
    trained.predict(images, verbose=0)
    trained(images)
    for value, expected in zip(tiny.state(trained), before, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_translations_take_data_sets(trained):
    images = tiny.images(3)
    data = tf.data.Dataset.from_tensor_slices(images).batch(2)
    np.testing.assert_allclose(
        trained.translate(data, dropout=False),
        trained.translate(images, dropout=False),
        atol=1e-6,
    )


def test_evaluation_changes_nothing():
    model = trained_model()
    before = tiny.state(model)
    logs = [scores_of(model, *tiny.pair(3)) for _ in range(2)]
    assert logs[0] == logs[1]  # No dropout.
    for value, expected in zip(tiny.state(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_views_are_no_part_of_the_model(trained):
    trained.translate(tiny.images(1))
    assert trained.layers == [trained.generator, trained.discriminator]
    parts = trained.generator.weights + trained.discriminator.weights
    assert len(trained.weights) == len(parts)


# --- As a Keras model --------------------------------------------------------


def test_logs_of_fit():
    model = pix2pix()
    history = model.fit(
        tiny.dataset(2),
        validation_data=tiny.dataset(1),
        shuffle=False,
        verbose=0,
    ).history
    assert set(history) == TRAIN_LOGS | {f"val_{name}" for name in TEST_LOGS}


def test_graph_and_steps_per_execution_equal_eager():
    trained = []
    for arguments in (
        {"run_eagerly": True},
        {"run_eagerly": False, "steps_per_execution": 2},
    ):
        model = pix2pix(
            generator_optimizer=keras.optimizers.SGD(1e-3),
            discriminator_optimizer=keras.optimizers.SGD(0.01),
            dropout=0.5,
            **arguments,
        )
        model.fit(tiny.dataset(4), shuffle=False, verbose=0)
        assert int(model.generator_optimizer.iterations) == 4
        trained.append(tiny.state(model))
    for eager, graph in zip(*trained, strict=True):
        np.testing.assert_allclose(graph, eager, atol=1e-5)


def small_model(**compile_arguments):
    """One convolution each, for there to be little to compile."""
    keras.utils.set_random_seed(0)
    images, pairs = layers.Input((8, 8, 3)), layers.Input((8, 8, 6))
    model = Pix2Pix(
        keras.Model(images, layers.Conv2D(3, 3, padding="same")(images)),
        keras.Model(pairs, layers.Conv2D(1, 4)(pairs)),
    )
    model.compile(
        keras.optimizers.SGD(1e-3),
        keras.optimizers.SGD(0.1),
        **compile_arguments,
    )
    return model


def test_jit_compile_equals_eager():
    trained, logs = [], []
    for arguments in ({"run_eagerly": True}, {"jit_compile": True}):
        model = small_model(**arguments)
        before = tiny.arrays(model.weights)
        model.fit(tiny.dataset(2), shuffle=False, verbose=0)
        logs.append(scores_of(model, *tiny.pair()))
        trained.append(tiny.arrays(model.weights))
    for start, plain, jitted in zip(before, *trained, strict=True):
        assert np.max(np.abs(plain - start)) > 1e-4
        np.testing.assert_allclose(jitted, plain, atol=1e-6)
    for name in TEST_LOGS:
        np.testing.assert_allclose(logs[1][name], logs[0][name], rtol=1e-3)


@pytest.mark.parametrize("precision", MIXED)
def test_mixed_precision_trains(policy, precision):
    policy(precision)
    model = pix2pix(dropout=0.5)
    scaled = isinstance(
        model.generator_optimizer, keras.optimizers.LossScaleOptimizer
    )
    assert scaled == (precision == "mixed_float16")
    history = []
    assert moved(
        model,
        lambda: history.append(
            model.fit(
                # Float16 skips steps until its loss scale fits.
                tiny.dataset(6, 1),
                validation_data=tiny.dataset(1),
                shuffle=False,
                verbose=0,
            ).history
        ),
    ) == {"generator", "discriminator"}
    assert np.all(np.isfinite(list(history[0].values())))
    assert tiny.all_finite(model)
    assert model.translate(tiny.images(2)).dtype == "float32"


def test_other_channels_and_sizes():
    model = Pix2Pix(
        build_unet_generator((8, 16, 1), 4, 2),
        build_patchgan_discriminator((8, 16, 5), 2, 1, "instance"),
    )
    model.compile(run_eagerly=True)
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, (2, 8, 16, 1)).astype("float32")
    targets = rng.uniform(-1, 1, (2, 8, 16, 4)).astype("float32")
    logs = {
        **tiny.step(model, inputs, targets),
        **scores_of(model, inputs, targets),
    }
    assert np.all(np.isfinite(list(logs.values())))
    assert model.translate(inputs).shape == (2, 8, 16, 4)


def train_in_two_parts(tmp_path, how):
    """2 steps, a file, and 2 steps by another model, born with another seed."""
    first = pix2pix(dropout=0.5)
    data = tiny.dataset(4)
    first.fit(data.take(2), shuffle=False, verbose=0)
    if how == "keras":
        first.save(tmp_path / "half.keras")
        keras.utils.set_random_seed(99)
        second = keras.saving.load_model(tmp_path / "half.keras")
        second.run_eagerly = True
    else:
        first.save_weights(tmp_path / "half.weights.h5")
        second = pix2pix(seed=99, dropout=0.5)
        second.load_weights(tmp_path / "half.weights.h5")
    tiny.assert_same_state(second, first)
    second.fit(data.skip(2), shuffle=False, verbose=0)
    return second


@pytest.fixture(scope="module")
def uninterrupted():
    model = pix2pix(dropout=0.5)
    model.fit(tiny.dataset(4), shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("how", ["keras", "weights"])
def test_resumed_equals_uninterrupted(uninterrupted, tmp_path, how):
    resumed = train_in_two_parts(tmp_path, how)
    tiny.assert_same_state(resumed, uninterrupted)


def test_resume_check_notices_lost_dropout_seeds(
    uninterrupted, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        AdversarialModel, "load_own_variables", lambda self, store: None
    )
    with pytest.raises(AssertionError, match="not equal"):
        tiny.assert_same_state(
            train_in_two_parts(tmp_path, "keras"), uninterrupted
        )


def test_keras_file_brings_back_everything(tmp_path):
    trained = trained_model(norm_mode="running")
    trained.save(tmp_path / "pix2pix.keras")
    revived = keras.saving.load_model(tmp_path / "pix2pix.keras")
    assert type(revived) is Pix2Pix
    tiny.assert_same_state(revived, trained)
    assert int(revived.generator_optimizer.iterations) == 3
    assert type(revived.discriminator_optimizer) is keras.optimizers.RMSprop
    schedule = revived.generator_optimizer._learning_rate
    assert schedule.get_config() == FlatThenLinear(0.01, 2).get_config()
    assert type(revived.generator_loss) is losses.HingeGeneratorLoss
    assert type(revived.discriminator_loss) is losses.HingeDiscriminatorLoss
    assert revived.lambda_l1 == 30.0
    assert revived.discriminator_loss_weight == 0.75
    assert (revived.norm_mode, revived.seed) == ("running", 4)
    assert revived.name == trained.name
    images = tiny.images()
    np.testing.assert_array_equal(
        revived.predict(images, verbose=0), trained.predict(images, verbose=0)
    )
    np.testing.assert_array_equal(
        revived.translate(images, seed=2), trained.translate(images, seed=2)
    )


def test_config_round_trip(trained):
    config = trained.get_config()
    # Keras's functional models take the config that they get to pieces.
    twin = Pix2Pix.from_config(copy.deepcopy(config))
    assert twin.get_config() == config


def test_uncompiled_model_is_saved(tmp_path):
    model = Pix2Pix(unet(), patchgan())
    model.save(tmp_path / "pix2pix.keras")
    revived = keras.saving.load_model(tmp_path / "pix2pix.keras")
    images = tiny.images()
    np.testing.assert_array_equal(revived(images), model(images))


# --- Bad arguments -----------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"lambda_l1": -1.0},
            "`lambda_l1` must be >= 0. Received: lambda_l1=-1.0.",
        ),
        (
            {"lambda_l1": float("nan")},
            "`lambda_l1` must be >= 0. Received: lambda_l1=nan.",
        ),
        (
            {"adversarial_loss": "wasserstein"},
            "`adversarial_loss` must not be a Wasserstein loss: its "
            "discriminator needs a gradient penalty or weight clipping, and "
            "`Pix2Pix` has neither. Received: a WassersteinDiscriminatorLoss.",
        ),
        (
            {"discriminator_loss_weight": 0},
            "`discriminator_loss_weight` must be > 0. "
            "Received: discriminator_loss_weight=0.",
        ),
    ],
    ids=["negative", "nan", "wasserstein", "weight"],
)
def test_compile_checks_its_arguments(model, arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.compile(**arguments)


def test_a_pair_with_a_wasserstein_discriminator_is_refused(model):
    pair = (
        losses.HingeGeneratorLoss(),
        losses.WassersteinDiscriminatorLoss(),
    )
    with pytest.raises(ValueError, match="must not be a Wasserstein loss"):
        model.compile(adversarial_loss=pair)


def norm_of_one_pixel(channels, outputs, normalization):
    """Down to one pixel, a norm there, and up again."""
    images = layers.Input((8, 8, channels))
    x = layers.Conv2D(4, 8)(images)
    x = normalization(name="lonely_norm")(x)
    return keras.Model(images, layers.Conv2DTranspose(outputs, 8)(x))


PIXEL_MESSAGE = (
    "`{0}` must not normalise a single pixel: by the statistics of one image, "
    "nothing of it is left. Received: {0} with the norm 'lonely_norm' of 1x1 "
    "pixels. Leave that norm out."
)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            {"discriminator": lambda: patchgan(3)},
            "`discriminator` must take input and target as channels of one "
            "image, (8, 8, 6). Received: discriminator with input shape "
            "(8, 8, 3).",
        ),
        (
            {"generator": lambda: unet(3, 1)},
            "`discriminator` must take input and target as channels of one "
            "image, (8, 8, 4). Received: discriminator with input shape "
            "(8, 8, 6).",
        ),
        (
            {"generator": lambda: build_unet_generator((16, 16, 3), 3, 2)},
            "`discriminator` must take input and target as channels of one "
            "image, (16, 16, 6). Received: discriminator with input shape "
            "(8, 8, 6).",
        ),
        (
            {
                "generator": lambda: build_patchgan_discriminator(
                    (8, 8, 3), 2, 1
                )
            },
            "`generator` must keep height and width. Received: generator from "
            "(8, 8, 3) to (2, 2, 1).",
        ),
        (
            {
                "generator": lambda: norm_of_one_pixel(
                    3, 3, layers.BatchNormalization
                )
            },
            PIXEL_MESSAGE.format("generator"),
        ),
        (
            {
                "discriminator": lambda: norm_of_one_pixel(
                    6, 1, layers.BatchNormalization
                )
            },
            PIXEL_MESSAGE.format("discriminator"),
        ),
    ],
    ids=["channels", "output", "size", "shrinks", "pixel", "judge's pixel"],
)
def test_networks_must_fit(networks, message):
    builders = {"generator": unet, "discriminator": patchgan, **networks}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Pix2Pix(**{name: build() for name, build in builders.items()})


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_targets_must_be_what_the_generator_makes(model, method):
    model.compile(run_eagerly=True)
    message = (
        "`generator` must produce what the targets are. Received: generator "
        "with output shape (8, 8, 3), targets of shape (8, 8, 1)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(model, method)(tiny.images(2), tiny.images(2, 1))


def test_batches_must_be_pairs(model):
    model.compile(run_eagerly=True)
    message = "pix2pix needs batches of pairs, (input_images, target_images)."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.train_on_batch(tiny.images(2))


def test_unknown_mode_is_refused(trained):
    with pytest.raises(ValueError, match="^`norm_mode` must be one of"):
        Pix2Pix(unet(), patchgan(), norm_mode="train")
    with pytest.raises(ValueError, match="^`norm_mode` must be one of"):
        trained.translate(tiny.images(1), norm_mode="train")
