import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.layers import InstanceNormalization

SHAPES = [(2, 4, 4, 3), (1, 8, 6, 1), (3, 5, 7, 8)]


def instance_norm(images, epsilon, gamma=1.0, beta=0.0):
    """Image by image and channel by channel, in float64."""
    outputs = np.empty(images.shape, "float64")
    for i in range(images.shape[0]):
        for c in range(images.shape[-1]):
            pixels = images[i, :, :, c].astype("float64")
            variance = np.sum((pixels - pixels.mean()) ** 2) / pixels.size
            outputs[i, :, :, c] = (pixels - pixels.mean()) / np.sqrt(
                variance + epsilon
            )
    return gamma * outputs + beta


def images_of(shape, seed=0):
    rng = np.random.default_rng(seed)
    # Each channel of each image has its own mean and spread.
    spread = rng.uniform(0.1, 3.0, (shape[0], 1, 1, shape[-1]))
    mean = rng.uniform(-2.0, 2.0, (shape[0], 1, 1, shape[-1]))
    return (mean + spread * rng.normal(size=shape)).astype("float32")


def check_against_reference(layer, epsilon=1e-5):
    images = images_of((2, 8, 8, 4))
    np.testing.assert_allclose(
        layer(images), instance_norm(images, epsilon), atol=1e-5
    )


@pytest.fixture
def float64():
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def test_hand_worked_image():
    # Channel 0 is 1, 3: mean 2, variance 1, and 1 + 3 = 4 has root 2.
    # Channel 1 is 10, 10: variance 0, so 0 / sqrt(3).
    images = np.array([[[[1.0, 10.0], [3.0, 10.0]]]], "float32")
    outputs = InstanceNormalization(epsilon=3.0)(images)
    np.testing.assert_allclose(
        outputs, [[[[-0.5, 0.0], [0.5, 0.0]]]], atol=1e-7
    )
    layer = InstanceNormalization(
        epsilon=3.0,
        center=True,
        scale=True,
        gamma_initializer=keras.initializers.Constant(2.0),
        beta_initializer="ones",
    )
    np.testing.assert_allclose(
        layer(images), [[[[0.0, 1.0], [2.0, 1.0]]]], atol=1e-7
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 0.5])
def test_equals_numpy_reference(shape, epsilon):
    images = images_of(shape)
    outputs = InstanceNormalization(epsilon)(images)
    assert outputs.shape == shape
    np.testing.assert_allclose(
        outputs, instance_norm(images, epsilon), atol=1e-5
    )


@pytest.mark.parametrize("center", [False, True], ids=["", "center"])
@pytest.mark.parametrize("scale", [False, True], ids=["", "scale"])
def test_affine_weights_are_independent(center, scale):
    images = images_of((2, 6, 6, 3))
    layer = InstanceNormalization(center=center, scale=scale)
    layer.build(images.shape)
    gamma = np.array([2.0, -1.0, 0.5]) if scale else np.ones(3)
    beta = np.array([-3.0, 0.0, 1.0]) if center else np.zeros(3)
    layer.set_weights([gamma] * scale + [beta] * center)
    np.testing.assert_allclose(
        layer(images), instance_norm(images, 1e-5, gamma, beta), atol=2e-5
    )
    assert len(layer.trainable_variables) == center + scale


def test_default_is_the_pytorch_convention():
    layer = InstanceNormalization()
    layer.build((None, 4, 4, 3))
    assert layer.weights == []
    assert layer.epsilon == 1e-5


def test_reference_check_passes_for_the_layer():
    check_against_reference(InstanceNormalization())


@pytest.mark.parametrize(
    "impostor",
    [
        lambda: keras.layers.GroupNormalization(1, epsilon=1e-5),
        lambda: keras.layers.LayerNormalization(epsilon=1e-5),
        lambda: InstanceNormalization(epsilon=1e-2),
    ],
    ids=["one group", "layer norm", "other epsilon"],
)
def test_reference_check_fails_for_impostors(impostor):
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_against_reference(impostor())


