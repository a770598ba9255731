"""What every generator and discriminator of a GAN owes; shared checks."""

import itertools

import keras
import numpy as np
import tensorflow as tf


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def images_of(shape, seed=0):
    images = np.random.default_rng(seed).uniform(-1, 1, shape)
    return images.astype("float32")


def inputs_of(network, batch_size=4, seed=0):
    """Random inputs; labels count up from 0."""

    def draw(name, shape):
        if name == "labels":
            return np.arange(batch_size) % 2
        draws = images_of if name == "images" else normal
        return draws((batch_size, *shape[1:]), seed)

    if isinstance(network.input, dict):
        return {k: draw(k, v.shape) for k, v in network.input.items()}
    return draw(network.input.name, network.input.shape)


def trainable_count(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def weights_by_kind(network, kind):
    return {
        weight.path: keras.ops.convert_to_numpy(weight)
        for weight in network.weights
        if weight.path.rsplit("/", 1)[-1] == kind
    }


def shake(network, seed=0):
    """Weights as after some training, so that nothing is zero or one."""
    rng = np.random.default_rng(seed)
    for weight in network.trainable_variables:
        noise = rng.normal(size=weight.shape)
        weight.assign(weight + 0.1 * noise)


def check_own_initial_values(network):
    kernels = weights_by_kind(network, "kernel")
    pairs = [
        pair
        for pair in itertools.combinations(kernels.values(), 2)
        if pair[0].shape == pair[1].shape
    ]
    for first, second in pairs:
        assert np.mean(first == second) < 0.05
    return len(pairs)


def check_clone(network):
    shake(network)
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    inputs = inputs_of(network)
    np.testing.assert_array_equal(clone(inputs), network(inputs))


def check_save_and_load(network, path):
    shake(network)
    network.save(path)
    revived = keras.saving.load_model(path)
    inputs = inputs_of(network)
    np.testing.assert_array_equal(revived(inputs), network(inputs))
    names = [[layer.name for layer in n.layers] for n in (network, revived)]
    assert names[0] == names[1]


def check_gradients(network):
    """A finite, non-zero gradient for every trainable weight."""
    shake(network)
    inputs = inputs_of(network)
    with tf.GradientTape() as tape:
        outputs = network(inputs, training=True)
        # Not a plain sum: batch norms would make much of it constant.
        loss = keras.ops.sum(outputs * normal(outputs.shape, seed=1))
    variables = network.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients):
        assert gradient is not None, variable.path
        # The gradient of an embedding comes as slices.
        gradient = np.array(tf.convert_to_tensor(gradient))
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient != 0), variable.path


def check_mixed_precision(build, policy, name):
    """Same answers in float32 as without the policy, to half precision."""
    keras.utils.set_random_seed(0)
    exact = build()
    policy(name)
    mixed = build()
    mixed.set_weights(exact.get_weights())
    half = name.removeprefix("mixed_")
    assert any(layer.compute_dtype == half for layer in mixed.layers)
    inputs = inputs_of(exact)
    for training in (False, True):
        outputs = np.array(mixed(inputs, training=training))
        assert outputs.dtype == "float32"
        np.testing.assert_allclose(
            outputs, exact(inputs, training=training), atol=0.1
        )


def check_depends_on_label(network):
    """Other labels, other outputs, each in its own row alone."""
    shake(network)
    inputs = inputs_of(network)
    before = np.array(network(inputs))
    labels = inputs["labels"].copy()
    labels[0] = 1 - labels[0]
    after = np.array(network({**inputs, "labels": labels}))
    assert np.max(np.abs(after[0] - before[0])) > 1e-3
    np.testing.assert_allclose(after[1:], before[1:], atol=1e-6)
    column = {**inputs, "labels": inputs["labels"][:, None]}
    np.testing.assert_array_equal(network(column), before)
    # A batch of one, whose labels look like a column.
    one = {name: values[:1] for name, values in inputs.items()}
    np.testing.assert_allclose(network(one), before[:1], atol=1e-5)


def spectral_norms(network):
    """Largest singular values of all kernels, by NumPy's SVD."""
    return {
        path: np.linalg.svd(
            kernel.reshape(-1, kernel.shape[-1]), compute_uv=False
        )[0]
        for path, kernel in weights_by_kind(network, "kernel").items()
    }


def check_spectral_norm(network):
    kernels = weights_by_kind(network, "kernel")
    wrappers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.SpectralNormalization)
    ]
    assert len(wrappers) == len(kernels)
    for layer in wrappers:
        layer.layer.kernel.assign(3 * layer.layer.kernel)
    inputs = inputs_of(network)
    before = network.get_weights()
    network(inputs, training=False)
    for old, new in zip(before, network.get_weights()):
        np.testing.assert_array_equal(old, new)
    train = tf.function(lambda: network(inputs, training=True))
    for _ in range(100):
        train()
    for path, norm in spectral_norms(network).items():
        assert 0.99 < norm < 1.02, path
