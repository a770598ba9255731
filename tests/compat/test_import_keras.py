"""Files that Keras 2 with tensorflow-addons wrote, and what went wrong."""

import json
import pathlib
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest

from keras_gans.compat import WeightsError, import_weights, tfa
from keras_gans.networks import (
    build_dcgan_discriminator,
    build_patchgan_discriminator,
    build_resnet_generator,
)
from tests.legacy import fixtures, networks

FILES = (
    "model.keras",
    "model.weights.h5",
    "model.h5",
    "legacy_weights.h5",
    "saved_model",
    "tf_weights/weights",
)
NO_SETTINGS = (
    "the file says nothing of paddings, strides, activations and epsilons: a "
    "probe would"
)


def resnet(**kwargs):
    arguments = {"num_residual_blocks": 1, "affine": True, **kwargs}
    return build_resnet_generator((16, 16, 3), filters=2, **arguments)


BUILDERS = {
    "resnet_generator": resnet,
    "patchgan_discriminator": lambda: build_patchgan_discriminator(
        (16, 16, 3), filters=4, num_layers=2, affine=True
    ),
    "spectral_discriminator": lambda: build_dcgan_discriminator(
        (16, 16, 3), filters=4, normalization="none", spectral_norm=True
    ),
    # Same padding and an epsilon of 1e-3: of no builder, but of an old script
    # on `compat.tfa`.
    "example_generator": lambda: networks.example_generator(keras, tfa),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders with the files of each network."""
    names = (*BUILDERS, "cyclegan_checkpoint")
    return {
        name: fixtures.unpack(name, tmp_path_factory.mktemp(name))
        for name in names
    }


def weights_of(network):
    return [np.array(weight) for weight in network.weights]


def assert_answers(network, probe, atol=1e-5):
    with np.load(probe) as arrays:
        answers = network(arrays["inputs"], training=False)
        # The probe means something: it is neither constant nor saturated.
        assert np.std(arrays["outputs"]) > 0.05
        np.testing.assert_allclose(answers, arrays["outputs"], atol=atol)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", BUILDERS)
def test_outputs_are_the_recorded_ones(name, file, folders):
    if (name, file) == ("spectral_discriminator", "saved_model"):
        pytest.skip("refused: the test below")
    network = BUILDERS[name]()
    probe = folders[name] / "probe.npz"
    with np.load(probe) as arrays:
        before = network(arrays["inputs"], training=False)
        assert np.max(np.abs(before - arrays["outputs"])) > 0.05
    report = import_weights(folders[name] / file, network)
    assert_answers(network, probe)
    assert report.num_tensors == len(network.weights)
    assert report.num_parameters == network.count_params()
    has_settings = file in ("model.keras", "model.h5")
    assert report.notes == ([] if has_settings else [NO_SETTINGS])
    report = import_weights(folders[name] / file, network, probe=probe)
    assert report.probe_error <= 1e-5


def test_biases_without_owner_in_a_saved_model_are_refused(folders):
    network = BUILDERS["spectral_discriminator"]()
    before = weights_of(network)
    with pytest.raises(WeightsError, match="belongs to no layer"):
        import_weights(
            folders["spectral_discriminator"] / "saved_model", network
        )
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


@pytest.mark.parametrize(
    "part", ["generator_g", "generator_f", "discriminator_x", "discriminator_y"]
)
@pytest.mark.parametrize(
    "file", ["train", "train/ckpt-1", "train/ckpt-1.index"]
)
def test_networks_of_a_tutorials_checkpoint(part, file, folders):
    kind = "resnet" if part.startswith("generator") else "patchgan"
    role = "generator" if kind == "resnet" else "discriminator"
    network = BUILDERS[f"{kind}_{role}"]()
    folder = folders["cyclegan_checkpoint"]
    import_weights(folder / file, network, part)
    assert_answers(network, folder / f"{part}.npz")


def test_a_checkpoint_of_several_networks_needs_a_part(folders):
    folder = folders["cyclegan_checkpoint"] / "train"
    with pytest.raises(WeightsError, match="Give the `part` to read, one of"):
        import_weights(folder, resnet())
    with pytest.raises(WeightsError, match="no part 'generator', but 'disc"):
        import_weights(folder, resnet(), "generator")
    with pytest.raises(WeightsError, match="does not fit"):
        import_weights(folder, resnet(), "discriminator_x")


# What loads nothing, or the wrong things, without a word in Keras 3.


def test_restoring_a_checkpoint_into_keras_3_loads_nothing(folders):
    # The control: TensorFlow's own way is silent.
    import tensorflow as tf

    network = resnet()
    before = weights_of(network)
    path = folders["cyclegan_checkpoint"] / "train" / "ckpt-1"
    tf.train.Checkpoint(generator_g=network).restore(str(path)).expect_partial()
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)
    import_weights(path, network, "generator_g")
    assert any(
        np.any(weight != values)
        for weight, values in zip(weights_of(network), before)
    )


def group_norm_network():
    """The ResNet with the norm that some scripts put in place of tfa's."""

    def as_group_norm(layer):
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.GroupNormalization(
                1, epsilon=layer.epsilon, name=layer.name
            )
        return layer.from_config(layer.get_config())

    return keras.models.clone_model(resnet(), clone_function=as_group_norm)


@pytest.mark.parametrize("file", FILES[:4])
def test_one_group_is_not_instance_norm(file, folders):
    # All shapes fit. Of a file that knows the groups, or the class, it shows.
    message = "has groups=2|Layers are known by their classes"
    with pytest.raises(WeightsError, match=message):
        import_weights(folders["resnet_generator"] / file, group_norm_network())


@pytest.mark.parametrize("file", FILES)
def test_one_group_is_not_instance_norm_to_a_probe(file, folders):
    folder = folders["resnet_generator"]
    network = group_norm_network()
    before = weights_of(network)
    with pytest.raises(WeightsError):
        import_weights(folder / file, network, probe=folder / "probe.npz")
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


@pytest.mark.parametrize("file", ["model.keras", "model.h5"])
def test_another_epsilon_is_refused(file, folders):
    network = resnet(use_bias=False)
    message = "instance_normalization has epsilon=0.001, the network's"
    with pytest.raises(WeightsError, match=message):
        import_weights(folders["example_generator"] / file, network)


@pytest.mark.parametrize("file", ["model.keras", "model.h5"])
def test_another_padding_needs_a_probe(file, folders):
    # A discriminator with the same weights whose convolutions pad themselves.
    def pad_itself(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.Conv2D):
            config["padding"] = "same"
        if isinstance(layer, keras.layers.ZeroPadding2D):
            config["padding"] = 0
        return layer.from_config(config)

    name = "patchgan_discriminator"
    network = keras.models.clone_model(
        BUILDERS[name](), clone_function=pad_itself
    )
    folder = folders[name]
    message = "padding=valid, .* padding=same. .* only a probe can tell"
    with pytest.raises(WeightsError, match=message):
        import_weights(folder / file, network)
    with pytest.raises(WeightsError, match="is as it was"):
        import_weights(folder / file, network, probe=folder / "probe.npz")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_residual_blocks": 2}, "does not fit|nothing is left"),
        ({"num_residual_blocks": 0}, "does not fit|left over"),
        ({"affine": False}, "does not fit|left over"),
        ({"use_bias": False}, "does not fit|left over"),
        ({"normalization": "batch"}, "does not fit|left over"),
    ],
    ids=str,
)
def test_other_architectures_are_refused(file, arguments, message, folders):
    network = resnet(**arguments)
    before = weights_of(network)
    with pytest.raises(WeightsError, match=message):
        import_weights(folders["resnet_generator"] / file, network)
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


