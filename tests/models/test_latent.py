"""GAN and ConditionalGAN: what they share, on points and tiny nets."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.models import GAN, ConditionalGAN
from tests.models.tiny import arrays

LATENT_DIM, DIM, CLASSES = 3, 2, 4
LOGS = {
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
}
DEVIATIONS = {"real_probability_deviation", "fake_probability_deviation"}


def network(first, size, outputs, conditional, dropout=0.0):
    inputs = layers.Input((size,), name=first)
    x = inputs
    if conditional:
        labels = layers.Input((), dtype="int32", name="labels")
        one_hot = layers.CategoryEncoding(CLASSES, output_mode="one_hot")
        x = layers.Concatenate()([x, one_hot(labels)])
        inputs = {first: inputs, "labels": labels}
    x = layers.Dense(8)(x)
    x = layers.LeakyReLU(0.2)(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(outputs, dtype=keras.config.floatx())(x)
    return keras.Model(inputs, outputs)


def make(conditional=False, seed=0, dropout=0.0, model=None, **compile_with):
    keras.utils.set_random_seed(seed)
    networks = [
        network("latents", LATENT_DIM, DIM, conditional, dropout),
        network("images", DIM, 1, conditional, dropout),
    ]
    arguments = {"seed": seed, **(model or {})}
    if conditional:
        gan = ConditionalGAN(*networks, num_classes=CLASSES, **arguments)
    else:
        gan = GAN(*networks, **arguments)
    gan.compile(**{"run_eagerly": True, **compile_with})
    return gan


def points(count=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(2.0, 0.5, (count, DIM)).astype("float32")


def batch(conditional=False, count=8, seed=0):
    labels = np.arange(count) % CLASSES
    return (points(count, seed), labels) if conditional else points(count, seed)


def dataset(conditional=False, num_batches=3):
    data = batch(conditional, 8 * num_batches)
    return tf.data.Dataset.from_tensor_slices(data).batch(8)


def sgd():
    return {
        "generator_optimizer": keras.optimizers.SGD(0.1),
        "discriminator_optimizer": keras.optimizers.SGD(0.1),
    }


def state(gan):
    logs = {id(variable) for variable in gan.metrics_variables}
    variables = [v for v in gan.variables if id(v) not in logs]
    variables += gan.generator_optimizer.variables
    return arrays(variables + gan.discriminator_optimizer.variables)


def assert_equal(state, other):
    assert len(state) == len(other)
    for value, expected in zip(state, other):
        np.testing.assert_array_equal(value, expected)


def test_one_step_is_algorithm_1_with_one_forward_pass():
    """Against the same step written with two plain tapes."""
    gan, twin = make(**sgd()), make(**sgd())
    real = tf.constant(batch())
    latents = twin.draw_latents(8)
    generator, discriminator = twin.generator, twin.discriminator

    def descend(tape, loss, network):
        weights = network.trainable_variables
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        for weight, gradient in zip(weights, gradients):
            weight.assign_sub(0.1 * gradient)

    fake = generator(latents)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-discriminator(real)))
        loss += tf.reduce_mean(tf.nn.softplus(discriminator(fake)))
    descend(tape, loss, discriminator)
    with tf.GradientTape() as tape:
        # Through the discriminator as it is now.
        answers = discriminator(generator(latents))
        generator_loss = tf.reduce_mean(tf.nn.softplus(-answers))
    descend(tape, generator_loss, generator)

    calls = []
    call = gan.generator.call
    gan.generator.call = lambda *a, **k: calls.append(1) or call(*a, **k)
    logs = gan.train_step(real)
    assert len(calls) == 1
    np.testing.assert_allclose(logs["discriminator_loss"], loss, rtol=1e-6)
    np.testing.assert_allclose(
        logs["generator_loss"], generator_loss, rtol=1e-6
    )
    for ours, theirs in zip(
        arrays(gan.trainable_variables), arrays(twin.trainable_variables)
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_logs_are_exactly_the_trackers(conditional):
    gan = make(conditional, run_eagerly=False)
    history = gan.fit(dataset(conditional), verbose=0, shuffle=False).history
    assert set(history) == LOGS | DEVIATIONS
    gan.compile(penalty="r1")
    history = gan.fit(dataset(conditional), verbose=0, shuffle=False).history
    assert set(history) == LOGS | DEVIATIONS | {"penalty"}


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_discriminator_turn_moves_only_the_discriminator(conditional):
    gan = make(conditional, **sgd())
    images, conditions = gan._unpack(batch(conditional))
    parts = gan._parts(gan.draw_latents(8), tf.constant(images), *conditions)
    before = arrays(gan.generator.weights), arrays(gan.discriminator.weights)
    gan._train_discriminator(parts, gan._generate)
    assert_equal(arrays(gan.generator.weights), before[0])
    after = arrays(gan.discriminator.weights)
    assert all(np.any(x != y) for x, y in zip(after, before[1]))


def test_each_turn_of_the_discriminator_has_its_part_of_the_batch():
    gan = make(model={"discriminator_steps": 4}, **sgd())
    seen = []
    objective = gan._discriminator_objective
    gan._discriminator_objective = lambda real, fake, conditions: (
        seen.append((real.numpy(), fake.numpy()))
        or objective(real, fake, conditions)
    )
    real = batch()
    gan.train_step(tf.constant(real))
    np.testing.assert_array_equal(np.concatenate([r for r, _ in seen]), real)
    assert [len(fake) for _, fake in seen] == [2, 2, 2, 2]
    assert len({fake.tobytes() for _, fake in seen}) == 4
    assert int(gan.discriminator_optimizer.iterations) == 4
    assert int(gan.generator_optimizer.iterations) == 1


def test_average_follows_its_formula_and_is_what_samples():
    gan = make(model={"average_decay": 0.75}, **sgd())
    averages = arrays(gan.generator.weights)
    for step in range(3):
        gan.train_step(tf.constant(batch(seed=step)))
        averages = [
            0.75 * average + 0.25 * weight
            for average, weight in zip(averages, arrays(gan.generator.weights))
        ]
    for ours, expected in zip(arrays(gan.average_generator.weights), averages):
        np.testing.assert_allclose(ours, expected, atol=1e-6)
    latents = np.ones((2, LATENT_DIM), "float32")
    expected = gan.average_generator(latents)
    np.testing.assert_array_equal(gan(latents), expected)
    assert np.any(gan.generator(latents) != expected)
    assert gan.export_networks() == {"generator": gan.average_generator}
    ids = {id(variable) for variable in gan.trainable_variables}
    assert not ids & {id(v) for v in gan.average_generator.weights}


def test_penalty_is_added_times_its_weight():
    real = tf.constant(batch())
    plain, penalised = make(), make(penalty="r1", penalty_weight=3.0)
    loss = float(plain.train_step(real)["discriminator_loss"])
    logs = penalised.train_step(real)
    assert float(logs["penalty"]) > 0
    np.testing.assert_allclose(
        float(logs["discriminator_loss"]),
        loss + 3.0 * float(logs["penalty"]),
        rtol=1e-6,
    )


def test_label_smoothing_is_one_sided_and_saved(tmp_path):
    """Against -(1 - s) log D(x) - s log(1 - D(x)) - log(1 - D(G(z)))."""
    gan, twin = make(**sgd(), label_smoothing=0.2), make(**sgd())
    real = tf.constant(batch())
    real_answer = keras.ops.sigmoid(twin.discriminator(real)).numpy()
    fake = twin.generator(twin.draw_latents(8))
    fake_answer = keras.ops.sigmoid(twin.discriminator(fake)).numpy()
    expected = -np.mean(
        0.8 * np.log(real_answer)
        + 0.2 * np.log(1 - real_answer)
        + np.log(1 - fake_answer)
    )
    logs = gan.train_step(real)
    np.testing.assert_allclose(logs["discriminator_loss"], expected, rtol=1e-5)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator_loss.label_smoothing == 0.2


def test_deviations_are_those_of_the_answers_of_the_steps():
    gan = make(**sgd())
    answers = {"real_probability": [], "fake_probability": []}
    for seed in range(5):
        before = {name: gan.trackers[name].total.numpy() for name in answers}
        logs = gan.train_step(tf.constant(batch(seed=seed)))
        for name, values in answers.items():
            values.append(gan.trackers[name].total.numpy() - before[name])
    for name, values in answers.items():
        np.testing.assert_allclose(
            logs[f"{name}_deviation"], np.std(values), atol=3e-4
        )


def test_gradients_are_clipped_by_the_optimizers():
    """The generator's step is as long as its limit; others are shorter."""
    gan = make(
        generator_optimizer=keras.optimizers.SGD(1.0, global_clipnorm=1e-3),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
    )
    before = arrays(gan.generator_variables)
    gan.train_step(tf.constant(batch()))
    after = arrays(gan.generator_variables)
    squares = [np.sum((x - y) ** 2) for x, y in zip(before, after)]
    np.testing.assert_allclose(np.sqrt(np.sum(squares)), 1e-3, rtol=1e-2)


