"""What all autoencoders share."""

import copy
import functools
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_gans import latents
from keras_gans.layers import GaussianCorruption
from keras_gans.models import Autoencoder
from keras_gans.models.autoencoding import AutoencodingModel
from keras_gans.models.base import BaseModel
from tests.models import tiny_autoencoders as tiny
from tests.models.tiny import arrays

every_kind = pytest.mark.parametrize("kind", tiny.KINDS)


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("base", [BaseModel, AutoencodingModel])
def test_bases_are_abstract(base):
    with pytest.raises(TypeError, match="abstract"):
        base()


# --- Training ----------------------------------------------------------------


@every_kind
def test_logs_of_fit(kind):
    history = tiny.fit(
        tiny.make(kind), tiny.dataset(2), validation_data=tiny.dataset(1)
    )
    logs = tiny.LOGS | tiny.MORE_LOGS[kind]
    test_logs = logs | tiny.TEST_LOGS
    if kind == "denoising":
        test_logs |= {"corrupted_psnr"}
    assert set(history) == logs | {f"val_{name}" for name in test_logs}
    assert np.all(np.isfinite(list(history.values())))


@every_kind
def test_default_optimizer_is_built(kind):
    model = tiny.make(kind)
    assert type(model.optimizer) is keras.optimizers.Adam
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 1e-3)
    # Two averages per variable, the step count and the rate.
    count = len(model.trainable_variables)
    assert len(model.optimizer.variables) == 2 * count + 2
    assert model.optimizers() == {"optimizer": model.optimizer}


@every_kind
def test_a_step_goes_down_the_gradient_of_the_loss(kind):
    """Against the same step, with the same noise, by a plain tape."""
    trained = tiny.make(kind, optimizer=keras.optimizers.SGD(0.01))
    twin = tiny.make(kind)
    pictures = tf.constant(tiny.images())
    variables = twin.trainable_variables
    with tf.GradientTape() as tape:
        loss, _, _ = twin._objective(pictures, training=True)
    slopes = tape.gradient(loss, [variable.value for variable in variables])
    logs = tiny.step(trained, pictures)
    np.testing.assert_allclose(logs["loss"], loss, rtol=1e-6)
    for ours, before, slope in zip(
        arrays(trained.trainable_variables), arrays(variables), slopes
    ):
        np.testing.assert_allclose(ours, before - 0.01 * slope, atol=1e-6)
        # Every weight gets a gradient.
        assert np.all(np.isfinite(slope)) and np.any(slope != 0)


@pytest.mark.parametrize("kind", ["denoising", "sparse_kl", "variational"])
def test_graph_and_steps_per_execution_equal_eager(kind):
    trained = []
    for arguments in (
        {"run_eagerly": True},
        {"run_eagerly": False, "steps_per_execution": 2},
    ):
        model = tiny.make(
            kind, optimizer=keras.optimizers.SGD(1e-3), **arguments
        )
        tiny.fit(model, tiny.dataset(4))
        assert int(model.optimizer.iterations) == 4
        trained.append(tiny.state(model))
    for eager, graph in zip(*trained):
        np.testing.assert_allclose(graph, eager, atol=1e-5)


def test_jit_compile_trains():
    # Not with the same numbers: XLA scrambles seeds in another way.
    model = tiny.make("variational", run_eagerly=False, jit_compile=True)
    before = arrays(model.trainable_variables)
    tiny.fit(model, tiny.dataset(1))
    after = arrays(model.trainable_variables)
    assert all(np.all(np.isfinite(value)) for value in after)
    assert all(np.any(x != y) for x, y in zip(after, before))


@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        *[(kind, "mixed_float16") for kind in tiny.KINDS],
        ("variational", "mixed_bfloat16"),
    ],
)
def test_mixed_precision_trains(policy, kind, precision):
    policy(precision)
    model = tiny.make(kind)
    assert model.encoder.layers[2].compute_dtype in precision
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (precision == "mixed_float16")
    before = arrays(model.trainable_variables)
    history = tiny.fit(model, tiny.dataset(2), validation_data=tiny.dataset(1))
    assert np.all(np.isfinite(list(history.values())))
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    after = arrays(model.trainable_variables)
    assert all(np.any(x != y) for x, y in zip(after, before))


