"""Every model, in each precision that there is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans.callbacks import StopOnNonFinite
from keras_gans.losses import adversarial as losses
from keras_gans.models import GAN, Autoencoder, VariationalAutoencoder
from keras_gans.networks import build_dcgan_discriminator
from tests.models import every_model, tiny, tiny_autoencoders

MIXED = ("mixed_bfloat16", "mixed_float16")
# Some roundings of 2^-9 and of 2^-12; norms of small pictures magnify them.
TOLERANCES = {"mixed_bfloat16": 6e-2, "mixed_float16": 1.5e-2}

every_name = pytest.mark.parametrize("name", every_model.NAMES)
every_mixed = pytest.mark.parametrize("precision", MIXED)


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def float32_logs():
    """Logs of a first step, by the name of the model."""
    return {
        name: every_model.step(every_model.make(name), name)
        for name in every_model.NAMES
    }


def weights_of(model):
    return tiny.arrays(model.trainable_variables)


def scaled(optimizers):
    kind = keras.optimizers.LossScaleOptimizer
    return [
        optimizer for optimizer in optimizers if isinstance(optimizer, kind)
    ]


@every_mixed
@every_name
def test_losses_are_those_of_float32(policy, float32_logs, name, precision):
    policy(precision)
    model = every_model.make(name)
    logs = every_model.step(model, name)
    assert set(logs) == set(float32_logs[name])
    tolerance = TOLERANCES[precision]
    differences = []
    for log, expected in float32_logs[name].items():
        assert logs[log].dtype == "float32"
        differences.append(abs(float(logs[log]) - float(expected)))
        np.testing.assert_allclose(
            logs[log], expected, rtol=tolerance, atol=tolerance, err_msg=log
        )
    # The negative control: they were computed in another precision.
    assert max(differences) > 1e-6


@every_mixed
@every_name
def test_training_keeps_all_that_lasts_in_float32(policy, name, precision):
    policy(precision)
    model = every_model.make(name)
    optimizers = list(model.optimizers().values())
    for optimizer in scaled(optimizers):
        # Steps are skipped until the scale fits.
        optimizer.dynamic_scale.assign(2.0**6)
    before = weights_of(model)
    history = model.fit(
        every_model.dataset(name, 1),
        validation_data=every_model.dataset(name, 1),
        callbacks=[StopOnNonFinite()],
        shuffle=False,
        verbose=0,
    ).history
    assert np.all(np.isfinite(list(history.values())))
    variables = model.variables + [v for o in optimizers for v in o.variables]
    floats = {v.dtype for v in variables if "float" in v.dtype}
    assert floats == {"float32"}
    after = weights_of(model)
    assert all(np.all(np.isfinite(values)) for values in after)
    assert sum(map(np.array_equal, after, before)) <= len(before) // 4
    # One scale for each player: one may overflow where the other does not.
    expected = len(optimizers) if precision == "mixed_float16" else 0
    assert len({id(o.dynamic_scale) for o in scaled(optimizers)}) == expected
    outputs = model.predict(_inputs_of(model, name), verbose=0)
    assert outputs.dtype == "float32"


def _inputs_of(model, name):
    if name == "gan":
        return np.ones((2, every_model.CODE_DIM), "float32")
    if name == "conditional_gan":
        latents = np.ones((2, every_model.CODE_DIM), "float32")
        return {"latents": latents, "labels": np.array([0, 1])}
    images = every_model.batch(name, 2)
    return images[0] if isinstance(images, tuple) else images


@pytest.mark.parametrize("name", ["gan", "variational_autoencoder"])
def test_a_saved_model_goes_on_with_its_loss_scale(policy, name, tmp_path):
    policy("mixed_float16")
    model = every_model.make(name)
    every_model.step(model, name)
    for optimizer in model.optimizers().values():
        optimizer.dynamic_scale.assign(64.0)
    model.save(tmp_path / "model.keras")
    policy("float32")  # The file knows its own precision.
    revived = keras.saving.load_model(tmp_path / "model.keras")
    for game in (model, revived):
        every_model.step(game, name)
        scales = [float(o.dynamic_scale) for o in game.optimizers().values()]
        assert set(scales) == {64.0}
    for values, expected in zip(weights_of(revived), weights_of(model)):
        np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("name", ["cyclegan", "sparse_autoencoder"])
def test_overflows_of_the_first_steps_do_not_stop_a_run(policy, name):
    policy("mixed_float16")
    arguments = {
        argument: keras.optimizers.LossScaleOptimizer(
            optimizer, initial_scale=2.0**40
        )
        for argument, optimizer in every_model.sgd(name).items()
    }
    model = every_model.make(name, **arguments)
    before = weights_of(model)
    history = model.fit(
        every_model.dataset(name),
        callbacks=[StopOnNonFinite()],
        shuffle=False,
        verbose=0,
    ).history
    assert np.all(np.isfinite(list(history.values())))
    for optimizer in model.optimizers().values():
        assert float(optimizer.dynamic_scale) == 2.0**38
    for values, old_values in zip(weights_of(model), before):
        np.testing.assert_array_equal(values, old_values)


def test_overflows_without_end_stop_a_run(policy):
    policy("mixed_float16")
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(), initial_scale=2.0**-9
    )
    model = every_model.make("autoencoder", optimizer=optimizer)
    assert np.isfinite(every_model.step(model, "autoencoder")["loss"])
    optimizer.dynamic_scale.assign(2.0**-11)
    assert np.isnan(every_model.step(model, "autoencoder")["loss"])


@every_mixed
def test_spectral_norm_does_not_round_the_weights(policy, precision):
    policy(precision)
    discriminator = build_dcgan_discriminator(
        (8, 8, 3), 4, normalization="none", spectral_norm=True
    )
    discriminator(tiny.images(), training=True)
    normalized = [x for x in discriminator.layers if hasattr(x, "vector_u")]
    assert len(normalized) > 1
    for layer in normalized:
        kernel = layer.kernel.numpy()
        half = tf.cast(kernel, precision.removeprefix("mixed_"))
        assert np.any(tf.cast(half, "float32") != kernel)
    first = discriminator.get_layer("conv_1_spectral_norm").layer
    assert first.compute_dtype in precision


def half_network(size, outputs):
    """A network of one's own, which ends in half precision."""
    inputs = layers.Input((size,))
    return keras.Model(inputs, layers.Dense(outputs)(inputs))