def test_weights_of_a_critic_are_clipped():
    gan = make(adversarial_loss="wasserstein", clip_limit=0.01)
    gan.train_step(tf.constant(batch()))
    for weight in arrays(gan.discriminator.trainable_variables):
        assert np.abs(weight).max() <= 0.01
    assert max(np.abs(w).max() for w in arrays(gan.generator.weights)) > 0.01


def test_instance_noise_reaches_the_discriminator_and_fades():
    schedule = keras.optimizers.schedules.PolynomialDecay(0.5, 2, 0.0)
    gan = make(instance_noise=schedule)
    deviations = []
    for _ in range(3):
        images = tf.zeros((20000, DIM))
        deviations.append(float(tf.math.reduce_std(gan._add_noise(images))))
        gan.train_step(tf.constant(batch()))
    # 40,000 draws: the deviation is known to about 0.4 %.
    np.testing.assert_allclose(deviations, [0.5, 0.25, 0.0], rtol=0.02)


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_evaluation_changes_nothing(conditional):
    gan = make(conditional, dropout=0.5)
    before = state(gan)
    first = gan.evaluate(dataset(conditional), verbose=0, return_dict=True)
    second = gan.evaluate(dataset(conditional), verbose=0, return_dict=True)
    assert_equal(state(gan), before)
    assert first == second
    assert set(first) == LOGS