@pytest.mark.parametrize("kind", ["undercomplete", "variational"])
def test_learns_a_toy_set(kind):
    """Stripes of one of three directions: a code of 3 is enough."""
    rng = np.random.default_rng(0)
    patterns = np.sign(rng.normal(size=(3, *tiny.SHAPE)))
    pictures = 0.8 * patterns[np.arange(48) % 3].astype("float32")
    model = tiny.make(
        kind, run_eagerly=False, optimizer=keras.optimizers.Adam(0.02)
    )
    before = np.mean((model.reconstruct(pictures) - pictures) ** 2)
    data = tf.data.Dataset.from_tensor_slices(pictures).batch(12)
    tiny.fit(model, data, epochs=40)
    after = np.mean((model.reconstruct(pictures) - pictures) ** 2)
    assert after < 0.2 * before


@every_kind
def test_evaluation_changes_nothing_and_repeats(kind):
    model = tiny.make(kind, dropout=0.5)
    before = tiny.state(model)
    first = tiny.evaluate(model, tiny.dataset(2))
    second = tiny.evaluate(model, tiny.dataset(2))
    assert first == second
    for value, expected in zip(tiny.state(model), before):
        np.testing.assert_array_equal(value, expected)


def psnr(pictures, others):
    errors = np.mean((pictures - others) ** 2, axis=(1, 2, 3))
    return np.mean(10 * np.log10(4 / errors))


@pytest.mark.parametrize(
    "kind", [kind for kind in tiny.KINDS if kind != "denoising"]
)
def test_evaluation_measures_what_predict_gives(kind):
    model = tiny.make(kind)
    pictures = tiny.images()
    logs = tiny.evaluate(model, pictures)
    predicted = model.predict(pictures, verbose=0)
    error = np.mean((predicted - pictures) ** 2)
    np.testing.assert_allclose(logs["mse"], error, rtol=1e-5)
    np.testing.assert_allclose(
        logs["psnr"], psnr(pictures, predicted), rtol=1e-5
    )


# --- The loss is summed over pixels, averaged over images --------------------


def blind(kind, shape):
    """An autoencoder that answers all images with the same grey one."""
    keras.utils.set_random_seed(0)
    model = tiny.make(kind)
    networks = (
        tiny.encoder(
            shape,
            activation="sigmoid" if kind == "sparse_kl" else None,
            variational=kind == "variational",
        ),
        tiny.decoder(
            shape, activation=None if kind == "variational" else "tanh"
        ),
    )
    for network in networks:
        for weight in network.weights:
            weight.assign(keras.ops.zeros_like(weight))
    arguments = [GaussianCorruption(0.0)] if kind == "denoising" else []
    model = type(model)(*networks, *arguments)
    penalty = kind.removeprefix("sparse_")
    model.compile(
        run_eagerly=True,
        **({"penalty": penalty} if penalty != kind else {}),
    )
    return model


@every_kind
def test_loss_grows_with_the_picture_and_not_with_the_batch(kind):
    small, wide = blind(kind, (4, 6, 2)), blind(kind, (4, 12, 2))
    pictures = tiny.images(shape=(4, 6, 2))
    # Twice the same picture, side by side; twice the same batch.
    doubled = np.concatenate([pictures, pictures], axis=2)
    repeated = np.concatenate([pictures, pictures], axis=0)
    of_small = tiny.step(small, pictures)
    of_wide = tiny.step(wide, doubled)
    of_repeated = tiny.step(blind(kind, (4, 6, 2)), repeated)
    terms = {"reconstruction_loss"}
    if kind in ("undercomplete", "denoising"):
        terms |= {"loss"}
        expected = np.sum(pictures**2) / len(pictures)
        np.testing.assert_allclose(of_small["loss"], expected, rtol=1e-5)
    for name, value in of_small.items():
        np.testing.assert_allclose(of_repeated[name], value, rtol=1e-5)
        if name in terms:
            np.testing.assert_allclose(of_wide[name], 2 * value, rtol=1e-5)
        elif name not in ("loss", "elbo"):
            np.testing.assert_allclose(of_wide[name], value, rtol=1e-5)


# --- The code ----------------------------------------------------------------


