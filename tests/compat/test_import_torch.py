"""Which tensors of PyTorch go where, and what is refused."""

import re

import numpy as np
import pytest

from keras_gans.compat import WeightsError, export_weights, import_weights
from keras_gans.networks import (
    build_dcgan_generator,
    build_mobile_resnet_generator,
    build_patchgan_discriminator,
    build_resnet_generator,
    build_unet_generator,
)
from tests.compat import torch_pairs
from tests.networks.torch_parity import randomize

safetensors = pytest.importorskip("safetensors.numpy")


def resnet(num_blocks=2, **kwargs):
    return build_resnet_generator((16, 16, 3), None, 2, num_blocks, **kwargs)


def save(network, path, change=dict):
    """Saves a network in PyTorch's names, and with a change of them."""
    export_weights(network, path)
    safetensors.save_file(change(safetensors.load_file(path)), path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


@pytest.mark.parametrize(
    "build",
    [
        lambda: resnet(affine=True),
        lambda: build_unet_generator((16, 16, 3), None, 2),
        lambda: build_patchgan_discriminator((32, 32, 3), 2),
    ],
    ids=["resnet", "unet", "patchgan"],
)
def test_round_trip_is_exact(build, path):
    network, revived = build(), build()
    randomize(network)
    export_weights(network, path)
    import_weights(path, revived)
    for weight, other in zip(network.weights, revived.weights):
        np.testing.assert_array_equal(weight, other)


def rename(pattern, new):
    return lambda state: {
        re.sub(pattern, new, name): array for name, array in state.items()
    }


@pytest.mark.parametrize(
    "change",
    [
        rename("^", "module."),
        rename("^model", "model.module"),
        rename("conv_block", "block"),
        lambda state: dict(reversed(state.items())),
    ],
    ids=["parallel", "inner parallel", "other word", "other order"],
)
def test_names_may_differ_where_places_do_not(change, path):
    network, revived = resnet(), resnet()
    randomize(network)
    import_weights(save(network, path, change), revived)
    for weight, other in zip(network.weights, revived.weights):
        np.testing.assert_array_equal(weight, other)


def test_statistics_of_old_instance_norms_are_left_out_and_told(path):
    def add(state):
        statistics = {}
        for place, width in ((2, 2), (5, 4), (8, 8)):
            name = f"model.{place}"
            statistics[f"{name}.running_mean"] = np.zeros(width, "float32")
            statistics[f"{name}.running_var"] = np.ones(width, "float32")
            statistics[f"{name}.num_batches_tracked"] = np.array(5)
        return state | statistics

    report = import_weights(save(resnet(), path, add), resnet())
    assert report.notes == [
        "running statistics of 3 instance norms were left out: these norms go "
        "by each image"
    ]


@pytest.mark.parametrize("part", ["netG_A", "netG_B", "netG_B.model"])
def test_one_of_several_networks(part, path):
    first, second, revived = resnet(), resnet(), resnet()
    randomize(first, 1)
    randomize(second, 2)
    both = {}
    for name, network in (("netG_A", first), ("netG_B", second)):
        state = safetensors.load_file(save(network, path))
        both |= {f"{name}.{key}": array for key, array in state.items()}
    safetensors.save_file(both, path)
    import_weights(path, revived, part)
    expected = first if part == "netG_A" else second
    for weight, other in zip(expected.weights, revived.weights):
        np.testing.assert_array_equal(weight, other)
    with pytest.raises(WeightsError, match="'netG_A.model', 'netG_B.model'"):
        import_weights(path, revived)
    with pytest.raises(WeightsError, match="no part 'netD', but 'netG_A"):
        import_weights(path, revived, "netD")


def without(name):
    return lambda state: {k: x for k, x in state.items() if k != name}


def with_array(name, array):
    return lambda state: state | {name: np.asarray(array)}


BIAS = "model.4.bias"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            without(BIAS),
            "the first layer that does not fit is the network's `down_1` with "
            "kernel (3, 3, 2, 4), bias (4,); the file has `model.4` with "
            "kernel (3, 3, 2, 4) there.",
        ),
        (
            with_array("model.5.weight", np.ones(4, "float32")),
            "the first layer that does not fit is the network's `down_2` with "
            "kernel (3, 3, 4, 8), bias (8,), in PyTorch `model.7`; the file "
            "has `model.5` with weight (4,) there.",
        ),
        (
            with_array("model.20.weight", np.ones(4, "float32")),
            "it has 11 layers with weights, the network has 10: its `model.20` "
            "with weight (4,) is left over.",
        ),
        (
            with_array("other.4.bias", np.ones(4, "float32")),
            "it holds several networks. Give the `part` to read, one of "
            "'model', 'other'.",
        ),
        (
            with_array("model.x.4.bias", np.ones(4, "float32")),
            "it holds several networks. Give the `part` to read, one of "
            "'model', 'model.x'.",
        ),
        (
            with_array("model.4.extra", np.ones(4, "float32")),
            "the first layer that does not fit is the network's `down_1` with "
            "kernel (3, 3, 2, 4), bias (4,); the file has `model.4` with bias "
            "(4,), extra (4,), kernel (3, 3, 2, 4) there.",
        ),
        (
            with_array(BIAS, np.ones(5, "float32")),
            "the first layer that does not fit is the network's `down_1` with "
            "kernel (3, 3, 2, 4), bias (4,); the file has `model.4` with bias "
            "(5,), kernel (3, 3, 2, 4) there.",
        ),
        (
            with_array(BIAS, np.array([0, np.nan, 0, 0], "float32")),
            "what is for `down_1/bias` must be finite float32, and is not.",
        ),
        (
            with_array(BIAS, [0.0, 0.0, 1e300, 0.0]),
            "what is for `down_1/bias` must be finite float32, and is not.",
        ),
        (
            with_array(BIAS, np.ones(4, "int32")),
            "what is for `down_1/bias` must be floats, and is int32.",
        ),
    ],
    ids=[
        "missing",
        "surplus within",
        "surplus behind",
        "other network",
        "other network within",
        "unknown weight",
        "shape",
        "nan",
        "too large",
        "integers",
    ],
)
def test_what_does_not_fit_changes_nothing(change, message, path):
    network = resnet()
    save(network, path, change)
    randomize(network)
    before = [np.array(weight) for weight in network.weights]
    with pytest.raises(WeightsError) as caught:
        import_weights(path, network)
    assert str(caught.value) == f"{path} cannot be imported: {message}"
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


