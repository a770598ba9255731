import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.models import VariationalAutoencoder
from tests.models import tiny_autoencoders as tiny
from tests.models.tiny import arrays

KIND = "variational"


def make(**arguments):
    return tiny.make(KIND, **arguments)


def gaussian(variance=1.0, **arguments):
    model = {"likelihood": "gaussian", "variance": variance}
    return make(model=model, **arguments)


# --- The evidence lower bound ------------------------------------------------


def densities(model, pictures, codes):
    """`log p(x|z)` and `log q(z|x)` of each image, by NumPy in float64."""
    posterior = model.encoder(pictures)
    mean, log_variance = (
        np.array(posterior[name], "float64")
        for name in ("mean", "log_variance")
    )
    outputs = np.array(model.decoder(codes), "float64")
    x = np.array(pictures, "float64")
    if model.likelihood == "bernoulli":
        probability = 1 / (1 + np.exp(-outputs))
        white = (x + 1) / 2
        log_pixels = white * np.log(probability)
        log_pixels += (1 - white) * np.log(1 - probability)
    else:
        log_pixels = log_normal(x, outputs, model.variance)
    log_likelihood = log_pixels.reshape(len(x), -1).sum(axis=1)
    log_posterior = log_normal(codes, mean, np.exp(log_variance)).sum(axis=1)
    return log_likelihood, log_posterior, mean, np.exp(log_variance)


def log_normal(x, mean, variance):
    return -((x - mean) ** 2) / (2 * variance) - np.log(
        np.sqrt(2 * np.pi * variance)
    )


@pytest.mark.parametrize(
    "build",
    [make, gaussian, lambda: gaussian(variance=0.25)],
    ids=["bernoulli", "gaussian", "variance"],
)
def test_elbo_equals_numpy(build):
    model, twin = build(), build()
    pictures = tiny.images()
    posterior = twin.encoder(pictures)
    codes = np.array(
        twin.sampling(posterior["mean"], posterior["log_variance"])
    )
    log_likelihood, _, mean, variance = densities(twin, pictures, codes)
    # KL(N(m, v) || N(0, 1)) = log(1 / sqrt(v)) + (v + m^2) / 2 - 1/2
    kl = np.log(1 / np.sqrt(variance)) + (variance + mean**2) / 2 - 0.5
    logs = tiny.step(model, pictures)
    expected = {
        "reconstruction_loss": -np.mean(log_likelihood),
        "kl_loss": np.mean(kl.sum(axis=1)),
        "elbo": np.mean(log_likelihood - kl.sum(axis=1)),
        "loss": -np.mean(log_likelihood - kl.sum(axis=1)),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5)


def test_loss_is_weighted_and_elbo_is_not():
    plain, weighted = make(), make(beta=4.0)
    logs = [tiny.step(model, tiny.images()) for model in (plain, weighted)]
    for name in ("reconstruction_loss", "kl_loss", "elbo"):
        assert logs[0][name] == logs[1][name]
    np.testing.assert_allclose(
        logs[1]["loss"],
        logs[1]["reconstruction_loss"] + 4 * logs[1]["kl_loss"],
        rtol=1e-6,
    )


def test_divergence_grows_with_the_code():
    """Summed over the numbers of a code, not averaged: two of each."""
    posterior = {
        "mean": tf.constant([[1.0, -0.5]]),
        "log_variance": tf.constant([[0.5, -1.0]]),
    }
    losses = []
    for repeats in (1, 2):
        model = constant_posterior(
            *(np.tile(value[0], repeats) for value in posterior.values())
        )
        losses.append(tiny.evaluate(model, tiny.images())["kl_loss"])
    np.testing.assert_allclose(losses[1], 2 * losses[0], rtol=1e-6)


def constant_posterior(mean, log_variance):
    """Answers all images with one distribution, and decodes to grey."""
    images = layers.Input(tiny.SHAPE)
    flat = layers.Flatten()(images)
    outputs = {
        name: layers.Dense(
            len(value),
            kernel_initializer="zeros",
            bias_initializer=keras.initializers.Constant(value),
        )(flat)
        for name, value in (("mean", mean), ("log_variance", log_variance))
    }
    decoder = tiny.decoder(code_dim=len(mean), activation=None)
    model = VariationalAutoencoder(keras.Model(images, outputs), decoder)
    model.compile(run_eagerly=True)
    return model