def test_losses_of_half_precision_answers_are_float32(policy):
    policy("mixed_float16")
    gan = GAN(half_network(2, 2), half_network(2, 1), seed=0)
    gan.compile(adversarial_loss="least_squares", run_eagerly=True)
    gan.discriminator.layers[-1].bias.assign([300.0])
    answers = gan.discriminator(tf.zeros((2, 2)))
    assert answers.dtype == "float16"
    # The negative control: (300 - 1)^2 is beyond float16.
    assert np.isinf(losses.least_squares_generator_loss(answers, answers)).all()
    logs = gan.train_step(tf.zeros((4, 2)))
    assert logs["discriminator_loss"].dtype == "float32"
    assert 1.7e5 < float(logs["discriminator_loss"]) < 1.9e5


def test_the_divergence_of_half_precision_codes_is_float32(policy):
    policy("mixed_float16")
    images = layers.Input(tiny_autoencoders.SHAPE)
    x = layers.Flatten()(images)
    encoder = keras.Model(
        images,
        {n: layers.Dense(3, name=n)(x) for n in ("mean", "log_variance")},
    )
    model = VariationalAutoencoder(
        encoder, tiny_autoencoders.decoder(activation=None), seed=0
    )
    model.compile(run_eagerly=True)
    # exp(12) is beyond float16.
    encoder.get_layer("log_variance").bias.assign([12.0, 12.0, 12.0])
    _, log_variance = model._posterior(tiny_autoencoders.images(), True)
    assert log_variance.dtype == "float32"
    logs = tiny_autoencoders.step(model, tiny_autoencoders.images())
    assert np.isfinite(logs["kl_loss"])
    assert logs["kl_loss"] > 1e5


def test_networks_in_networks_are_looked_at():
    """Whatever the policy is at the moment."""
    inputs = layers.Input((2,))
    half = layers.Dense(2, dtype="mixed_float16")(inputs)
    nested = keras.Sequential([layers.Input((2,)), keras.Model(inputs, half)])
    gan = GAN(nested, keras.Sequential([layers.Input((2,)), layers.Dense(1)]))
    gan.compile()
    assert len(scaled(gan.optimizers().values())) == 2


def test_a_policy_does_not_scale_the_loss_of_float32_networks(policy):
    networks = tiny_autoencoders.encoder(), tiny_autoencoders.decoder()
    policy("mixed_float16")
    model = Autoencoder(*networks)
    model.compile()
    assert scaled([model.optimizer]) == []
    assert model.optimizer.built