def test_equals_pytorch():
    torch = pytest.importorskip("torch")
    images = images_of((2, 8, 6, 5))
    theirs = torch.nn.InstanceNorm2d(5)(
        torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    )
    np.testing.assert_allclose(
        InstanceNormalization()(images),
        theirs.numpy().transpose(0, 2, 3, 1),
        atol=1e-5,
    )


def test_images_do_not_see_each_other():
    images = images_of((2, 4, 4, 3))
    layer = InstanceNormalization()
    both, alone = layer(images), layer(images[:1])
    np.testing.assert_allclose(both[:1], alone, atol=1e-6)


def test_training_and_inference_are_the_same():
    images = images_of((2, 4, 4, 3))
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), InstanceNormalization(scale=True)]
    )
    np.testing.assert_array_equal(
        model(images, training=True), model(images, training=False)
    )
    assert model.non_trainable_variables == []


def test_float16_with_large_values_stays_finite():
    images = (
        300 * np.random.default_rng(0).normal(size=(2, 16, 16, 4))
    ).astype("float16")
    with np.errstate(over="ignore"):  # The trap: squares leave half precision.
        assert np.isinf(np.max(np.square(images)))
    outputs = InstanceNormalization(dtype="float16")(images)
    assert outputs.dtype == "float16"
    assert np.all(np.isfinite(outputs))
    # Half precision has 11 bits: values up to 4 are 4 / 2**11 apart.
    np.testing.assert_allclose(
        outputs, instance_norm(images, 1e-5), atol=4 / 2**11
    )


def test_bfloat16_stays_bfloat16():
    outputs = InstanceNormalization(dtype="bfloat16")(images_of((1, 4, 4, 2)))
    assert outputs.dtype == "bfloat16"


def hard_for_float32():
    # A mean of 300 and a spread of 0.01: float32 keeps 3 digits of it.
    rng = np.random.default_rng(0)
    return 300.0 + 0.01 * rng.normal(size=(2, 6, 6, 3))


def test_float64_keeps_its_precision():
    images = hard_for_float32()
    expected = instance_norm(images, 1e-5)
    outputs = InstanceNormalization(dtype="float64")(images)
    assert outputs.dtype == "float64"
    np.testing.assert_allclose(outputs, expected, atol=1e-9)
    in_float32 = InstanceNormalization()(images.astype("float32"))
    assert np.max(np.abs(in_float32 - expected)) > 1e-5


def test_float64_by_floatx(float64):
    images = hard_for_float32()
    outputs = InstanceNormalization()(images)
    assert outputs.dtype == "float64"
    np.testing.assert_allclose(outputs, instance_norm(images, 1e-5), atol=1e-9)


def test_free_sizes():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, InstanceNormalization()(inputs))
    assert model.output_shape == (None, None, None, 3)
    for shape in ((1, 4, 6, 3), (2, 5, 3, 3)):
        images = images_of(shape)
        np.testing.assert_allclose(
            model(images), instance_norm(images, 1e-5), atol=1e-5
        )


def test_config_round_trip():
    layer = InstanceNormalization(
        epsilon=0.1, scale=True, gamma_initializer="zeros", name="norm"
    )
    layer.build((None, 4, 4, 3))  # Must not turn up in the config.
    config = layer.get_config()
    assert "groups" not in config and "axis" not in config
    twin = InstanceNormalization.from_config(config)
    assert twin.get_config() == config
    assert (twin.epsilon, twin.center, twin.scale) == (0.1, False, True)
    # A built layer's config serves another number of channels.
    twin.build((None, 4, 4, 5))
    assert twin.gamma.shape == (5,)


def test_save_and_load(tmp_path):
    images = images_of((2, 4, 4, 3))
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            InstanceNormalization(
                0.3, center=True, scale=True, gamma_initializer="random_normal"
            ),
        ]
    )
    model.save(tmp_path / "norm.keras")
    revived = keras.saving.load_model(tmp_path / "norm.keras")
    assert type(revived.layers[0]) is InstanceNormalization
    np.testing.assert_array_equal(revived(images), model(images))


