import functools
import re

import keras
import numpy as np
import pytest

from keras_gans.layers import InstanceNormalization, MinibatchStdDev
from keras_gans.networks import (
    blocks,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from tests.networks import gan_pairs, torch_parity

generator_of = functools.partial(build_dcgan_generator, 5, (16, 16, 3), 4)
discriminator_of = functools.partial(build_dcgan_discriminator, (16, 16, 3), 4)

# Every variant that has weights or wiring of its own.
NETWORKS = {
    "generator": generator_of,
    "generator, labels": functools.partial(generator_of, num_classes=3),
    "generator, no norm": functools.partial(generator_of, normalization="none"),
    "discriminator": discriminator_of,
    "discriminator, concat": functools.partial(discriminator_of, num_classes=3),
    "discriminator, projection": functools.partial(
        discriminator_of, num_classes=3, conditioning="projection"
    ),
    "discriminator, instance norm": functools.partial(
        discriminator_of, normalization="instance", minibatch_stddev=True
    ),
    "discriminator, spectral norm": functools.partial(
        discriminator_of,
        num_classes=3,
        conditioning="projection",
        normalization="none",
        spectral_norm=True,
        minibatch_stddev=True,
    ),
}
CONDITIONAL = [
    name for name, build in NETWORKS.items() if "num_classes" in build.keywords
]
every_network = pytest.mark.parametrize("name", NETWORKS)


def test_parameter_counts_of_the_paper():
    generator = build_dcgan_generator()
    assert gan_pairs.trainable_count(generator) == 3_576_704
    # Two running statistics for each channel that is normalised.
    assert generator.count_params() == 3_576_704 + 2 * (512 + 256 + 128 + 64)
    discriminator = build_dcgan_discriminator()
    assert gan_pairs.trainable_count(discriminator) == 2_765_568
    assert discriminator.count_params() == 2_765_568 + 2 * (128 + 256 + 512)
    for network in (generator, discriminator):
        assert not gan_pairs.weights_by_kind(network, "bias")
    assert (generator.name, discriminator.name) == (
        "generator",
        "discriminator",
    )


def test_batch_norm_is_the_papers():
    for network in (generator_of(), discriminator_of()):
        norms = [
            layer
            for layer in network.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        assert {(n.momentum, n.epsilon) for n in norms} == {(0.9, 1e-5)}


def test_first_and_last_convolution_have_no_norm():
    def norms(network):
        names = [layer.name for layer in network.layers]
        return [name for name in names if name.endswith("norm")]

    assert norms(build_dcgan_discriminator(filters=1)) == [
        "conv_2_norm",
        "conv_3_norm",
        "conv_4_norm",
    ]
    assert norms(build_dcgan_generator(filters=1)) == [
        "stem_norm",
        "up_1_norm",
        "up_2_norm",
        "up_3_norm",
    ]


@pytest.mark.parametrize(
    ("side", "base", "widths"),
    [
        (8, 4, [2]),
        (10, 5, [2]),
        (12, 6, [2]),
        (14, 7, [2]),
        (16, 4, [4, 2]),
        (28, 7, [4, 2]),
        (32, 4, [8, 4, 2]),
        (48, 6, [8, 4, 2]),
        (64, 4, [16, 8, 4, 2]),
        (128, 4, [32, 16, 8, 4, 2]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_sizes(side, base, widths, channels):
    shape = (side, side, channels)
    generator = build_dcgan_generator(3, shape, 2)
    assert generator.get_layer("stem").output.shape == (
        None,
        base,
        base,
        widths[0],
    )
    norms = [
        layer.output.shape[-1]
        for layer in generator.layers
        if layer.name.endswith("norm")
    ]
    assert norms == widths
    images = np.array(generator(gan_pairs.normal((2, 3))))
    assert images.shape == (2, *shape)
    assert np.max(np.abs(images)) <= 1.0
    discriminator = build_dcgan_discriminator(shape, 2)
    convolutions = [
        layer.output.shape[1:]
        for layer in discriminator.layers
        if re.fullmatch(r"conv_\d", layer.name)
    ]
    assert [s[-1] for s in convolutions] == widths[::-1]
    assert convolutions[-1][:2] == (base, base)
    logits = np.array(discriminator(images))
    assert (logits.shape, logits.dtype) == ((2, 1), "float32")


def test_accepted_sides_are_those_of_the_formula():
    formula = {base * 2**i for base in (4, 5, 6, 7) for i in range(1, 8)}
    accepted = set()
    for side in range(-2, 300):
        try:
            base, num_doublings = blocks.split_side((side, side, 1))
        except ValueError:
            continue
        assert 4 <= base <= 7 and base * 2**num_doublings == side
        accepted.add(side)
    assert accepted == {side for side in formula if side < 300}


@pytest.mark.parametrize("build", [generator_of, discriminator_of])
@pytest.mark.parametrize(
    "image_shape",
    [(30, 30, 3), (4, 4, 3), (32, 16, 3), (None, None, 3), (32, 32), (0, 0, 1)],
    ids=str,
)
def test_bad_sizes_are_refused(build, image_shape):
    message = (
        "`image_shape` must be `(side, side, channels)`, with a side of 4, 5, "
        "6 or 7 times a power of two and at least 8, such as 28, 32 or 64. "
        f"Received: image_shape={image_shape}. Resize the images."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build.func(image_shape=image_shape)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (
            build_dcgan_generator,
            {"latent_dim": 0},
            "`latent_dim` must be an integer >= 1. Received: latent_dim=0.",
        ),
        (
            build_dcgan_generator,
            {"filters": 1.5},
            "`filters` must be an integer >= 1. Received: filters=1.5.",
        ),
        (
            build_dcgan_generator,
            {"num_classes": 1},
            "`num_classes` must be an integer >= 2. Received: num_classes=1.",
        ),
        (
            build_dcgan_generator,
            {"normalization": "layer"},
            "`normalization` must be one of ['batch', 'instance', 'none']. "
            "Received: normalization='layer'.",
        ),
        (
            build_dcgan_discriminator,
            {"conditioning": "film"},
            "`conditioning` must be one of ['concat', 'projection']. "
            "Received: conditioning='film'.",
        ),
        (
            build_dcgan_discriminator,
            {"dropout": 1.0},
            "`dropout` must be in [0, 1). Received: dropout=1.0.",
        ),
        (
            build_dcgan_discriminator,
            {"image_shape": (32, 32, 0)},
            "`channels` must be an integer >= 1. Received: channels=0.",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_arguments_are_checked(build, arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build(**arguments)


@pytest.mark.parametrize(
    "network",
    [
        build_dcgan_generator(20, (32, 32, 3), 16),
        build_dcgan_discriminator((32, 32, 3), 16),
    ],
    ids=["generator", "discriminator"],
)
def test_initial_weights_are_the_papers(network):
    for weight in network.trainable_variables:
        values = keras.ops.convert_to_numpy(weight)
        kind = weight.path.rsplit("/", 1)[-1]
        if kind == "beta":
            np.testing.assert_array_equal(values, 0.0)
            continue
        mean = {"kernel": 0.0, "gamma": 1.0}[kind]
        # 5 standard errors of a normal sample's mean and deviation.
        error = 5 * 0.02 / np.sqrt(values.size)
        assert abs(values.mean() - mean) < error, weight.path
        assert abs(values.std() - 0.02) < error, weight.path


def test_two_networks_have_other_initial_weights():
    first, second = generator_of(), generator_of()
    for one, other in zip(
        gan_pairs.weights_by_kind(first, "kernel").values(),
        gan_pairs.weights_by_kind(second, "kernel").values(),
    ):
        assert np.mean(one == other) < 0.05


@every_network
def test_own_initial_values(name):
    gan_pairs.check_own_initial_values(NETWORKS[name]())


@every_network
def test_clone_model(name):
    gan_pairs.check_clone(NETWORKS[name]())


@every_network
def test_save_and_load(name, tmp_path):
    gan_pairs.check_save_and_load(NETWORKS[name](), tmp_path / "network.keras")


@every_network
def test_gradients_reach_every_weight(name):
    gan_pairs.check_gradients(NETWORKS[name]())


@every_network
@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, name, half):
    gan_pairs.check_mixed_precision(NETWORKS[name], policy, half)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_outputs_depend_on_the_label(name):
    build = NETWORKS[name]
    if "minibatch_stddev" in build.keywords:
        # It lets the images of a batch see each other.
        build = functools.partial(build, minibatch_stddev=False)
    network = build()
    assert set(network.input) > {"labels"}
    gan_pairs.check_depends_on_label(network)


def test_generator_appends_the_one_hot_label():
    generator = generator_of(num_classes=3)
    assert generator.get_layer("latent_pixel").output.shape[-1] == 5 + 3
    plain = generator_of()
    kernels = [g.get_layer("stem").kernel for g in (generator, plain)]
    # Without the label's part of the kernel, it is the plain generator.
    kernel = keras.ops.convert_to_numpy(kernels[0]).copy()
    kernel[..., 5:] = 0.0
    kernels[0].assign(kernel)
    plain.set_weights([kernel[..., :5], *generator.get_weights()[1:]])
    inputs = gan_pairs.inputs_of(generator)
    np.testing.assert_allclose(
        generator(inputs), plain(inputs["latents"]), atol=1e-6
    )


def test_label_planes():
    discriminator = discriminator_of(num_classes=3)
    planes = keras.Model(
        discriminator.inputs, discriminator.get_layer("with_labels").output
    )
    images = gan_pairs.images_of((3, 16, 16, 3))
    outputs = np.array(
        planes({"images": images, "labels": np.array([2, 0, 1])})
    )
    np.testing.assert_array_equal(outputs[..., :3], images)
    expected = np.eye(3, dtype="float32")[[2, 0, 1]]
    np.testing.assert_array_equal(
        outputs[..., 3:],
        np.broadcast_to(expected[:, None, None], (3, 16, 16, 3)),
    )


def test_projection_is_the_formula():
    # Miyato & Koyama, eq. 3: the plain logit plus <embedding, features>.
    discriminator = discriminator_of(num_classes=3, conditioning="projection")
    gan_pairs.shake(discriminator)
    inputs = gan_pairs.inputs_of(discriminator)
    parts = keras.Model(
        discriminator.inputs,
        [
            discriminator.get_layer("flatten").output,
            discriminator.get_layer("conv_2_relu").output,
        ],
    )
    plain, features = (np.array(part) for part in parts(inputs))
    embeddings = keras.ops.convert_to_numpy(
        discriminator.get_layer("label_embedding").kernel
    )
    products = embeddings[inputs["labels"]] * features.sum(axis=(1, 2))
    np.testing.assert_allclose(
        discriminator(inputs),
        plain + products.sum(axis=1, keepdims=True),
        atol=1e-4,
    )


@pytest.mark.parametrize("normalization", ["batch", "instance", "none"])
def test_normalization_of_the_discriminator(normalization):
    discriminator = discriminator_of(normalization=normalization)
    kinds = {type(layer) for layer in discriminator.layers}
    assert (keras.layers.BatchNormalization in kinds) == (
        normalization == "batch"
    )
    assert (InstanceNormalization in kinds) == (normalization == "instance")
    has_bias = bool(gan_pairs.weights_by_kind(discriminator, "bias"))
    assert has_bias == (normalization == "none")


@pytest.mark.parametrize(
    ("normalization", "mix"), [("batch", True), ("instance", False)]
)
def test_only_batch_norm_mixes_images(normalization, mix):
    # What a penalty on the gradient of each image needs.
    discriminator = discriminator_of(normalization=normalization)
    images = gan_pairs.images_of((4, 16, 16, 3))
    before = np.array(discriminator(images, training=True))
    images[3] = -images[3]
    after = np.array(discriminator(images, training=True))
    assert np.allclose(before[:3], after[:3], atol=1e-7) != mix


def test_spectral_norm_bounds_the_largest_singular_value():
    gan_pairs.check_spectral_norm(NETWORKS["discriminator, spectral norm"]())


def test_minibatch_stddev_sees_a_collapsed_generator():
    discriminator = discriminator_of(minibatch_stddev=True)
    (layer,) = (
        layer
        for layer in discriminator.layers
        if isinstance(layer, MinibatchStdDev)
    )
    assert layer.output.shape[-1] == layer.input.shape[-1] + 1
    kernel = keras.ops.convert_to_numpy(
        discriminator.get_layer("logits").kernel
    ).copy()
    kernel[:, :, :-1], kernel[:, :, -1] = 0.0, 1.0
    discriminator.get_layer("logits").kernel.assign(kernel)
    various = gan_pairs.images_of((4, 16, 16, 3))
    collapsed = np.repeat(various[:1], 4, axis=0)
    low, high = (np.max(discriminator(x)) for x in (collapsed, various))
    # 16 pixels of 1e-4, the layer's epsilon.
    np.testing.assert_allclose(low, 16e-4, rtol=1e-3)
    assert high > 2 * low


def test_dropout_is_for_training():
    discriminator = discriminator_of(dropout=0.3, normalization="none")
    gan_pairs.shake(discriminator)
    names = [layer.name for layer in discriminator.layers]
    assert [name for name in names if name.endswith("dropout")] == [
        "conv_1_dropout",
        "conv_2_dropout",
    ]
    images = gan_pairs.images_of((2, 16, 16, 3))
    np.testing.assert_array_equal(discriminator(images), discriminator(images))
    first, second = (discriminator(images, training=True) for _ in range(2))
    assert np.any(np.array(first) != np.array(second))


@pytest.mark.parametrize("training", [False, True], ids=["inference", "train"])
def test_equals_pytorch(training):
    torch = pytest.importorskip("torch")
    peers = pytest.importorskip("peers")
    latents = gan_pairs.normal((4, 100))
    images = gan_pairs.images_of((4, 64, 64, 3))
    for network, module, inputs, theirs in zip(
        (build_dcgan_generator(), build_dcgan_discriminator()),
        (peers.dcgan_generator(), peers.dcgan_discriminator()),
        (latents, images),
        (latents.reshape(4, 100, 1, 1), images.transpose(0, 3, 1, 2).copy()),
    ):
        torch_parity.randomize(network)
        for kernel in network.trainable_variables:
            if kernel.name == "kernel":
                # So that the answers differ by far more than the tolerance.
                kernel.assign(2 * kernel)
        peers.copy_weights(network, module)
        with torch.no_grad():
            expected = module.train(training)(torch.from_numpy(theirs)).numpy()
        outputs = np.array(network(inputs, training=training))
        if outputs.ndim == 2:
            expected = expected[:, :, 0, 0]
        else:
            expected = expected.transpose(0, 2, 3, 1)
        assert np.std(outputs) > 0.01
        np.testing.assert_allclose(outputs, expected, atol=1e-4, rtol=0)
        if training:
            check_running_means(network, module)


def check_running_means(network, module):
    ours = gan_pairs.weights_by_kind(network, "moving_mean").values()
    theirs = [
        value.numpy()
        for name, value in module.state_dict().items()
        if name.endswith("running_mean")
    ]
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=0)