@pytest.mark.parametrize("file", ["legacy_weights.h5", "tf_weights/weights"])
def test_the_first_layer_that_does_not_fit_is_named(file, folders):
    network = build_resnet_generator(
        (16, 16, 3), filters=3, num_residual_blocks=1, affine=True
    )
    message = (
        r"the first layer that does not fit is the network's `stem` with "
        r"kernel \(7, 7, 3, 3\), bias \(3,\); the file has `(conv2d|"
        r"layer_with_weights-0)` with .*kernel \(7, 7, 3, 2\)"
    )
    with pytest.raises(WeightsError, match=message):
        import_weights(folders["resnet_generator"] / file, network)


def test_transposed_convolutions_with_groups_are_read(folders):
    # Keras 2 wrote an argument that the class of Keras 3 does not take.
    path = folders["resnet_generator"] / "model.h5"
    with h5py.File(path) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
    configs = [x["config"] for x in layers if "Transpose" in x["class_name"]]
    assert configs and all(config["groups"] == 1 for config in configs)
    with pytest.raises(Exception, match="groups"):
        keras.layers.Conv2DTranspose.from_config(configs[0])
    import_weights(path, resnet())


# Files of Keras 3: ours.


@pytest.mark.parametrize("file", ["a.keras", "a.weights.h5"])
def test_files_of_keras_3_are_read_too(file, tmp_path):
    first = resnet(dropout=0.5)
    second = resnet(dropout=0.5)
    if file.endswith(".keras"):
        first.compile("adam", "mse")
        first.fit(np.ones((1, 16, 16, 3)), np.ones((1, 16, 16, 3)), verbose=0)
        first.save(tmp_path / file)
    else:
        first.save_weights(tmp_path / file)
    import_weights(tmp_path / file, second)
    for weight, other in zip(first.weights, second.weights):
        np.testing.assert_array_equal(weight, other)