def test_free_bits_are_per_number_of_the_code():
    # Divergences 0.5 (1^2 + 1 - 0 - 1) = 0.5, and 0.5 (0.2^2) = 0.02.
    model = constant_posterior([1.0, 0.2], [0.0, 0.0])
    model.compile(run_eagerly=True, free_bits=0.1, beta=2.0)
    logs = tiny.step(model, tiny.images())
    np.testing.assert_allclose(logs["kl_loss"], 0.52, rtol=1e-5)
    np.testing.assert_allclose(
        logs["loss"] - logs["reconstruction_loss"], 2 * 0.6, rtol=1e-4
    )


def test_warm_up_is_a_function_of_the_step():
    model = make(
        beta=2.0, kl_warmup_steps=4, optimizer=keras.optimizers.SGD(0.0)
    )
    weights = []
    for _ in range(6):
        logs = tiny.step(model, tiny.images())
        divergence = logs["loss"] - logs["reconstruction_loss"]
        weights.append(divergence / logs["kl_loss"])
    np.testing.assert_allclose(
        weights, [0.0, 0.5, 1.0, 1.5, 2.0, 2.0], atol=1e-4
    )


def test_evaluation_is_that_after_the_warm_up():
    logs = tiny.evaluate(make(beta=2.0, kl_warmup_steps=4), tiny.images())
    np.testing.assert_allclose(
        logs["loss"],
        logs["reconstruction_loss"] + 2 * logs["kl_loss"],
        rtol=1e-6,
    )


def test_divergence_reaches_the_encoder_only():
    model = make()
    slopes = tiny.gradients(
        model, lambda logs: logs["kl_loss"], model.encoder.trainable_variables
    )
    for slope in slopes:
        assert np.any(np.array(slope) != 0)
    slopes = tiny.gradients(
        model, lambda logs: logs["kl_loss"], model.decoder.trainable_variables
    )
    assert slopes == [None] * len(model.decoder.trainable_variables)


def test_reconstruction_alone_reaches_every_weight():
    """Through the sample to both heads of the encoder."""
    model = make()
    variables = model.trainable_variables
    slopes = tiny.gradients(
        model, lambda logs: logs["reconstruction_loss"], variables
    )
    for slope in slopes:
        assert np.any(np.array(slope) != 0)


# --- What it is good for -----------------------------------------------------


def test_samples_are_decoded_draws_of_the_prior(monkeypatch):
    model = make()
    seen = []
    decode = model.decode
    monkeypatch.setattr(
        model, "decode", lambda codes: seen.append(codes) or decode(codes)
    )
    pictures = model.sample(2000, seed=1)
    assert pictures.shape == (2000, *tiny.SHAPE)
    assert np.max(np.abs(pictures)) <= 1
    # Of 6,000 draws; 4 deviations.
    assert seen[0].shape == (2000, tiny.CODE_DIM)
    assert abs(np.mean(seen[0])) < 4 / np.sqrt(6000)
    assert abs(np.mean(seen[0] ** 2) - 1) < 4 * np.sqrt(2 / 6000)


def test_samples_repeat_only_for_a_seed():
    model = make()
    np.testing.assert_array_equal(
        model.sample(3, seed=1), model.sample(3, seed=1)
    )
    assert np.any(model.sample(3, seed=1) != model.sample(3, seed=2))
    assert np.any(model.sample(3) != model.sample(3))


def test_bernoulli_pictures_are_means_of_black_and_white():
    model = make()
    codes = np.array([[0.5, -1.0, 2.0]], "float32")
    white = keras.ops.sigmoid(model.decoder(codes))
    np.testing.assert_allclose(
        model.decode(codes), white * 1 + (1 - white) * -1, atol=1e-6
    )


def test_divergence_per_dimension_and_active_units():
    mean = np.array([[1.0, 0.0, 0.05], [-1.0, 0.0, -0.05]], "float32")
    model = make()
    # The first pixels are the means.
    images = layers.Input(tiny.SHAPE)
    means = layers.Flatten()(images)[:, :3]
    model.encoder = keras.Model(
        images, {"mean": means, "log_variance": 0.0 * means}
    )
    pictures = np.zeros((2, *tiny.SHAPE), "float32")
    pictures.reshape(2, -1)[:, :3] = mean
    np.testing.assert_allclose(
        model.kl_per_dimension(pictures), [0.5, 0.0, 0.00125], atol=1e-6
    )
    # Variances of the means: 1, 0 and 0.0025.
    np.testing.assert_array_equal(
        model.active_units(pictures), [True, False, False]
    )
    np.testing.assert_array_equal(
        model.active_units(pictures, threshold=0.001), [True, False, True]
    )


# --- Negative log-likelihood -------------------------------------------------

PIXELS, NOISE = 6, 0.3


