import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans import losses as public
from keras_gans import noise
from keras_gans.losses import adversarial, penalties

ROOT = pathlib.Path(__file__).parents[2]
NAMES = ["dragan", "gradient", "r1", "r2"]
NORM_ONE = ["dragan", "gradient"]
IMAGE_SHAPES = [(5,), (4, 4, 3), (2, 3, 4, 2)]


@pytest.fixture
def half_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(policy)


def random_images(shape=(8, 8, 3), batch_size=4, seed=0):
    rng = np.random.default_rng(seed)
    real, fake = rng.uniform(-1, 1, (2, batch_size, *shape))
    return tf.constant(real, "float32"), tf.constant(fake, "float32")


def call(name, discriminator, real_images, fake_images, seed=0):
    return penalties.PENALTIES[name](
        discriminator,
        real_images,
        fake_images,
        keras.random.SeedGenerator(seed),
    )


def dot(images, weights):
    """A linear critic's scores; its gradient is `weights` everywhere."""
    return tf.reduce_sum(images * weights, axis=list(range(1, images.ndim)))


def half_square(images):
    """The critic whose gradient is the image itself."""
    return 0.5 * dot(images, images)


def small_discriminator(seed=0):
    """Smooth, so that finite differences are a fair judge."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 4, 2, padding="same", activation="softplus"),
            keras.layers.Conv2D(4, 3, padding="same", activation="tanh"),
            keras.layers.Conv2D(1, 3, padding="same", dtype="float32"),
        ]
    )


class Recorder:
    """A critic that remembers which images it was asked about."""

    def __call__(self, images):
        self.images = images.numpy()
        return half_square(images)


def test_table_and_public_names():
    assert sorted(penalties.PENALTIES) == NAMES
    for name in NAMES:
        function = getattr(penalties, f"{name}_penalty")
        assert penalties.PENALTIES[name] is function
        assert getattr(public, f"{name}_penalty") is function
    assert public.PENALTIES is penalties.PENALTIES
    assert public.get_penalty is penalties.get
    assert public.check_penalty is penalties.check_fit
    assert public.clip_weights is penalties.clip_weights


def test_hand_worked_linear_critic():
    # A slope of (3, 4) has norm 5: (5 - 1)^2 = 16, and 5^2 / 2 = 12.5.
    real, fake = random_images((2,))
    for name in NAMES:
        penalty = call(name, lambda x: 3 * x[:, 0] + 4 * x[:, 1], real, fake)
        expected = 16.0 if name in NORM_ONE else 12.5
        np.testing.assert_allclose(penalty, np.full(4, expected), rtol=1e-6)


@pytest.mark.parametrize("shape", IMAGE_SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_linear_critic_exactly(name, shape):
    weights = np.random.default_rng(1).normal(size=shape).astype("float32")
    # Over all axes but the first: of rows or channels it would be another.
    norm = np.sqrt(np.sum(weights.astype("float64") ** 2))
    penalty = call(
        name, lambda images: dot(images, weights) + 7.0, *random_images(shape)
    )
    assert penalty.shape == (4,) and penalty.dtype == "float32"
    expected = (norm - 1) ** 2 if name in NORM_ONE else norm**2 / 2
    np.testing.assert_allclose(penalty, np.full(4, expected), rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_score_is_the_mean_over_the_patches(name):
    real, fake = random_images((3,))
    weights = np.array([[1.0, 0.0, 2.0], [3.0, 5.0, -1.0]], "float32")
    norm = np.linalg.norm(weights.mean(axis=0))
    expected = (norm - 1) ** 2 if name in NORM_ONE else norm**2 / 2
    for shape in ((-1, 2), (-1, 2, 1, 1), (-1, 1, 2, 1)):
        penalty = call(
            name,
            lambda images, shape=shape: tf.reshape(images @ weights.T, shape),
            real,
            fake,
        )
        np.testing.assert_allclose(penalty, np.full(4, expected), rtol=1e-5)


def test_r1_is_at_the_real_images_and_r2_at_the_fakes():
    real, fake = random_images()
    for name, images in (("r1", real), ("r2", fake)):
        expected = np.sum(np.square(images), axis=(1, 2, 3)) / 2
        np.testing.assert_allclose(
            call(name, half_square, real, fake), expected, rtol=1e-5
        )


def test_gradient_penalty_mixes_uniformly_one_share_per_image():
    # At (1 + e) u, |u| = 1, the critic's slope has norm 1 + e.
    direction = np.random.default_rng(0).normal(size=(1, 4, 4, 1))
    direction /= np.linalg.norm(direction)
    fake = tf.constant(np.repeat(direction, 4000, axis=0), "float32")
    recorder = Recorder()
    penalty = call("gradient", recorder, 2.0 * fake, fake)
    shares = np.sqrt(penalty)
    assert np.all(0 <= shares) and np.all(shares <= 1)
    # The standard deviation of a mean of 4000 such numbers is 0.0046; of the
    # empirical distribution, at most 0.008.
    np.testing.assert_allclose(np.mean(shares), 0.5, atol=0.02)
    np.testing.assert_allclose(
        np.sort(shares), (np.arange(4000) + 0.5) / 4000, atol=0.04
    )
    per_pixel = recorder.images / fake.numpy() - 1
    np.testing.assert_allclose(
        per_pixel,
        np.broadcast_to(shares[:, None, None, None], fake.shape),
        atol=1e-4,
    )


def test_dragan_perturbs_the_real_images_upwards():
    real, fake = random_images((8, 8, 3), batch_size=500)
    recorder = Recorder()
    call("dragan", recorder, real, fake)
    spread = (recorder.images - real) / (0.5 * np.std(real))
    assert np.all(-1e-5 <= spread) and np.all(spread <= 1 + 1e-5)
    # E e u = 1/4, and of an image with share e: e/2, at most e.
    np.testing.assert_allclose(np.mean(spread), 0.25, atol=0.02)
    largest = np.max(spread, axis=(1, 2, 3))
    means = np.mean(spread, axis=(1, 2, 3))
    np.testing.assert_allclose(np.mean(largest), 0.5, atol=0.05)
    np.testing.assert_allclose(means, largest / 2, atol=0.15)
    assert np.corrcoef(means, largest)[0, 1] > 0.98
    # Its size follows the range of the pixels.
    other = Recorder()
    call("dragan", other, 100 * real, fake)
    np.testing.assert_allclose(other.images, 100 * recorder.images, atol=1e-3)
    np.testing.assert_allclose(
        call("dragan", half_square, real, fake),
        (np.sqrt(np.sum(recorder.images**2, axis=(1, 2, 3))) - 1) ** 2,
        rtol=1e-4,
    )


@pytest.mark.parametrize("name", NAMES)
def test_draws_come_from_the_seed_generator(name):
    real, fake = random_images()
    generator = keras.random.SeedGenerator(3)
    first, second = (
        penalties.PENALTIES[name](half_square, real, fake, generator).numpy()
        for _ in range(2)
    )
    np.testing.assert_array_equal(call(name, half_square, real, fake, 3), first)
    draws = name in NORM_ONE
    assert np.array_equal(first, second) != draws
    state = keras.ops.convert_to_numpy(generator.state)
    assert np.array_equal(state, [3, 0]) != draws


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1, 10**12], ids=str)
def test_draws_of_any_seed_are_uniform(seed):
    generator = keras.random.SeedGenerator(seed)
    for draw in (
        noise.draw_uniform([1000], generator),
        tf.function(noise.draw_uniform, jit_compile=True)([1000], generator),
    ):
        np.testing.assert_allclose(
            np.sort(draw), (np.arange(1000) + 0.5) / 1000, atol=0.08
        )


@pytest.mark.parametrize("name", NAMES)
def test_second_derivative_of_a_linear_critic(name):
    real, fake = random_images((6,))
    weights = tf.Variable([1.0, -2.0, 0.5, 0.0, 3.0, -1.0])
    with tf.GradientTape() as tape:
        penalty = call(name, lambda images: dot(images, weights), real, fake)
    norm = np.linalg.norm(weights.numpy())
    # d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w|, and d/dw |w|^2 / 2 = w.
    factor = 2 * (norm - 1) / norm if name in NORM_ONE else 1.0
    np.testing.assert_allclose(
        tape.gradient(penalty, weights), 4 * factor * weights, rtol=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
def test_second_derivative_against_finite_differences(name):
    discriminator = small_discriminator()
    for weight in discriminator.weights:
        weight.assign(2 * weight + 0.1)
    real, fake = random_images()

    @tf.function
    def loss_and_gradients():
        with tf.GradientTape() as tape:
            penalty = tf.reduce_mean(
                penalties.PENALTIES[name](
                    discriminator, real, fake, seed_generator
                )
            )
        return penalty, tape.gradient(
            penalty,
            [v.value for v in discriminator.trainable_variables],
            unconnected_gradients="zero",
        )

    seed_generator = keras.random.SeedGenerator(0)
    start = keras.ops.convert_to_numpy(seed_generator.state)

    def evaluate():
        seed_generator.state.assign(start)
        return loss_and_gradients()

    _, gradients = evaluate()
    rng = np.random.default_rng(0)
    step = 1e-2
    moved = 0
    for variable, gradient in zip(discriminator.trainable_variables, gradients):
        before = keras.ops.convert_to_numpy(variable)
        direction = rng.choice([-1.0, 1.0], before.shape)
        values = []
        for sign in (1.0, -1.0):
            variable.assign(before + sign * step * direction)
            values.append(float(evaluate()[0]))
        variable.assign(before)
        slope = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(
            np.sum(gradient * direction), slope, rtol=0.02, atol=2e-4
        )
        moved += abs(slope) > 1e-3
    # All but the last bias, which no slope knows of.
    assert moved == len(gradients) - 1
    np.testing.assert_array_equal(gradients[-1], [0.0])


@pytest.mark.parametrize("name", NAMES)
def test_a_critic_without_slope_gives_finite_gradients(name):
    weights = tf.Variable(tf.zeros(6))
    real, fake = random_images((6,))
    with tf.GradientTape() as tape:
        penalty = call(name, lambda images: dot(images, weights), real, fake)
    expected = 1.0 if name in NORM_ONE else 0.0
    np.testing.assert_array_equal(penalty, np.full(4, expected))
    np.testing.assert_array_equal(tape.gradient(penalty, weights), np.zeros(6))


@pytest.mark.parametrize("name", NAMES)
def test_no_gradient_reaches_the_generator(name):
    images = tf.Variable(random_images()[0])
    weight = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        penalty = call(
            name,
            lambda images: weight * half_square(images),
            1.0 * images,
            2.0 * images,
        )
    for_images, for_weight = tape.gradient(penalty, [images, weight])
    assert for_images is None
    assert np.isfinite(for_weight) and for_weight != 0


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("name", NAMES)
def test_compiled_equals_eager(name, jit_compile, monkeypatch):
    if jit_compile:  # XLA draws other numbers, so that it gets none to draw.
        monkeypatch.setattr(
            noise, "draw_uniform", lambda shape, _: tf.fill(shape, 0.3)
        )
    discriminator = small_discriminator()
    kernel = discriminator.trainable_variables[0].value
    real, fake = random_images()

    def run(real, fake):
        with tf.GradientTape() as tape:
            penalty = penalties.PENALTIES[name](
                discriminator, real, fake, seed_generator
            )
            loss = tf.reduce_mean(penalty)
        return penalty, tape.gradient(loss, kernel)

    # The batch's size is not known when XLA is not asked to know all sizes.
    batch_size = 4 if jit_compile else None
    spec = tf.TensorSpec((batch_size, 8, 8, 3))
    seed_generator = keras.random.SeedGenerator(0)
    eager = run(real, fake)
    seed_generator = keras.random.SeedGenerator(0)
    compiled = tf.function(
        run, input_signature=[spec, spec], jit_compile=jit_compile
    )(real, fake)
    for value, expected in zip(compiled, eager):
        np.testing.assert_allclose(value, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_finite_and_near(name, half_precision):
    discriminator = small_discriminator()
    assert discriminator.layers[0].compute_dtype == "float16"
    keras.config.set_dtype_policy("float32")
    twin = small_discriminator()
    twin.set_weights(discriminator.get_weights())
    real, fake = random_images()
    results = []
    for critic in (discriminator, twin):
        with tf.GradientTape() as tape:
            penalty = call(name, critic, real, fake)
        assert penalty.dtype == "float32"
        kernel = critic.trainable_variables[0].value
        results.append((penalty.numpy(), tape.gradient(penalty, kernel)))
    for half, full in zip(*results):
        assert np.all(np.isfinite(half)) and np.any(half != 0)
        np.testing.assert_allclose(half, full, rtol=0.05, atol=5e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "uint8"])
@pytest.mark.parametrize("name", NAMES)
def test_images_of_any_type_are_taken_as_float32(name, dtype):
    def critic(images):
        assert images.dtype == "float32"
        return half_square(images)

    images = tf.cast(100 * tf.ones((2, 4)), dtype)
    penalty = call(name, critic, images, images)
    assert penalty.dtype == "float32"
    if name != "dragan":  # Without spread there is no noise either.
        expected = 199.0**2 if name == "gradient" else 20_000.0
        np.testing.assert_allclose(penalty, np.full(2, expected), rtol=1e-5)


def test_slopes_of_many_patches_do_not_underflow_in_half_precision():
    # A slope of 1e-4 for each of 4096 patches; a mean's, 2.4e-8, is no
    # float16.
    images = tf.zeros((1, 64, 64, 1))
    assert np.float16(1e-4 / 4096) == 0
    penalty = call(
        "r1",
        lambda images: tf.cast(images, "float16") * np.float16(1e-4),
        images,
        images,
    )
    np.testing.assert_allclose(
        penalty, [4096 * (1e-4 / 4096) ** 2 / 2], rtol=1e-2
    )


@pytest.mark.parametrize("name", NAMES)
def test_conditional_discriminator(name):
    # The slope is the label, so each image has a penalty of its own.
    images = keras.Input((4,))
    labels = keras.Input((1,))
    scores = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    discriminator = keras.Model([images, labels], scores(images * labels))
    labels = tf.constant([[0.5], [1.0], [2.0], [4.0]])
    penalty = call(
        name,
        lambda images: discriminator([images, labels], training=True),
        *random_images((4,)),
    )
    norms = 2 * labels[:, 0]  # The root of four pixels' squares.
    expected = (norms - 1) ** 2 if name in NORM_ONE else norms**2 / 2
    np.testing.assert_allclose(penalty, expected, rtol=1e-5)


def assert_refuses(message, function, *args):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(*args)


def test_images_of_two_shapes_are_refused():
    real, fake = random_images()
    assert_refuses(
        "`real_images` and `fake_images` must be of one shape, because the "
        "gradient penalty mixes them. Received: real_images.shape=(4, 8, 8, "
        "3), fake_images.shape=(3, 8, 8, 3).",
        *(call, "gradient", half_square, real, fake[:3]),
    )
    # The others look at one side only.
    for name in ("dragan", "r1", "r2"):
        assert call(name, half_square, real, fake[:3]).shape[0] in (3, 4)


@pytest.mark.parametrize("name", NAMES)
def test_a_discriminator_without_gradient_is_refused(name):
    real, fake = random_images()
    assert_refuses(
        "`discriminator` must be differentiable in the images, but no gradient "
        "reaches them. Let it answer with `keras.ops` or layers.",
        *(call, name, lambda images: tf.zeros((4, 1)), real, fake),
    )


@pytest.mark.parametrize("name", NAMES)
def test_get(name):
    assert penalties.get(name) is penalties.PENALTIES[name]


def test_get_returns_a_function_as_it_is():
    assert penalties.get(half_square) is half_square


@pytest.mark.parametrize(
    "identifier", ["r3", "", None, 3, Recorder, ("r1", "r2")], ids=str
)
def test_get_refuses(identifier):
    assert_refuses(
        "`penalty` must be one of ['dragan', 'gradient', 'r1', 'r2'] or a "
        "function of (discriminator, real_images, fake_images, "
        f"seed_generator). Received: penalty={identifier!r}.",
        *(penalties.get, identifier),
    )


@pytest.mark.parametrize("family", sorted(adversarial.ADVERSARIAL_LOSSES))
def test_every_penalty_fits_every_loss(family):
    for name in NAMES:
        penalties.check_fit(name, family)
    penalties.check_fit(half_square, adversarial.get(family))


def test_weight_clipping_fits_a_critic():
    class Mine(adversarial.WassersteinDiscriminatorLoss):
        pass

    penalties.check_fit("weight_clipping", "wasserstein")
    penalties.check_fit("weight_clipping", adversarial.get("wasserstein"))
    penalties.check_fit(
        "weight_clipping", (adversarial.WassersteinGeneratorLoss(), Mine())
    )


@pytest.mark.parametrize(
    "family", sorted({*adversarial.ADVERSARIAL_LOSSES} - {"wasserstein"})
)
def test_weight_clipping_fits_nothing_else(family):
    pair = adversarial.get(family)
    message = (
        "`weight_clipping` must go with an adversarial loss of "
        "['wasserstein']; the penalties ['dragan', 'gradient', 'r1', 'r2'] fit "
        f"every loss. Received: a {type(pair[1]).__name__}."
    )
    assert_refuses(message, penalties.check_fit, "weight_clipping", family)
    assert_refuses(message, penalties.check_fit, "weight_clipping", pair)


def test_check_fit_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="^`penalty` must be one of"):
        penalties.check_fit("weight_cliping", "wasserstein")
    with pytest.raises(ValueError, match="^`adversarial_loss` must be one of"):
        penalties.check_fit("r1", "wassrstein")


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_clip_weights(compiled):
    first = keras.Variable([-1.0, -0.01, 0.0, 0.005, 0.02])
    second = keras.Variable([[0.5]])

    def clip():
        penalties.clip_weights([first, second], 0.01)

    (tf.function(clip) if compiled else clip)()
    np.testing.assert_allclose(first, [-0.01, -0.01, 0.0, 0.005, 0.01])
    np.testing.assert_allclose(second, [[0.01]])


@pytest.mark.parametrize("limit", [0, -0.01, float("nan")], ids=str)
def test_clip_weights_refuses(limit):
    assert_refuses(
        f"`limit` must be > 0. Received: limit={limit}.",
        *(penalties.clip_weights, [], limit),
    )


def test_two_replicas_share_means_and_not_draws():
    result = subprocess.run(
        [sys.executable, "-m", "tests.losses.two_replicas"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    assert "two replicas share means and not draws" in result.stdout