def test_networks_within_a_network(tmp_path):
    def build():
        inner = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(4)]
        )
        images = keras.Input((4,))
        x = keras.layers.Dense(4)(inner(images))
        return keras.Model(images, x)

    first, second = build(), build()
    for file in ("a.keras", "a.weights.h5"):
        save = first.save if file == "a.keras" else first.save_weights
        save(tmp_path / file)
        import_weights(tmp_path / file, second)
        for weight, other in zip(first.weights, second.weights):
            np.testing.assert_array_equal(weight, other)


# Files that are damaged, or that lead elsewhere.


@pytest.mark.parametrize(
    "file",
    [
        "model.keras",
        "model.weights.h5",
        "model.h5",
        "saved_model/variables/variables.index",
        "saved_model/variables/variables.data-00000-of-00001",
    ],
)
def test_truncated_files_are_refused(file, folders, tmp_path):
    shutil.copytree(folders["resnet_generator"], tmp_path / "files")
    path = tmp_path / "files" / file
    is_checkpoint = "variables" in file
    content, network = path.read_bytes(), resnet()
    before = weights_of(network)
    # What follows the weights in a checkpoint's data is not read.
    end = 4 * network.count_params() if "data" in file else len(content)
    for size in np.linspace(0, end - 1, 25).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises(WeightsError, match="cannot be imported"):
            import_weights(
                tmp_path / "files/saved_model" if is_checkpoint else path,
                network,
            )
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


@pytest.fixture
def h5_path(folders, tmp_path):
    path = tmp_path / "a.h5"
    shutil.copy(folders["resnet_generator"] / "legacy_weights.h5", path)
    return path


def replace_array(path, make):
    with h5py.File(path, "a") as file:
        group, name = file["conv2d/conv2d"], "bias:0"
        del group[name]
        make(group, name)


def link_elsewhere(group, name):
    group[name] = h5py.ExternalLink("other.h5", "/bias")


def link_within(group, name):
    group[name] = h5py.SoftLink("/conv2d/conv2d/kernel:0")


def store_elsewhere(group, name):
    storage = [("/etc/hostname", 0, 8)]
    group.create_dataset(name, (2,), "float32", external=storage)


def never_write(group, name):
    group.create_dataset(name, (10**12,), "float32")


def compress(group, name):
    group.create_dataset(
        name, data=np.zeros(10**6, "float32"), compression="gzip"
    )


def write_nan(group, name):
    group[name] = np.array([1.0, np.nan], "float32")


def write_nothing(group, name):
    pass


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (link_elsewhere, "is a link, which is not followed"),
        (link_within, "is a link, which is not followed"),
        (store_elsewhere, "lies in another file"),
        (never_write, "is compressed or incomplete"),
        (compress, "is compressed or incomplete"),
        (write_nan, "must be finite float32, and is not"),
        (write_nothing, "it lacks"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_arrays_that_are_none_are_refused(make, message, h5_path):
    replace_array(h5_path, make)
    with pytest.raises(WeightsError, match=message):
        import_weights(h5_path, resnet())


def test_half_precision_is_converted_and_told(h5_path):
    def write_half(group, name):
        group[name] = np.array([0.5, 0.25], "float16")

    replace_array(h5_path, write_half)
    network = resnet()
    report = import_weights(h5_path, network)
    assert report.notes == [
        NO_SETTINGS,
        "1 of 30 tensors were converted from float16 to float32",
    ]
    np.testing.assert_array_equal(network.get_layer("stem").bias, [0.5, 0.25])


def test_a_changed_byte_in_a_keras_file_is_found(folders, tmp_path):
    network = resnet()
    path = tmp_path / "a.keras"
    content = (folders["resnet_generator"] / "model.keras").read_bytes()
    with zipfile.ZipFile(
        folders["resnet_generator"] / "model.keras"
    ) as archive:
        start = archive.getinfo("model.weights.h5").header_offset
    rng = np.random.default_rng(0)
    for position in rng.integers(start + 100, len(content) - 400, 30):
        changed = bytearray(content)
        changed[position] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(WeightsError, match="damaged"):
            import_weights(path, network)


def test_a_checkpoints_folder_does_not_lead_out_of_it(folders, tmp_path):
    state = tmp_path / "checkpoint"
    elsewhere = pathlib.Path(folders["resnet_generator"]) / "tf_weights/weights"
    state.write_text(f'model_checkpoint_path: "{elsewhere}"\n')
    with pytest.raises(WeightsError, match="neither checkpoint nor SavedModel"):
        import_weights(tmp_path, resnet())