@every_kind
def test_call_is_the_way_to_the_code_and_back(kind):
    model = tiny.make(kind)
    pictures = tiny.images()
    codes = model.encode(pictures)
    assert codes.shape == (4, tiny.CODE_DIM)
    reconstructions = model.reconstruct(pictures)
    assert reconstructions.shape == pictures.shape
    assert np.max(np.abs(reconstructions)) <= 1
    for other in (
        model.decode(codes),
        model(pictures),
        model.predict(pictures, verbose=0),
        model.reconstruct(tf.data.Dataset.from_tensors(pictures)),
    ):
        np.testing.assert_allclose(other, reconstructions, atol=1e-6)


@every_kind
def test_exported_networks_are_the_way_to_the_code_and_back(kind, tmp_path):
    model = tiny.make(kind)
    networks = model.export_networks()
    assert set(networks) == {"encoder", "decoder"}
    pictures = tiny.images()
    codes = networks["encoder"](pictures)
    np.testing.assert_allclose(codes, model.encode(pictures), atol=1e-6)
    np.testing.assert_allclose(
        networks["decoder"](codes), model.reconstruct(pictures), atol=1e-6
    )
    # A file of its own, that needs no model.
    networks["decoder"].save(tmp_path / "decoder.keras")
    revived = keras.saving.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(revived(codes), networks["decoder"](codes))


@pytest.mark.parametrize("kind", ["undercomplete", "variational"])
def test_interpolation_goes_from_picture_to_picture(kind):
    model = tiny.make(kind)
    starts, ends = tiny.images(seed=1), tiny.images(seed=2)
    path = model.interpolate(starts, ends, num_steps=3)
    assert path.shape == (3, 4, *tiny.SHAPE)
    np.testing.assert_allclose(path[0], model.reconstruct(starts), atol=1e-6)
    np.testing.assert_allclose(path[2], model.reconstruct(ends), atol=1e-6)
    middle = (model.encode(starts) + model.encode(ends)) / 2
    np.testing.assert_allclose(path[1], model.decode(middle), atol=1e-6)
    arc = latents.interpolate(model.encode(starts), model.encode(ends), 3)
    np.testing.assert_allclose(
        model.interpolate(starts, ends, 3, "spherical")[1],
        model.decode(arc[1]),
        atol=1e-6,
    )


@every_kind
def test_errors_are_summed_over_pixels(kind):
    model = tiny.make(kind)
    pictures = tiny.images(5)
    errors = model.reconstruction_errors(pictures)
    assert errors.shape == (5,) and errors.dtype == np.float32
    by_hand = [
        sum((x - y) ** 2 for x, y in zip(picture.flat, left.flat))
        for picture, left in zip(pictures, model.reconstruct(pictures))
    ]
    np.testing.assert_allclose(errors, by_hand, rtol=1e-5)


@pytest.mark.parametrize("kind", ["undercomplete", "variational"])
def test_errors_tell_what_was_not_learned(kind):
    """Of one pattern in many strengths, and of noise."""
    strengths = np.linspace(-0.9, 0.9, 24).reshape(-1, 1, 1, 1)
    pattern = np.sign(tiny.images(1))
    normal = (strengths * pattern).astype("float32")
    anomalous = 0.5 * tiny.images(24, seed=1)

    def share_of_pairs_in_order(model):
        low = model.reconstruction_errors(normal)
        return np.mean(low < model.reconstruction_errors(anomalous)[:, None])

    model = tiny.make(
        kind, run_eagerly=False, optimizer=keras.optimizers.Adam(0.02)
    )
    assert share_of_pairs_in_order(model) < 0.8
    data = tf.data.Dataset.from_tensors(normal).repeat(150)
    tiny.fit(model, data)
    assert share_of_pairs_in_order(model) > 0.95


@every_kind
def test_traversal_changes_one_number_of_the_code(kind):
    model = tiny.make(kind)
    pictures = tiny.images()
    values = [-2, 0.5, 3]
    frames = model.traverse(pictures, np.int64(1), values)
    assert frames.shape == (3, 4, *tiny.SHAPE)
    for frame, value in zip(frames, values):
        codes = model.encode(pictures)
        codes[:, 1] = value
        np.testing.assert_allclose(frame, model.decode(codes), atol=1e-6)
    # Of one picture, its own value brings it back.
    own = model.encode(pictures)[2, 0]
    np.testing.assert_allclose(
        model.traverse(pictures[2:3], 0, [own])[0],
        model.reconstruct(pictures[2:3]),
        atol=1e-6,
    )