def test_another_architecture_names_the_first_layer(path):
    save(resnet(3), path)
    with pytest.raises(
        WeightsError,
        match=re.escape(
            "the first layer that does not fit is the network's `up_1` with "
            "kernel (3, 3, 4, 8), bias (4,), in PyTorch `model.12`; the file "
            "has `model.12.conv_block.1` with bias (8,), weight (8, 8, 3, 3) "
            "there."
        ),
    ):
        import_weights(path, resnet(2))


def test_blocks_with_zero_padding_are_refused(path):
    # Without padding layers the second convolution is the block's third
    # module: the shapes are the same, the function is another.
    save(resnet(), path, rename(r"conv_block\.5", "conv_block.3"))
    with pytest.raises(WeightsError, match="`block_1_conv_2`.*conv_block.3`"):
        import_weights(path, resnet())


def test_dropout_moves_the_second_convolution(path):
    save(resnet(dropout=0.5), path)
    import_weights(path, resnet(dropout=0.5))
    with pytest.raises(WeightsError, match="`model.10.conv_block.6`"):
        import_weights(path, resnet())


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_precision_is_converted_and_told(dtype, path):
    network, revived = resnet(), resnet()
    randomize(network)

    def convert(state):
        return {name: array.astype(dtype) for name, array in state.items()}

    report = import_weights(save(network, path, convert), revived)
    assert report.notes == [
        f"20 of 20 tensors were converted from {dtype} to float32"
    ]
    for weight, other in zip(network.weights, revived.weights):
        np.testing.assert_array_equal(
            np.array(weight).astype(dtype).astype("float32"), other
        )


