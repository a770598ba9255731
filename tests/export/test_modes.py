"""What networks that can run in several ways are exported as."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import keras_gans
from export import cli, sources
from export.errors import UsageError
from tests.export import conftest
from tests.networks import gan_pairs


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A pix2pix as after some training, with two norms and two dropouts."""
    keras.utils.set_random_seed(0)
    generator = keras_gans.build_unet_generator((16, 16, 3), filters=4)
    gan_pairs.shake(generator)
    for layer in generator.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(layer.moving_mean - 0.5)
    discriminator = keras_gans.build_patchgan_discriminator(
        (16, 16, 6), 4, 1, "batch", affine=True, use_bias=False
    )
    model = keras_gans.Pix2Pix(generator, discriminator, seed=3)
    path = tmp_path_factory.mktemp("model") / "pix2pix.keras"
    model.save(path)
    return path


def images():
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (4, 16, 16, 3)).astype("float32")


def outputs(path, mode):
    [network] = sources.load_model(path, mode).networks.values()
    return np.array(network(images(), training=False))


def test_the_default_is_what_the_paper_does_but_without_chance(model_file):
    model = keras.saving.load_model(model_file)
    np.testing.assert_allclose(
        outputs(model_file, sources.Mode()),
        model.translate(images(), "instance", dropout=False),
        atol=1e-6,
    )
    assert sources.load_model(model_file).mode == sources.Mode("instance")


def test_every_mode_is_another_network(model_file):
    modes = [
        sources.Mode(norm_mode, dropout)
        for norm_mode in ("instance", "running")
        for dropout in (False, True)
    ]
    answers = [outputs(model_file, mode) for mode in modes]
    for i in range(4):
        for j in range(i):
            assert np.max(np.abs(answers[i] - answers[j])) > 1e-3
    # With dropout too, a file answers the same each time it is loaded.
    np.testing.assert_array_equal(outputs(model_file, modes[3]), answers[3])


def test_mode_reaches_file_and_sidecar(model_file, tmp_path, read_json):
    words = [f"--model={model_file}", f"--output_dir={tmp_path / 'out'}"]
    modes = ["--norm_mode=running", "--dropout=on", "--formats=float32"]
    assert cli.main(["export", *words, *modes]) == 0
    path = str(tmp_path / "out" / "generator_float32.tflite")
    run = Interpreter(path).get_signature_runner()
    answers = [run(images=image[None])["images"][0] for image in images()]
    np.testing.assert_allclose(
        answers,
        outputs(model_file, sources.Mode("running", dropout=True)),
        atol=1e-4,
    )
    sidecar = read_json(tmp_path / "out" / "generator.json")
    assert sidecar["mode"] == {"norm_mode": "running", "dropout": True}


def test_a_network_alone_runs_in_any_mode(tmp_path):
    network = conftest.build_generator()
    network.save(tmp_path / "alone.keras")
    source = sources.load_model(tmp_path / "alone.keras")
    assert source.mode is None
    [alone] = source.networks.values()
    shape = (2, *conftest.SHAPE)
    noise = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
    mode = sources.Mode("instance")
    [view] = sources.load_model(
        tmp_path / "alone.keras", mode
    ).networks.values()
    expected = keras_gans.inference_view(network, "instance")(noise)
    np.testing.assert_allclose(view(noise), expected, atol=1e-6)
    assert np.max(np.abs(np.array(alone(noise)) - expected)) > 1e-3


def test_modes_are_refused_where_there_is_but_one(tmp_path, capsys):
    path = tmp_path / "cyclegan.keras"
    conftest.build_cyclegan().save(path)
    for mode in (sources.Mode("instance"), sources.Mode(dropout=True)):
        with pytest.raises(UsageError, match="has neither.$"):
            sources.load_model(path, mode)
    assert cli.main(["export", f"--model={path}", "--norm_mode=batch"]) == 2
    assert capsys.readouterr().err == (
        "--norm_mode must be instance or running. Received: batch.\n"
    )