@every_kind
def test_perturbation_is_in_proportion_to_the_codes(kind, monkeypatch):
    model = tiny.make(kind)
    pictures = tiny.images(400)
    codes = model.encode(pictures)
    np.testing.assert_allclose(
        model.perturb(pictures, 0.0, seed=0),
        model.reconstruct(pictures),
        atol=1e-6,
    )
    first = model.perturb(pictures, 0.5, seed=0)
    assert first.shape == pictures.shape and np.max(np.abs(first)) <= 1
    np.testing.assert_array_equal(model.perturb(pictures, 0.5, seed=0), first)
    assert np.any(model.perturb(pictures, 0.5, seed=1) != first)
    decoded = []
    monkeypatch.setattr(model, "decode", decoded.append)
    model.perturb(pictures, 0.5, seed=0)
    model.perturb(pictures, 2.0, seed=0)
    noise = decoded[0] - codes
    np.testing.assert_allclose(decoded[1] - codes, 4 * noise, atol=1e-5)
    # Of its own for each number of the code.
    np.testing.assert_allclose(
        np.std(noise, axis=0), 0.5 * np.std(codes, axis=0), rtol=0.15
    )
    np.testing.assert_allclose(
        np.corrcoef(noise, rowvar=False), np.eye(tiny.CODE_DIM), atol=0.2
    )


def test_perturbation_leaves_idle_numbers_of_the_code_alone(monkeypatch):
    model = tiny.make("undercomplete")
    kernel = model.encoder.layers[-1].kernel
    kernel.assign(kernel.numpy() * [1, 0, 1])
    decoded = []
    monkeypatch.setattr(model, "decode", decoded.append)
    model.perturb(tiny.images(), 1.0, seed=0)
    moved = np.any(decoded[0] != model.encode(tiny.images()), axis=0)
    np.testing.assert_array_equal(moved, [True, False, True])


def test_codes_may_be_feature_maps():
    images = layers.Input((4, 4, 1))
    maps = layers.Input((2, 2, 3))
    model = Autoencoder(
        keras.Model(images, layers.Conv2D(3, 2, 2)(images)),
        keras.Model(maps, layers.Conv2DTranspose(1, 2, 2)(maps)),
    )
    pictures = tiny.images(shape=(4, 4, 1))
    codes = model.encode(pictures)
    assert codes.shape == (4, 2, 2, 3)
    assert model.interpolate(pictures, pictures, 2).shape == (2, 4, 4, 4, 1)
    assert model.perturb(pictures, 1.0, seed=0).shape == (4, 4, 4, 1)
    frames = model.traverse(pictures, 11, [5.0])
    codes[:, 1, 1, 2] = 5
    np.testing.assert_allclose(frames[0], model.decode(codes), atol=1e-6)


# --- Saving ------------------------------------------------------------------


def train_in_two_parts(kind, tmp_path, how):
    """2 steps, a file, and 2 steps by another model, born with another seed."""
    first = make_with_noise(kind)
    data = tiny.dataset(4)
    tiny.fit(first, data.take(2))
    if how == "keras":
        first.save(tmp_path / "half.keras")
        keras.utils.set_random_seed(99)
        second = keras.saving.load_model(tmp_path / "half.keras")
        second.run_eagerly = True
    else:
        first.save_weights(tmp_path / "half.weights.h5")
        second = make_with_noise(kind, seed=99)
        second.load_weights(tmp_path / "half.weights.h5")
    tiny.assert_same_state(second, first)
    tiny.fit(second, data.skip(2))
    return second


def make_with_noise(kind, seed=0):
    warmup = {"kl_warmup_steps": 3} if kind == "variational" else {}
    return tiny.make(kind, seed, dropout=0.3, **warmup)


@functools.cache
def train_at_once(kind):
    model = make_with_noise(kind)
    tiny.fit(model, tiny.dataset(4))
    return model


