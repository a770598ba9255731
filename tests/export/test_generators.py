"""Generators that take noise, and those that take labels too."""

import dataclasses
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import export
import keras_gans
from export import cli
from export.formats import DEFAULT, FORMATS
from keras_gans import checkpoints
from tests.export import gan_models

NUM_CLASSES = gan_models.NUM_CLASSES


def open_file(folder, name):
    """Returns a function of named batches of one, whatever the format."""
    path = str(folder / FORMATS[name].file_name("generator"))
    if name != "saved_model":
        runner = Interpreter(path).get_signature_runner()
        return lambda **inputs: runner(**inputs)["images"]
    model = tf.saved_model.load(path)
    run = model.signatures["serving_default"]

    def call(model=model, **inputs):
        tensors = {name: tf.constant(x) for name, x in inputs.items()}
        return run(**tensors)["images"].numpy()

    return call


def latents_of(num_inputs, seed=7):
    rng = np.random.default_rng(seed)
    shape = (num_inputs, gan_models.LATENT_DIM)
    return rng.standard_normal(shape, "float32")


@dataclasses.dataclass
class Published:
    model: keras.Model
    folder: pathlib.Path


@pytest.fixture(scope="module", params=gan_models.PAIRS)
def conditional(request, tmp_path_factory):
    """A conditional GAN's file, exported by the command in its formats."""
    folder = tmp_path_factory.mktemp(request.param)
    model = gan_models.build(request.param, NUM_CLASSES)
    model.save(folder / "gan.keras")
    assert cli.main(["export", f"--model={folder / 'gan.keras'}"]) == 0
    return Published(model, folder / "export")


@pytest.mark.parametrize("name", DEFAULT)
def test_every_label_draws_what_keras_draws(conditional, name):
    labels = np.arange(NUM_CLASSES, dtype="int32")
    latents = np.repeat(latents_of(1), NUM_CLASSES, axis=0)
    expected = conditional.model.average_generator.predict(
        {"latents": latents, "labels": labels}, verbose=0
    )
    # What follows would be empty if labels, or averaging, made no difference.
    assert np.abs(expected[0] - expected[1:]).max(axis=(1, 2, 3)).min() > 0.1
    others = conditional.model.generator.predict(
        {"latents": latents, "labels": labels}, verbose=0
    )
    assert np.abs(expected - others).max() > 0.1
    run = open_file(conditional.folder, name)
    for i in range(NUM_CLASSES):
        images = run(latents=latents[i : i + 1], labels=labels[i : i + 1])
        atol = 0.1 if name == "dynamic" else 1e-2
        np.testing.assert_allclose(images, expected[i : i + 1], atol=atol)


@pytest.mark.parametrize("name", DEFAULT)
def test_labels_out_of_range_are_the_nearest(conditional, name):
    run = open_file(conditional.folder, name)
    latents = latents_of(1)
    int32, last = np.iinfo("int32"), NUM_CLASSES - 1
    for label, nearest in [
        (-1, 0),
        (int32.min, 0),
        (last + 1, last),
        (int32.max, last),
    ]:
        images = run(latents=latents, labels=np.array([label], "int32"))
        expected = run(latents=latents, labels=np.array([nearest], "int32"))
        np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize("name", ["float32", "float16"])
def test_labels_stay_integers(conditional, name):
    path = conditional.folder / FORMATS[name].file_name("generator")
    runner = Interpreter(str(path)).get_signature_runner("serving_default")
    details = {
        key: (detail["dtype"], list(detail["shape_signature"]))
        for key, detail in runner.get_input_details().items()
    }
    assert details == {
        "latents": (np.float32, [1, gan_models.LATENT_DIM]),
        "labels": (np.int32, [1]),
    }
    assert list(runner.get_output_details()) == ["images"]


def test_sidecar_says_what_labels_mean(conditional, read_json):
    sidecar = read_json(conditional.folder / "generator.json")
    assert sidecar["network"] == "generator"
    described = {x.pop("name"): x for x in sidecar["signatures"][0]["inputs"]}
    assert described == {
        "latents": {
            "shape": [1, gan_models.LATENT_DIM],
            "dtype": "float32",
            "distribution": "standard normal",
        },
        "labels": {
            "shape": [1],
            "dtype": "int32",
            "range": [0, NUM_CLASSES - 1],
            "out_of_range": "taken as the nearest label in range",
        },
    }
    record = read_json(conditional.folder / "parity.json")
    assert record["inputs"] == {
        "source": "standard normal noise, labels in turn",
        "shapes": [{"latents": [8, gan_models.LATENT_DIM], "labels": [8]}],
    }


@pytest.mark.parametrize("pair", gan_models.PAIRS)
def test_noise_alone(pair, tmp_path, capsys):
    model = gan_models.build(pair, average_decay=0.0)
    model.save(tmp_path / "gan.keras")
    words = f"--model={tmp_path / 'gan.keras'}", "--formats=float32"
    assert cli.main(["export", *words]) == 0
    assert "generator: 8 inputs, standard normal noise" in (
        capsys.readouterr().out
    )
    latents = latents_of(2)
    expected = model.generator.predict(latents, verbose=0)
    assert np.abs(expected[0] - expected[1]).max() > 0.1
    run = open_file(tmp_path / "export", "float32")
    for i in range(2):
        images = run(latents=latents[i : i + 1])
        np.testing.assert_allclose(images, expected[i : i + 1], atol=1e-4)