def linear_gaussian(inflate=1.0):
    """p(x|z) = N(W z, s^2 I) with W of orthogonal columns.

    The posterior is then normal with independent numbers, and the encoder
    gives it exactly; `inflate` spoils its variances.
    """
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(PIXELS, 2)))
    weights = basis * [0.5, 0.25]
    precision = 1 + np.sum(weights**2, axis=0) / NOISE**2
    images, codes = layers.Input((2, 3, 1)), layers.Input((2,))
    flat = layers.Flatten()(images)
    mean = layers.Dense(2, use_bias=False)
    log_variance = layers.Dense(2, kernel_initializer="zeros")
    pixels = layers.Dense(PIXELS, use_bias=False)
    encoder = keras.Model(
        images, {"mean": mean(flat), "log_variance": log_variance(flat)}
    )
    decoder = keras.Model(codes, layers.Reshape((2, 3, 1))(pixels(codes)))
    mean.kernel.assign(weights / NOISE**2 / precision)
    log_variance.bias.assign(np.log(inflate / precision))
    pixels.kernel.assign(weights.T)
    model = VariationalAutoencoder(
        encoder, decoder, "gaussian", variance=NOISE**2, seed=0
    )
    model.compile(run_eagerly=True)
    covariance = weights @ weights.T + NOISE**2 * np.eye(PIXELS)
    return model, covariance


def exact(pictures, covariance):
    """-log N(x; 0, covariance), by NumPy."""
    x = pictures.reshape(len(pictures), -1).astype("float64")
    mahalanobis = np.sum(x * np.linalg.solve(covariance, x.T).T, axis=1)
    _, log_determinant = np.linalg.slogdet(2 * np.pi * covariance)
    return 0.5 * (mahalanobis + log_determinant)


def pictures_in_range(count):
    return tiny.images(count, shape=(2, 3, 1))


def test_likelihood_is_exact_with_the_exact_posterior():
    """All importance weights are then equal: one sample is enough."""
    model, covariance = linear_gaussian()
    pictures = pictures_in_range(5)
    estimate = model.negative_log_likelihood(pictures, num_samples=1)
    np.testing.assert_allclose(estimate, exact(pictures, covariance), rtol=1e-4)
    # And the bound is tight: its mean is that, whatever the sample.
    elbo = tiny.evaluate(model, pictures)["elbo"]
    assert elbo < -np.mean(exact(pictures, covariance)) + 1.0


def test_likelihood_is_exact_within_the_error_of_sampling():
    model, covariance = linear_gaussian(inflate=2.0)
    pictures = pictures_in_range(5)
    estimate = model.negative_log_likelihood(pictures, num_samples=4000)
    expected = exact(pictures, covariance)
    # Weights of deviation of about 1 in the mean of 4,000: 0.016 nats; 4 of it.
    np.testing.assert_allclose(estimate, expected, atol=0.064)
    one = model.negative_log_likelihood(pictures, num_samples=1)
    assert np.max(np.abs(one - expected)) > 0.1


def test_more_samples_give_a_tighter_bound_on_average():
    model, covariance = linear_gaussian(inflate=4.0)
    pictures = np.repeat(pictures_in_range(1), 500, axis=0)
    bounds = [
        np.mean(model.negative_log_likelihood(pictures, num_samples=count))
        for count in (1, 4, 16)
    ]
    assert bounds[0] > bounds[1] > bounds[2]
    assert bounds[2] > exact(pictures[:1], covariance)[0] - 0.05


def test_likelihood_with_one_sample_is_the_elbo_on_average():
    """With the sampled divergence in place of the closed form."""
    model = make()
    pictures = np.repeat(tiny.images(1), 2000, axis=0)
    estimates = model.negative_log_likelihood(pictures, num_samples=1)
    elbo = tiny.evaluate(model, tf.data.Dataset.from_tensors(pictures))["elbo"]
    error = np.std(estimates) / np.sqrt(len(estimates))
    np.testing.assert_allclose(np.mean(estimates), -elbo, atol=8 * error)


def test_likelihood_repeats_for_a_seed_and_moves_nothing():
    model = make()
    before = tiny.state(model)
    pictures = tiny.images(5)

    def estimate(seed):
        return model.negative_log_likelihood(
            pictures, num_samples=3, seed=seed, batch_size=2
        )

    first = estimate(0)
    assert first.shape == (5,)
    assert first.dtype == "float32"
    np.testing.assert_array_equal(estimate(0), first)
    assert np.all(estimate(1) != first)
    for value, expected in zip(tiny.state(model), before):
        np.testing.assert_array_equal(value, expected)