@every_kind
@pytest.mark.parametrize("how", ["keras", "weights"])
def test_resumed_equals_uninterrupted(kind, how, tmp_path):
    tiny.assert_same_state(
        train_in_two_parts(kind, tmp_path, how), train_at_once(kind)
    )


@pytest.mark.parametrize("kind", ["denoising", "variational"])
def test_resume_check_notices_lost_seeds(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(
        BaseModel, "load_own_variables", lambda self, store: None
    )
    with pytest.raises(AssertionError, match="not equal"):
        tiny.assert_same_state(
            train_in_two_parts(kind, tmp_path, "keras"), train_at_once(kind)
        )


@every_kind
def test_all_seeds_are_saved(kind):
    store = {}
    tiny.make(kind, dropout=0.3).save_own_variables(store)
    seeds = sum(name.startswith("seed_state") for name in store)
    # One of dropout, and one of the noise.
    assert seeds == 1 + (kind in ("denoising", "variational"))


@every_kind
def test_config_round_trip(kind):
    model = tiny.make(kind)
    config = model.get_config()
    # Keras's functional models take the config that they get to pieces.
    twin = type(model).from_config(copy.deepcopy(config))
    assert twin.get_config() == config


COMPILED = {
    "undercomplete": {},
    "denoising": {},
    "sparse_l1": {"penalty_weight": 0.25},
    "sparse_kl": {"penalty_weight": 2.0, "target_activity": 0.125},
    "variational": {"beta": 4.0, "free_bits": 0.5, "kl_warmup_steps": 7},
}


@every_kind
def test_keras_file_brings_back_the_compiled_model(kind, tmp_path):
    model = tiny.make(
        kind, optimizer=keras.optimizers.RMSprop(0.01), **COMPILED[kind]
    )
    tiny.fit(model, tiny.dataset(3))
    assert json.dumps(model.get_compile_config())
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    assert type(revived) is type(model)
    assert type(revived.optimizer) is keras.optimizers.RMSprop
    for name, value in COMPILED[kind].items():
        assert getattr(revived, name) == value
    assert revived.get_compile_config() == model.get_compile_config()
    tiny.assert_same_state(revived, model)
    # A run that is cut in the middle of an epoch knows its first half.
    assert revived.get_metrics_result() == model.get_metrics_result()
    pictures = tiny.images()
    np.testing.assert_array_equal(
        revived.reconstruct(pictures), model.reconstruct(pictures)
    )
    assert tiny.evaluate(revived, pictures) == tiny.evaluate(model, pictures)


def test_uncompiled_model_is_saved(tmp_path):
    model = Autoencoder(tiny.encoder(), tiny.decoder())
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    pictures = tiny.images()
    np.testing.assert_array_equal(revived(pictures), model(pictures))


# --- Bad arguments -----------------------------------------------------------


RANGE_MESSAGE = (
    "Images must be in [-1, 1]: scale bytes by x / 127.5 - 1. Received: values "
    "from {} to {}."
)


@every_kind
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_images_out_of_range_are_refused(kind, method):
    bytes_ = np.zeros((4, *tiny.SHAPE))
    bytes_[3, 0, 0, 0] = 255
    message = re.escape(RANGE_MESSAGE.format("0", "255"))
    with pytest.raises(ValueError, match=f"^{message}$"):
        getattr(tiny.make(kind), method)(bytes_, verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_images_out_of_range_are_refused_in_graphs(method):
    """Of the second batch too, and with the same sentence."""
    model = tiny.make("undercomplete", run_eagerly=False)
    pictures = tiny.images(8)
    pictures[6] = 2.5
    pictures[7] = -1.5
    message = re.escape(RANGE_MESSAGE.format("-1.5", "2.5"))
    with pytest.raises(ValueError, match=f"^{message}$"):
        getattr(model, method)(pictures, batch_size=4, verbose=0)


def test_images_that_are_no_numbers_are_refused():
    pictures = tiny.images()
    pictures[0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"^Images must be in \[-1, 1\]"):
        tiny.make("undercomplete").fit(pictures, verbose=0)


def test_rounding_is_in_range():
    pictures = np.full((4, *tiny.SHAPE), 1 + 1e-6)
    assert np.isfinite(
        tiny.evaluate(tiny.make("undercomplete"), pictures)["loss"]
    )


def test_other_errors_of_tensorflow_pass():
    model = tiny.make("undercomplete", run_eagerly=False)

    def fail(images):
        tf.debugging.assert_less(images, -2.0)
        return images

    data = tiny.dataset(1).map(fail)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tiny.fit(model, data)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("reconstruction_errors", ()),
        ("traverse", (0, [1.0])),
        ("perturb", (1.0, 0)),
    ],
)
def test_uses_of_the_code_check_their_images(method, arguments):
    use = getattr(tiny.make("undercomplete"), method)
    message = re.escape(RANGE_MESSAGE.format("-1", "255"))
    bytes_ = tiny.images()
    bytes_[0, 0, 0] = [-1, 255]
    with pytest.raises(ValueError, match=f"^{message}$"):
        use(bytes_, *arguments)
    with pytest.raises(ValueError, match="must have the shape that `encoder`"):
        use(tiny.images()[0], *arguments)
    message = (
        "`images` must be an array `(n, height, width, channels)`. Received: a "
        "data set. Give its batches one by one."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        use(tiny.dataset(1), *arguments)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda model, pictures: model.traverse(pictures, 3, [1.0]),
            "`unit` must be in [0, 3), the numbers of a code. Received: "
            "unit=3.",
        ),
        (
            lambda model, pictures: model.traverse(pictures, -1, [1.0]),
            "`unit` must be in [0, 3), the numbers of a code. Received: "
            "unit=-1.",
        ),
        (
            lambda model, pictures: model.traverse(pictures, 0, []),
            "`values` must be a sequence of one number or more. Received: "
            "values of shape (0,).",
        ),
        (
            lambda model, pictures: model.traverse(pictures, 0, 1.0),
            "`values` must be a sequence of one number or more. Received: "
            "values of shape ().",
        ),
        (
            lambda model, pictures: model.perturb(pictures, -0.1, 0),
            "`scale` must be >= 0. Received: scale=-0.1.",
        ),
        (
            lambda model, pictures: model.perturb(pictures[:1], 0.1, 0),
            "`images` must be two or more, for their codes to have a "
            "deviation. Received: 1.",
        ),
    ],
    ids=["unit", "below", "no_values", "one_value", "scale", "one_image"],
)
def test_bad_uses_of_the_code_are_refused(use, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        use(tiny.make("undercomplete"), tiny.images())


@every_kind
def test_labels_are_refused(kind):
    message = (
        "An autoencoder must be given batches of images alone: its target is "
        "its input. Received: batches with labels, targets or weights."
    )
    pictures = tiny.images()
    for method in ("fit", "evaluate"):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            getattr(tiny.make(kind), method)(pictures, np.arange(4), verbose=0)


def test_images_of_another_shape_are_refused():
    message = (
        "The images must have the shape that `encoder` takes. Received: images "
        "of shape (4, 6), encoder with input shape (4, 6, 2)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.make("undercomplete").fit(tiny.images()[..., 0], verbose=0)


@every_kind
def test_losses_and_metrics_in_compile_are_refused(kind):
    message = (
        "`compile` must not be given ['loss', 'metrics']: an autoencoder has "
        "its loss and its metrics. Leave them out."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tiny.make(kind, loss="mse", metrics=["mse"])


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            lambda: (tiny.encoder(code_dim=3), tiny.decoder(code_dim=4)),
            "`decoder` must take the codes that `encoder` makes. Received: "
            "encoder with codes of shape (3,), decoder with input shape (4,).",
        ),
        (
            lambda: (tiny.encoder((4, 4, 1)), tiny.decoder((4, 4, 3))),
            "`decoder` must make images of the shape that `encoder` takes. "
            "Received: encoder with input shape (4, 4, 1), decoder with "
            "output shape (4, 4, 3).",
        ),
        (
            lambda: (tiny.encoder((7,)), tiny.decoder((7,))),
            "`encoder` must take images `(batch, height, width, channels)`. "
            "Received: encoder with input shape (7,).",
        ),
    ],
    ids=["code", "images", "points"],
)
def test_networks_must_fit(networks, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Autoencoder(*networks())