def test_evaluation_logs_no_penalty_that_it_does_not_compute():
    gan = make(penalty="r1")
    logs = gan.evaluate(dataset(), verbose=0, return_dict=True)
    assert set(logs) == LOGS


def test_samples_repeat_only_for_a_seed():
    gan = make()
    np.testing.assert_array_equal(gan.sample(5, seed=1), gan.sample(5, seed=1))
    assert np.any(gan.sample(5, seed=1) != gan.sample(5, seed=2))
    assert np.any(gan.sample(5) != gan.sample(5))


def test_conditional_samples_follow_their_labels():
    gan = make(conditional=True)
    latents = np.ones((1, LATENT_DIM), "float32")
    images = [
        np.array(gan({"latents": latents, "labels": np.array([label])}))
        for label in range(CLASSES)
    ]
    assert len({image.tobytes() for image in images}) == CLASSES
    assert gan.sample([0, 3, 3], seed=0).shape == (3, DIM)


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
@pytest.mark.parametrize("format", ["keras", "weights.h5"])
def test_saved_and_resumed_equals_uninterrupted(conditional, format, tmp_path):
    arguments = {
        "dropout": 0.5,
        "model": {"average_decay": 0.9, "discriminator_steps": 2},
        "penalty": "gradient",
        "instance_noise": 0.1,
    }
    whole = make(conditional, **arguments)
    whole.fit(dataset(conditional), epochs=2, verbose=0, shuffle=False)
    first = make(conditional, **arguments)
    first.fit(dataset(conditional), verbose=0, shuffle=False)
    path = tmp_path / f"half.{format}"
    if format == "keras":
        first.save(path)
        second = keras.saving.load_model(path)
    else:
        first.save_weights(path)
        second = make(conditional, seed=7, **arguments)
        second.load_weights(path)
    second.fit(dataset(conditional), verbose=0, shuffle=False)
    assert_equal(state(second), state(whole))


def test_several_steps_per_execution_keep_the_numbers():
    compile_with = {"steps_per_execution": 2, "run_eagerly": False}
    plain, compiled = make(**sgd()), make(**sgd(), **compile_with)
    for gan in (plain, compiled):
        gan.fit(dataset(num_batches=2), verbose=0, shuffle=False)
    for ours, expected in zip(state(compiled), state(plain)):
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_jit_compile_trains():
    # Not with the same numbers: XLA scrambles seeds in another way.
    gan = make(jit_compile=True, run_eagerly=False, penalty="gradient")
    before = state(gan)
    gan.fit(dataset(), verbose=0, shuffle=False)
    assert all(np.all(np.isfinite(value)) for value in state(gan))
    assert any(np.any(x != y) for x, y in zip(state(gan), before))


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_trains(precision):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        gan = make(run_eagerly=False, penalty="r1")
        gan.fit(dataset(), verbose=0, shuffle=False)
    finally:
        keras.config.set_dtype_policy(before)
    assert all(np.all(np.isfinite(value)) for value in state(gan))