@pytest.mark.parametrize("epsilon", [0, -1e-5])
def test_epsilon_must_be_positive(epsilon):
    message = f"`epsilon` must be > 0. Received: epsilon={epsilon}."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        InstanceNormalization(epsilon)


def test_other_ranks_are_refused():
    message = (
        "The input must be images `(batch, height, width, channels)`. "
        "Received: input_shape=(None, 8, 3)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        InstanceNormalization().build((None, 8, 3))


def derivatives(layer, images, weights, training):
    """The gradient of a weighted sum, and that of the gradient's square."""
    x = tf.convert_to_tensor(images)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(weights * layer(x, training=training))
        first = tape.gradient(loss, x)
        square = tf.reduce_sum(first * first)
    return first, outer.gradient(square, x)


@pytest.mark.parametrize("axes", [(1, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize(
    "wrap", [lambda f: f, tf.function], ids=["eager", "graph"]
)
def test_gradient_by_hand_equals_the_derived_one(wrap, axes):
    layer = InstanceNormalization(0.1, dtype="float64")
    layer._axes = axes
    images = images_of((2, 4, 6, 3)).astype("float64")
    layer.build(images.shape)
    weights = np.random.default_rng(1).normal(size=images.shape)
    by_hand, derived = (
        wrap(derivatives)(layer, images, weights, training)
        for training in (True, False)
    )
    for ours, theirs in zip(by_hand, derived):
        assert np.max(np.abs(theirs)) > 0.01
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_gradient_equals_pytorch():
    torch = pytest.importorskip("torch")
    images = images_of((2, 8, 6, 5))
    weights = np.random.default_rng(1).normal(size=images.shape)
    weights = weights.astype("float32")
    x = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    x.requires_grad_(True)
    outputs = torch.nn.InstanceNorm2d(5)(x)
    (outputs * torch.from_numpy(weights.transpose(0, 3, 1, 2))).sum().backward()
    gradient, _ = derivatives(InstanceNormalization(), images, weights, True)
    np.testing.assert_allclose(
        gradient, x.grad.numpy().transpose(0, 2, 3, 1), atol=2e-5
    )


def test_affine_weights_get_their_gradients():
    images = tf.constant(images_of((2, 4, 4, 3)))
    layer = InstanceNormalization(center=True, scale=True)
    layer.build(images.shape)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(images, training=True) * images)
    gamma, beta = tape.gradient(loss, [layer.gamma.value, layer.beta.value])
    # The outputs are gamma times what is normal, plus beta.
    normal = instance_norm(images.numpy(), 1e-5)
    np.testing.assert_allclose(
        gamma, np.sum(normal * images, axis=(0, 1, 2)), rtol=1e-4
    )
    np.testing.assert_allclose(
        beta, np.sum(images, axis=(0, 1, 2)), rtol=1e-4, atol=1e-4
    )


def test_gradient_of_large_float16_values_stays_finite():
    images = 300 * np.random.default_rng(0).normal(size=(2, 16, 16, 4))
    images = tf.constant(images, "float16")
    weights = tf.constant(images_of((2, 16, 16, 4)), "float16")
    layer = InstanceNormalization(dtype="float16")
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
    gradient = tape.gradient(outputs, images, output_gradients=weights)
    assert gradient.dtype == "float16"
    assert np.all(np.isfinite(gradient))
    assert np.max(np.abs(gradient)) > 0


def test_the_graph_of_a_gradient_is_short():
    """What waits for the first step is by and large the number of nodes."""
    layer = InstanceNormalization()
    layer.build((1, 8, 8, 3))

    def count_nodes(training):
        spec = tf.TensorSpec((1, 8, 8, 3))

        @tf.function
        def gradient(x, upstream):
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = layer(x, training=training)
            return tape.gradient(outputs, x, output_gradients=upstream)

        graph = gradient.get_concrete_function(spec, spec).graph
        return len(graph.get_operations())

    assert count_nodes(training=True) < 0.6 * count_nodes(training=False)