def test_each_image_and_batch_has_its_own_samples():
    model = make()
    pictures = np.repeat(tiny.images(1), 4, axis=0)
    estimates = model.negative_log_likelihood(
        pictures, num_samples=1, batch_size=2
    )
    assert len(set(estimates.tolist())) == 4


def test_likelihood_follows_the_training():
    """The graph that computes it holds no weights of its own."""
    model = make(optimizer=keras.optimizers.SGD(0.01))
    pictures = tiny.images()
    before = model.negative_log_likelihood(pictures, num_samples=2)
    tiny.step(model, pictures)
    after = model.negative_log_likelihood(pictures, num_samples=2)
    assert np.all(before != after)


def test_it_learns_the_variance_of_the_data():
    """A linear one, from a posterior too wide, comes near the exact NLL."""
    model, covariance = linear_gaussian(inflate=8.0)
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(np.zeros(PIXELS), covariance, 64)
    pictures = np.clip(draws, -1, 1).reshape(-1, 2, 3, 1).astype("float32")
    model.decoder.trainable = False
    model.compile(keras.optimizers.Adam(0.05))
    data = tf.data.Dataset.from_tensor_slices(pictures).batch(64)
    optimum = np.mean(exact(pictures, covariance))
    before = -tiny.evaluate(model, data)["elbo"] - optimum
    tiny.fit(model, data, epochs=80)
    after = -tiny.evaluate(model, data)["elbo"] - optimum
    assert abs(after) < 0.2 * before


# --- Saving ------------------------------------------------------------------


def test_warm_up_goes_on_after_loading(tmp_path):
    model = make(kl_warmup_steps=8)
    tiny.fit(model, tiny.dataset(4))
    model.save(tmp_path / "vae.keras")
    revived = keras.saving.load_model(tmp_path / "vae.keras")
    assert float(revived._kl_weight(training=True)) == 0.5


def test_keras_file_keeps_the_likelihood(tmp_path):
    model = gaussian(variance=0.25)
    model.save(tmp_path / "vae.keras")
    revived = keras.saving.load_model(tmp_path / "vae.keras")
    assert (revived.likelihood, revived.variance, revived.seed) == (
        "gaussian",
        0.25,
        0,
    )
    pictures = tiny.images()
    np.testing.assert_array_equal(
        revived.negative_log_likelihood(pictures, 2),
        model.negative_log_likelihood(pictures, 2),
    )
    # Both draw the same noise next.
    for twin in (model, revived):
        twin.noise_of_test = twin.sample(2)
    np.testing.assert_array_equal(model.noise_of_test, revived.noise_of_test)


# --- Bad arguments -----------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"model": {"likelihood": "normal"}},
            "`likelihood` must be one of ['bernoulli', 'gaussian']. Received: "
            "likelihood='normal'.",
        ),
        (
            {"model": {"variance": 0.0}},
            "`variance` must be > 0. Received: variance=0.0.",
        ),
        ({"beta": -1.0}, "`beta` must be >= 0. Received: beta=-1.0."),
        (
            {"free_bits": float("inf")},
            "`free_bits` must be >= 0. Received: free_bits=inf.",
        ),
        (
            {"kl_warmup_steps": -1},
            "`kl_warmup_steps` must be an integer >= 0. "
            "Received: kl_warmup_steps=-1.",
        ),
        (
            {"kl_warmup_steps": 0.5},
            "`kl_warmup_steps` must be an integer >= 0. "
            "Received: kl_warmup_steps=0.5.",
        ),
    ],
    ids=["likelihood", "variance", "beta", "free_bits", "negative", "fraction"],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(**arguments)


def test_encoder_without_a_distribution_is_refused():
    message = (
        "^`encoder` must answer with a dictionary of `mean` and "
        "`log_variance`, of one shape; the builders do with "
        "`variational=True`. Received: encoder with outputs "
    )
    with pytest.raises(ValueError, match=message):
        VariationalAutoencoder(tiny.encoder(), tiny.decoder())


def test_numbers_of_images_and_samples_are_checked():
    model = make()
    message = "`num_images` must be an integer >= 1. Received: num_images=0."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.sample(0)
    message = "`num_samples` must be an integer >= 1. Received: num_samples=0."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model.negative_log_likelihood(tiny.images(), num_samples=0)
    with pytest.raises(ValueError, match=r"^Images must be in \[-1, 1\]"):
        model.negative_log_likelihood(3 * np.ones((1, *tiny.SHAPE)))


def test_two_models_draw_apart():
    codes = [
        arrays([make(seed=seed).sampling(tf.zeros((4, 3)), tf.zeros((4, 3)))])[
            0
        ]
        for seed in (1, 2)
    ]
    assert np.all(codes[0] != codes[1])