def test_it_learns_where_the_points_are():
    keras.utils.set_random_seed(0)
    gan = make(
        run_eagerly=False,
        generator_optimizer=keras.optimizers.Adam(5e-3, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(5e-3, beta_1=0.5),
        penalty="r1",
        penalty_weight=1.0,
    )
    before = np.linalg.norm(gan.sample(500, seed=1).mean(0) - 2.0)
    real = points(6400)
    data = tf.data.Dataset.from_tensor_slices(real).batch(64)
    gan.fit(data, epochs=4, verbose=0, shuffle=False)
    after = np.linalg.norm(gan.sample(500, seed=1).mean(0) - real.mean(0))
    assert after < 0.25 * before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"model": {"discriminator_steps": 0}},
            "`discriminator_steps` must be an integer >= 1. Received: "
            "discriminator_steps=0.",
        ),
        (
            {"model": {"average_decay": 1.0}},
            "`average_decay` must be in [0, 1). Received: average_decay=1.0.",
        ),
        (
            {"penalty": "r1", "penalty_weight": -1},
            "`penalty_weight` must be > 0. Received: penalty_weight=-1.",
        ),
        (
            {"instance_noise": -0.1},
            "`instance_noise` must be >= 0 or a schedule. Received: "
            "instance_noise=-0.1.",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(**arguments)


def test_a_discriminator_without_a_single_logit_is_refused():
    networks = (
        network("latents", LATENT_DIM, DIM, False),
        network("images", DIM, 2, False),
    )
    message = (
        "`discriminator` must end in one logit per image or patch. Received: "
        "output shape (None, 2)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        GAN(*networks)


def test_a_penalty_that_is_unknown_or_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="^`penalty` must be one of"):
        make(penalty="r3")
    with pytest.raises(ValueError, match="^`weight_clipping` must go with"):
        make(adversarial_loss="hinge", clip_limit=0.01)


def test_batches_that_cannot_be_cut_are_refused():
    gan = make(model={"discriminator_steps": 3})
    message = (
        "The batch size must be a multiple of 3, the number of discriminator "
        "steps, and the same for all batches (`drop_remainder=True`). "
        "Received: 8."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        gan.train_step(tf.constant(batch()))


def test_batch_norm_of_one_image_is_refused():
    generator = keras.Sequential(
        [
            layers.Input((LATENT_DIM,)),
            layers.Dense(DIM),
            layers.BatchNormalization(),
        ]
    )
    gan = GAN(generator, network("images", DIM, 1, False))
    gan.compile(run_eagerly=True)
    message = (
        "Batch normalisation needs more than one image per turn. Received: a "
        "batch of 1 for 1 turns."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        gan.train_step(tf.constant(batch(count=1)))


def test_labels_are_checked():
    gan = make(conditional=True)
    message = "`labels` must be in [0, 4). Received: from 0 to 4."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        gan.sample([0, 4])
    with pytest.raises(
        ValueError, match="^`labels` must be a list of integers"
    ):
        gan.sample([0.5])
    message = "A conditional GAN needs batches of images and labels."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        gan.train_step(tf.constant(batch()))


@pytest.mark.parametrize("run_eagerly", [True, False], ids=["eager", "graph"])
@pytest.mark.parametrize("label", [-1, CLASSES])
def test_training_on_a_label_out_of_range_is_refused(label, run_eagerly):
    gan = make(conditional=True, run_eagerly=run_eagerly)
    images, labels = batch(conditional=True)
    labels[3] = label
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Labels must be in \[0, 4\)"
    ):
        gan.fit(images, labels, batch_size=8, verbose=0)


def test_networks_without_labels_are_refused():
    networks = (
        network("latents", LATENT_DIM, DIM, False),
        network("images", DIM, 1, True),
    )
    message = "^`generator` must take a dictionary of `latents` and `labels`."
    with pytest.raises(ValueError, match=message):
        ConditionalGAN(*networks, num_classes=CLASSES)
