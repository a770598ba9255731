"""PyTorch's files: what they hold arrives, and nothing in them runs."""

import collections
import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from keras_gans.compat import (
    WeightsError,
    export_weights,
    import_weights,
    torch_pickle,
)
from keras_gans.compat.torch_file import MAGIC_NUMBER, read_legacy, read_zip
from keras_gans.networks import build_patchgan_discriminator
from tests.compat import torch_pairs
from tests.networks import torch_parity

LAYOUTS = {
    "zip": ({}, read_zip),
    "legacy": ({"_use_new_zipfile_serialization": False}, read_legacy),
}
NAMES = (
    "resnet",
    "affine resnet",
    "batch resnet with dropout",
    "resnet of 11 blocks",
    "unet",
    "instance unet",
    "unet of 2 levels",
    "patchgan",
    "batch patchgan",
    "pixelgan",
)


def images_of(network):
    shape = (1, *network.input_shape[1:])
    images = np.random.default_rng(0).uniform(-1, 1, shape)
    return images.astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_networks_answer_as_in_pytorch_and_back(name, tmp_path):
    torch = pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors.torch")
    ours, theirs = torch_pairs.pairs()[name]
    module, network = torch_pairs.randomize(theirs()), ours()
    state = module.state_dict()
    torch.save(state, tmp_path / "zip.pth")
    torch.save(state, tmp_path / "legacy.pth", **LAYOUTS["legacy"][0])
    safetensors.save_file(state, tmp_path / "state.safetensors")
    images = images_of(network)
    expected = torch_parity.forward(module, images)
    assert np.std(expected) > 0.05
    for seed, file in enumerate(("zip.pth", "legacy.pth", "state.safetensors")):
        torch_parity.randomize(network, seed)
        assert np.max(np.abs(network(images) - expected)) > 0.01
        report = import_weights(tmp_path / file, network)
        np.testing.assert_allclose(network(images), expected, atol=5e-5)
        assert report.num_tensors == len(network.weights)
        assert report.num_parameters == network.count_params()
        assert report.notes == []
    # Back, where PyTorch insists on every name, its counters included.
    count = export_weights(network, tmp_path / "back.safetensors")
    back = safetensors.load_file(tmp_path / "back.safetensors")
    assert count == len(back) == len(state)
    torch_pairs.randomize(module, 1).load_state_dict(back, strict=True)
    answer = torch_parity.forward(module, images)
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensors_of_every_kind_arrive(layout, tmp_path):
    torch = pytest.importorskip("torch")
    options, read = LAYOUTS[layout]
    base = torch.arange(24.0)
    content = {
        "half": base.half(),
        "bfloat16": base.bfloat16(),
        "double": base.double(),
        "long": torch.tensor(7),
        "view": base.reshape(4, 6)[1:, ::2].t(),
        "same": base,
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base),
        "nested": {"list": [base + 1, (base + 2,)], "epoch": 3, "none": None},
    }
    torch.save(content, tmp_path / "content.pth", **options)
    found = read(tmp_path / "content.pth")
    expected = {
        **{name: content[name] for name in list(content)[:-1]},
        "nested.list.0": base + 1,
        "nested.list.1.0": base + 2,
    }
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        values = tensor.detach().double().numpy()
        np.testing.assert_array_equal(found[name].astype("float64"), values)
        assert f"torch.{found[name].dtype}" == str(tensor.dtype)


class Attack:
    """A pickle of it calls a function with a word."""

    def __init__(self, function, word):
        self.function, self.word = function, word

    def __reduce__(self):
        return self.function, (self.word,)


def called(word):
    raise AssertionError(f"{word} was run")


def zip_of(pickled, entries=()):
    """The bytes of a file in PyTorch's newer layout."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("net/data.pkl", pickled)
        for name, data in entries:
            archive.writestr(f"net/{name}", data)
    return content.getvalue()


def legacy_of(pickled):
    """The bytes of a file in PyTorch's older layout, without storages."""
    system = {"little_endian": True}
    head = [MAGIC_NUMBER, 1001, system]
    return b"".join(pickle.dumps(x, protocol=2) for x in head) + pickled


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("wrap", [zip_of, legacy_of])
@pytest.mark.parametrize(
    "attack", [Attack(called, "it"), {"model.1.weight": [Attack(called, "it")]}]
)
def test_a_pickle_that_runs_code_is_refused(attack, wrap, protocol, tmp_path):
    pickled = pickle.dumps(attack, protocol)
    # The control: Python's own reader runs it.
    with pytest.raises(AssertionError, match="it was run"):
        pickle.loads(pickled)
    path = tmp_path / "network.pth"
    path.write_bytes(wrap(pickled))
    network = build_patchgan_discriminator((32, 32, 3), 2)
    before = [np.array(weight) for weight in network.weights]
    message = r"wants to import `.*\.called`|has the instruction"
    with pytest.raises(WeightsError, match=message):
        import_weights(path, network)
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