def make_run(run_dir, model, **inputs):
    checkpoints.write(run_dir / "checkpoints", model, 5, {})
    (run_dir / "samples").mkdir()
    np.savez(run_dir / "samples" / "inputs.npz", **inputs)
    return ["export", f"--run_dir={run_dir}", "--formats=float32"]


def test_run_of_a_gan(tmp_path, read_json):
    model = gan_models.build("mlp")
    words = make_run(tmp_path, model, generator=latents_of(9))
    assert cli.main(words) == 0
    record = read_json(tmp_path / "export" / "parity.json")
    assert record["step"] == 5
    assert record["inputs"] == {
        "source": "samples/inputs.npz",
        "shapes": [{"latents": [8, gan_models.LATENT_DIM]}],
    }


def test_run_of_a_gan_in_int8(tmp_path, read_json):
    model = gan_models.build("mlp")
    words = make_run(tmp_path, model, generator=latents_of(9))
    # Calibrated by noise of its own: there is nothing else to read.
    assert cli.main([*words, "--formats=int8"]) == 0
    record = read_json(tmp_path / "export" / "parity.json")
    assert record["files"][0]["figures"]["psnr_db"] > 30


def test_run_of_a_conditional_gan(tmp_path, capsys):
    model = gan_models.build("mlp", NUM_CLASSES)
    words = make_run(
        tmp_path,
        model,
        **{
            "generator/latents": latents_of(6),
            "generator/labels": np.array([0, 0, 1, 1, 2, 2], "int32"),
        },
    )
    assert cli.main(words) == 0
    screen = capsys.readouterr().out
    assert "generator: 6 inputs, samples/inputs.npz (8 is better)" in screen
    snippet = screen.split("\n\n")[-1]
    assert len(snippet.strip().splitlines()) == 4
    scope = {}
    exec(snippet, scope)
    zeros = {"latents": np.zeros((1, 4)), "labels": np.zeros(1, "int32")}
    np.testing.assert_allclose(
        scope["images"], model.predict(zeros, verbose=0), atol=1e-4
    )


def test_averaged_generator_is_found_without_the_gan(tmp_path):
    # The label's number of classes comes from the network's own layers.
    generator = gan_models.build("resnet", NUM_CLASSES).inference_generator
    generator.save(tmp_path / "generator.keras")
    words = f"--model={tmp_path / 'generator.keras'}", "--formats=float32"
    assert cli.main(["export", *words]) == 0
    run = open_file(tmp_path / "export", "float32")
    images = [
        run(latents=latents_of(1), labels=np.array([label], "int32"))
        for label in (NUM_CLASSES - 1, NUM_CLASSES)
    ]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize("num_classes", [None, NUM_CLASSES])
def test_points_are_refused_in_one_sentence(num_classes, tmp_path, capsys):
    generator = keras_gans.build_mlp_generator(4, (2,), (8,), num_classes)
    generator.save(tmp_path / "points.keras")
    assert cli.main(["export", f"--model={tmp_path / 'points.keras'}"]) == 65
    assert capsys.readouterr().err == (
        "The network must return one batch of images, (batch, height, width, "
        "channels). Received: shape (8, 2).\n"
    )
    assert not (tmp_path / "export").exists()


def test_labels_in_mixed_precision(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        generator = gan_models.build("dcgan", NUM_CLASSES).generator
    finally:
        keras.config.set_dtype_policy("float32")
    inputs = {
        "latents": latents_of(8),
        "labels": np.arange(8, dtype="int32") % NUM_CLASSES,
    }
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32"]
    )
    assert result.ok, result.reports


def build_with_layer(layer, label_shape=()):
    """A generator whose label goes through a layer of somebody's own."""
    inputs = {
        "latents": keras.Input((gan_models.LATENT_DIM,), name="latents"),
        "labels": keras.Input(label_shape, dtype="int32", name="labels"),
    }
    codes = keras.layers.Reshape((5,))(layer(inputs["labels"]))
    x = keras.layers.Concatenate()([inputs["latents"], codes])
    x = keras.layers.Dense(16, activation="tanh")(x)
    return keras.Model(inputs, keras.layers.Reshape((4, 4, 1))(x))


def test_column_of_labels_is_fed_by_a_vector(tmp_path):
    generator = build_with_layer(keras.layers.Embedding(3, 5), (1,))
    inputs = {"latents": latents_of(4), "labels": np.arange(4, dtype="int32")}
    inputs["labels"] %= 3
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32"]
    )
    assert result.ok, result.reports
    assert result.signature.inputs["labels"].shape == (1,)
    assert result.signature.num_classes == 3


def test_number_of_classes_that_nobody_knows(tmp_path, read_json):
    generator = build_with_layer(
        keras.layers.Lambda(
            lambda labels: keras.ops.one_hot(labels, 5), output_shape=(5,)
        )
    )
    inputs = {"latents": latents_of(4), "labels": np.arange(4, dtype="int32")}
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32"]
    )
    assert result.ok, result.reports
    sidecar = read_json(tmp_path / "out" / "generator.json")
    (signature,) = sidecar["signatures"]
    (labels,) = [x for x in signature["inputs"] if x["name"] == "labels"]
    assert labels["range"] is None
    assert labels["out_of_range"] == "undefined"
