"""Networks of the full size, one of them published by others, in PyTorch.

The wheel of vintagify (MIT) holds a trained ResNet-9 of 11,388,675 parameters,
with biases and affine instance norms. Its package is not imported.
"""

import functools
import importlib.util
import pathlib

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import export.cli
from keras_gans.compat import export_weights, import_weights
from keras_gans.networks import build_resnet_generator, build_unet_generator
from tests.compat import torch_pairs
from tests.networks import torch_parity

pytestmark = pytest.mark.slow


def published_weights():
    spec = importlib.util.find_spec("vintagify")
    if spec is None:
        pytest.skip("needs the files of vintagify: pip install --no-deps it")
    folder = pathlib.Path(spec.submodule_search_locations[0])
    return folder / "resources" / "G_A2B_epoch33.pth"


def image_of(size):
    """Waves and noise, in [-1, 1]."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 9, size)
    waves = np.sin(x[:, None, None] + np.array([1, 2, 3]) * x[None, :, None])
    noise = rng.uniform(-1, 1, (size, size, 3))
    return (0.7 * waves + 0.3 * noise)[None].astype("float32")


def answer_of_tflite(path, images):
    runner = Interpreter(str(path)).get_signature_runner()
    return runner(images=images)["images"]


def export_to_tflite(network, folder):
    network.save(folder / "generator.keras")
    code = export.cli.main(
        [
            "export",
            f"--model={folder / 'generator.keras'}",
            "--formats=float32",
            # Other layers that add up the same numbers in another order, to
            # 2e-3, are measured where they are tested.
            "--rewrites=none",
        ]
    )
    assert code == 0
    return folder / "export" / "generator_float32.tflite"


def test_a_published_cyclegan_from_pytorch_to_phones(tmp_path):
    torch = pytest.importorskip("torch")
    from tests.compat import project_networks

    path = published_weights()
    norm = functools.partial(torch.nn.InstanceNorm2d, affine=True)
    module = project_networks.ResnetGenerator(64, 9, norm, True)
    state = torch.load(path, map_location="cpu", weights_only=True)
    names = [name.replace(".block.", ".conv_block.") for name in state]
    module.load_state_dict(dict(zip(names, state.values())), strict=True)
    generator = build_resnet_generator(affine=True)
    report = import_weights(path, generator)
    assert (report.num_tensors, report.num_parameters) == (94, 11_388_675)
    images = image_of(256)
    expected = torch_parity.forward(module, images)
    assert np.std(expected) > 0.1
    np.testing.assert_allclose(generator(images), expected, atol=1e-4)
    tflite = export_to_tflite(generator, tmp_path)
    answer = answer_of_tflite(tflite, images)
    np.testing.assert_allclose(answer, expected, atol=1e-4)
    # And back, which changes no number.
    load_file = pytest.importorskip("safetensors.torch").load_file
    export_weights(generator, tmp_path / "back.safetensors")
    for name, tensor in load_file(tmp_path / "back.safetensors").items():
        assert torch.equal(tensor, state[name.replace("conv_block", "block")])


def test_a_unet_of_full_size_from_pytorch_to_phones(tmp_path):
    torch = pytest.importorskip("torch")
    from tests.compat import project_networks

    module = torch_pairs.randomize(
        project_networks.UnetGenerator(64, 8, torch.nn.BatchNorm2d, False),
        scale=0.02,
    )
    torch.save(module.state_dict(), tmp_path / "latest_net_G.pth")
    generator = build_unet_generator(dropout_layout="pytorch")
    report = import_weights(tmp_path / "latest_net_G.pth", generator)
    # Statistics are no parameters that are trained: 54,413,955 and those.
    statistics = sum(np.prod(x.shape) for x in generator.non_trainable_weights)
    assert report.num_parameters == 54_413_955 + statistics
    images = image_of(256)
    expected = torch_parity.forward(module, images)
    assert np.std(expected) > 0.01
    answer = keras.ops.convert_to_numpy(generator(images, training=False))
    np.testing.assert_allclose(answer, expected, atol=1e-4)
    tflite = export_to_tflite(generator, tmp_path)
    answer = answer_of_tflite(tflite, images)
    np.testing.assert_allclose(answer, expected, atol=1e-4)