@pytest.mark.parametrize(
    "instructions",
    [
        b"cos\nsystem\n(X\x02\x00\x00\x00lstR.",
        b"c__builtin__\neval\n.",
        b"ctorch.storage\n_load_from_bytes\n.",
        b"ios\nsystem\n.",
        b"(X\x02\x00\x00\x00lsios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"ccollections\nOrderedDict\n)\x81.",
        # The constructor of one thing put upon another.
        b"ctorch\nFloatStorage\n)R.",
        b"ccollections\nOrderedDict\n}X\x01\x00\x00\x00a1sb.",
        b"]K\x01a}b.",
        # Ends that come too early, and a stack that is empty.
        b".",
        b"\x80\x02",
        b"\x80\x02a.",
        b"\x80\x02t.",
        b"\x80\x02h\x07.",
        b"\x80\x02X\xff\xff\xff\x7fa.",
        # Gigabytes of memory for a slot, as Python's reader would take.
        b"\x80\x02Nr\xff\xff\xff\xff\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    ],
    ids=repr,
)
def test_other_instructions_are_refused(instructions):
    with pytest.raises(WeightsError, match="its pickle"):
        torch_pickle.read(io.BytesIO(instructions))


def pickle_of_a_tensor(
    offset=0, shape=(2,), strides=(1,), size=2, kind="FloatStorage", key="0"
):
    """A pickle of one tensor in a dictionary, with any numbers in it."""

    def value(x):
        if isinstance(x, str):
            return b"X" + struct.pack("<i", len(x)) + x.encode()
        if isinstance(x, tuple):
            return b"(" + b"".join(map(value, x)) + b"t"
        return b"\x8a\x08" + struct.pack("<q", x)

    storage = value("storage") + b"ctorch\n" + kind.encode() + b"\n"
    storage += value(key) + value("cpu") + value(size)
    return (
        b"\x80\x02}"
        + value("model.1.weight")
        + b"ctorch._utils\n_rebuild_tensor_v2\n(("
        + storage
        + b"tQ"
        + value(offset)
        + value(shape)
        + value(strides)
        + b"\x89NtRs."
    )


def test_the_pickle_of_a_tensor_is_one(tmp_path):
    data = struct.pack("<2f", 1.5, -2.0)
    (tmp_path / "a.pth").write_bytes(
        zip_of(pickle_of_a_tensor(), [("data/0", data)])
    )
    found = read_zip(tmp_path / "a.pth")
    np.testing.assert_array_equal(found["model.1.weight"], [1.5, -2.0])


@pytest.mark.parametrize(
    "arguments",
    [
        {"offset": 1},
        {"offset": -1},
        {"strides": (2,)},
        {"strides": (-1,)},
        {"shape": (3,)},
        {"shape": (2, 10**9), "strides": (1, 0)},
        {"shape": (10**9,), "strides": (0,)},
        {"shape": (2, 1)},
        {"size": 10**12},
        {"size": -1},
        {"kind": "DoubleStorage"},
        {"key": "1"},
        {"key": "../data.pkl"},
    ],
    ids=str,
)
def test_tensors_beyond_their_numbers_are_refused(arguments, tmp_path):
    pickled = pickle_of_a_tensor(**arguments)
    path = tmp_path / "a.pth"
    path.write_bytes(zip_of(pickled, [("data/0", bytes(8))]))
    with pytest.raises(WeightsError):
        read_zip(path)


def test_containers_that_multiply_are_refused(tmp_path):
    # Ten lists within each other, of a hundred times the next: 10**20 entries.
    content = [0]
    for _ in range(10):
        content = [content] * 100
    path = tmp_path / "a.pth"
    path.write_bytes(zip_of(pickle.dumps(content, 2)))
    with pytest.raises(WeightsError, match="entries|nested"):
        read_zip(path)


def test_a_list_that_holds_itself_is_refused(tmp_path):
    content = []
    content.append(content)
    path = tmp_path / "a.pth"
    path.write_bytes(zip_of(pickle.dumps(content, 2)))
    with pytest.raises(WeightsError, match="nested over 8 deep"):
        read_zip(path)


def test_compressed_archives_are_refused(tmp_path):
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", pickle_of_a_tensor())
        archive.writestr("net/data/0", bytes(10**6))
    with pytest.raises(WeightsError, match="compressed"):
        read_zip(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_truncated_and_damaged_files_are_refused(layout, tmp_path):
    torch = pytest.importorskip("torch")
    ours, theirs = torch_pairs.pairs()["patchgan"]
    whole, cut = tmp_path / "whole.pth", tmp_path / "cut.pth"
    torch.save(theirs().state_dict(), whole, **LAYOUTS[layout][0])
    content, network = whole.read_bytes(), ours()
    import_weights(whole, network)
    before = [np.array(weight) for weight in network.weights]
    sizes = np.linspace(0, len(content) - 1, 60).astype(int)
    for size in sizes:
        cut.write_bytes(content[:size])
        with pytest.raises(WeightsError, match="cut.pth cannot be imported"):
            import_weights(cut, network)
    for weight, values in zip(network.weights, before):
        np.testing.assert_array_equal(weight, values)


def test_changed_bytes_never_end_in_another_error(tmp_path):
    # What numbers become within their range, only a sum would find: the newer
    # layout has one per entry, the older none.
    torch = pytest.importorskip("torch")
    ours, theirs = torch_pairs.pairs()["pixelgan"]
    network, rng = ours(), np.random.default_rng(0)
    path = tmp_path / "a.pth"
    for layout, (options, _) in LAYOUTS.items():
        torch.save(theirs().state_dict(), path, **options)
        content = path.read_bytes()
        outcomes = collections.Counter()
        for _ in range(150):
            changed = bytearray(content)
            changed[rng.integers(len(changed))] = rng.integers(256)
            path.write_bytes(changed)
            try:
                import_weights(path, network)
                outcomes["imported"] += 1
            except WeightsError:
                outcomes["refused"] += 1
        assert outcomes["refused"] > 20, layout