def test_bfloat16_is_converted_and_told(path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    state = {"model.0.weight": torch.full((2, 3, 4, 4), 0.1).bfloat16()}
    ours, theirs = torch_pairs.pairs()["patchgan"]
    state = {k: x.bfloat16() for k, x in theirs().state_dict().items()} | state
    save_file(state, path)
    network = ours()
    report = import_weights(path, network)
    assert report.notes == [
        "10 of 10 tensors were converted from bfloat16 to float32"
    ]
    kernel = np.array(network.get_layer("conv_1").kernel)
    np.testing.assert_array_equal(kernel, np.float32(0.10009765625))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: build_dcgan_generator(8, (8, 8, 3), 2),
            "the network must be one of build_resnet_generator",
        ),
        (
            lambda: build_mobile_resnet_generator((16, 16, 3), None, 2, 1),
            "layer `block_1_conv_1_depthwise` has no counterpart",
        ),
        (
            lambda: resnet(upsampling="resize"),
            "Build this one with upsampling='transposed'",
        ),
        (
            lambda: build_unet_generator(
                (16, 16, 3), None, 2, upsampling="resize"
            ),
            "Build this one with upsampling='transposed'",
        ),
        (
            lambda: build_patchgan_discriminator((32, 32, 3), 2, padding=2),
            "Build this one with padding=1, not 2",
        ),
        (
            lambda: resnet(normalization="batch"),
            "the network's `stem_norm` lacks them",
        ),
    ],
    ids=["dcgan", "mobile", "resize", "unet resize", "padding", "plain batch"],
)
def test_networks_that_pytorch_has_not(build, message, path):
    network = build()
    with pytest.raises(WeightsError, match=message):
        export_weights(network, path)
    assert not path.exists()
    save(resnet(), path)
    with pytest.raises(WeightsError, match=message):
        import_weights(path, network)


def test_norms_of_another_epsilon_are_refused(path):
    network = resnet()
    save(network, path)
    network.get_layer("down_1_norm").epsilon = 1e-3
    with pytest.raises(WeightsError, match="`down_1_norm` has epsilon=0.001"):
        import_weights(path, network)


def test_without_norms_a_probe_must_tell(path):
    # Instance norms without weights leave no trace in PyTorch's files.
    normed, bare = resnet(), resnet(normalization="none")
    save(normed, path)
    images = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3))
    with pytest.raises(WeightsError, match="only a probe can tell"):
        import_weights(path, bare)
    with pytest.raises(WeightsError, match="is as it was"):
        import_weights(path, bare, probe=(images, normed(images)))
    bare_twin = resnet(normalization="none")
    save(bare_twin, path)
    report = import_weights(path, bare, probe=(images, bare_twin(images)))
    assert report.probe_error == 0.0


def test_a_probe_that_disagrees_leaves_the_network_as_it_was(path):
    network, other = resnet(), resnet()
    randomize(network, 1)
    randomize(other, 2)
    images = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3))
    outputs = np.array(other(images))
    save(other, path)
    before = [np.array(weight) for weight in network.weights]
    with pytest.raises(WeightsError, match="must be within 1.0e-04 of that"):
        import_weights(path, network, probe=(images, outputs + 2e-4))
    with pytest.raises(WeightsError, match="cannot take inputs of the probe"):
        import_weights(path, network, probe=(images[..., :2], outputs))
    with pytest.raises(WeightsError, match=r"outputs of the probe must be \(1"):
        import_weights(path, network, probe=(images, outputs[:, :2]))
    with pytest.raises(WeightsError, match="is nan off"):
        import_weights(path, network, probe=(images, outputs * np.nan))
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)
    report = import_weights(path, network, probe=(images, outputs + 5e-5))
    assert 4e-5 < report.probe_error < 6e-5


def test_files_that_are_none(tmp_path):
    network = build_patchgan_discriminator((32, 32, 3), 2)
    with pytest.raises(FileNotFoundError):
        import_weights(tmp_path / "nothing.pth", network)
    with pytest.raises(WeightsError, match="neither checkpoint nor SavedModel"):
        import_weights(tmp_path, network)
    (tmp_path / "text.pth").write_text("These are no weights.")
    with pytest.raises(WeightsError, match="begins with b'These ar'"):
        import_weights(tmp_path / "text.pth", network)
    (tmp_path / "probe.npz").write_text("This is no probe.")
    with pytest.raises(WeightsError, match="must be an .npz file"):
        import_weights(tmp_path, network, probe=tmp_path / "probe.npz")
    with pytest.raises(WeightsError, match="must end in .safetensors"):
        export_weights(network, tmp_path / "network.pth")


def test_truncated_safetensors_are_refused(path):
    network = build_patchgan_discriminator((32, 32, 3), 2)
    content = save(network, path).read_bytes()
    for size in np.linspace(0, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises(WeightsError):
            import_weights(path, network)
