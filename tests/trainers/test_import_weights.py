"""The command that imports weights: from a file to a network to export."""

import keras
import numpy as np
import pytest

import export.cli
from keras_gans.compat import export_weights, torch_names
from keras_gans.networks import (
    build_patchgan_discriminator,
    build_resnet_generator,
    build_unet_generator,
)
from tests.networks.torch_parity import randomize
from trainers import import_weights, imported_networks

pytest.importorskip("safetensors")


def run(*arguments):
    """Runs the command; returns its exit code."""
    with pytest.raises(SystemExit) as caught:
        import_weights.main(list(arguments))
    return caught.value.code


def resnet(**kwargs):
    return build_resnet_generator((16, 16, 3), None, 2, 6, **kwargs)


def patchgan(**kwargs):
    return build_patchgan_discriminator((32, 32, 3), 2, **kwargs)


BATCH = {"normalization": "batch", "affine": True, "use_bias": False}


def tiny_resnet(**kwargs):
    return build_resnet_generator((16, 16, 3), None, 2, 1, **kwargs)


def tiny_unet(**kwargs):
    return build_unet_generator((4, 4, 3), None, 2, **kwargs)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("resnet_1", tiny_resnet),
        ("resnet_1", lambda: tiny_resnet(affine=True)),
        ("resnet_1", lambda: tiny_resnet(affine=True, use_bias=False)),
        ("resnet_1", lambda: tiny_resnet(use_bias=False)),
        ("resnet_1", lambda: tiny_resnet(dropout=0.5, **BATCH)),
        ("resnet_1", lambda: tiny_resnet(normalization="batch", affine=True)),
        ("patchgan", patchgan),
        ("patchgan", lambda: patchgan(**BATCH)),
        ("pixelgan", lambda: patchgan(num_layers=0)),
        ("unet_4", tiny_unet),
        ("unet_4", lambda: tiny_unet(normalization="instance")),
    ],
)
def test_norms_and_biases_are_those_of_the_file(name, build):
    network = build()
    other = imported_networks.build(
        name, network.input_shape[1:3], 3, 3, 2, torch_names.to_torch(network)
    )
    names = [[layer.name for layer in x.layers] for x in (network, other)]
    assert names[0] == names[1] or name == "unet_4"
    assert [x.path for x in network.weights] == [x.path for x in other.weights]
    assert [type(x) for x in network.layers if "norm" in x.name] == [
        type(x) for x in other.layers if "norm" in x.name
    ]


NETWORKS = {
    "resnet": ("resnet_6", lambda: resnet(affine=True)),
    "patchgan": ("patchgan", patchgan),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_saved_answers_as_the_original(name, tmp_path, capsys):
    kind, build = NETWORKS[name]
    network = build()
    randomize(network)
    weights, out = tmp_path / "state.safetensors", tmp_path / "new" / "a.keras"
    export_weights(network, weights)
    images = np.random.default_rng(0).uniform(
        -1, 1, (1, *network.input_shape[1:])
    )
    probe = tmp_path / "probe.npz"
    np.savez(probe, inputs=images, outputs=network(images, training=False))
    code = run(
        f"--weights={weights}",
        f"--network={kind}",
        f"--out={out}",
        f"--probe={probe}",
        f"--image_size={network.input_shape[1]}",
        "--filters=2",
    )
    output = capsys.readouterr()
    assert code == 0, output.err
    revived = keras.saving.load_model(out)
    np.testing.assert_allclose(
        revived(images, training=False),
        network(images, training=False),
        atol=1e-6,
    )
    assert f"all {len(network.weights)} of {kind} set" in output.out
    assert "safetensors" in output.out
    is_generator = network.name == "generator"
    assert (f"python -m export --model={out}" in output.out) == is_generator
    assert [path.name for path in out.parent.iterdir()] == ["a.keras"]


def test_the_next_command_exports_what_was_imported(tmp_path, capsys):
    network, out = resnet(), tmp_path / "a.keras"
    randomize(network)
    network.save_weights(tmp_path / "a.weights.h5")
    code = run(
        f"--weights={tmp_path / 'a.weights.h5'}",
        "--network=resnet_6",
        f"--out={out}",
        "--image_size=16",
        "--filters=2",
    )
    assert code == 0
    assert (
        "note     the file says nothing of paddings" in capsys.readouterr().out
    )
    code = export.cli.main(
        ["export", f"--model={out}", "--formats=float32", "--rewrites=none"]
    )
    assert code == 0
    assert (tmp_path / "export" / "generator_float32.tflite").exists()


def test_what_does_not_fit_is_said_and_nothing_written(tmp_path, capsys):
    weights, out = tmp_path / "state.safetensors", tmp_path / "a.keras"
    export_weights(resnet(), weights)
    flags = [f"--weights={weights}", f"--out={out}", "--image_size=16"]
    assert run("--network=resnet_9", "--filters=2", *flags) == 65
    error = capsys.readouterr().err
    assert "the first layer that does not fit is" in error
    # The seventh block is where six blocks go on.
    assert "`block_7_conv_1`" in error and "the file has `model.16`" in error
    assert run("--network=resnet_6", *flags) == 65
    assert "kernel (7, 7, 3, 64)" in capsys.readouterr().err
    assert run("--network=patchgan", *flags, "--image_size=32") == 65
    other = [f"--weights={tmp_path / 'none.pth'}", f"--out={out}"]
    assert run("--network=resnet_6", *other) == 65
    assert "none.pth" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"weights": ""}, "--weights must be a file"),
        (
            {"network": "resnet9"},
            "Received: resnet9. Did you mean resnet_9?",
        ),
        ({"network": ""}, "--network must be one of resnet_6, resnet_9"),
        ({"out": "a.pth"}, "--out must end in .keras"),
        ({"image_size": "-3"}, "--image_size must be a side in pixels"),
        ({"filters": "0"}, "--filters must be >= 1. Received: 0."),
    ],
    ids=str,
)
def test_wrong_flags(flags, message, capsys):
    given = {"weights": "a.pth", "network": "resnet_6", "out": "a.keras"}
    words = [f"--{name}={value}" for name, value in (given | flags).items()]
    assert run(*words) == 2
    assert message in capsys.readouterr().err


def test_a_size_that_the_network_cannot_have(tmp_path, capsys):
    weights = tmp_path / "state.safetensors"
    export_weights(resnet(), weights)
    code = run(
        f"--weights={weights}",
        "--network=unet_256",
        "--image_size=100",
        f"--out={tmp_path / 'a.keras'}",
    )
    assert code == 2
    assert "--image_size=100: Height and width" in capsys.readouterr().err


def test_help_names_every_flag(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    for flag in ("weights", "network", "out", "part", "probe", "filters"):
        assert f"--{flag}" in text
