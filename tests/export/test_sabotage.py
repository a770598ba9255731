"""Files that are wrong on purpose: none may be published."""

import dataclasses
import signal

import flatbuffers
import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

import export
from export import cli, convert, formats, parity
from export.signature import Signature, Spec
from tests.export import conftest, gan_models


def edit_kernels(data, edit):
    """Applies `edit` to the numbers of every large buffer of a .tflite."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data))
    texts = {entry.buffer for entry in model.metadata}
    for index, buffer in enumerate(model.buffers):
        if index in texts or buffer.data is None:
            continue
        if len(buffer.data) > 400:
            values = np.asarray(buffer.data, "uint8").view("float32").copy()
            edit(values)
            buffer.data = values.view("uint8")
    # The export describes what it converts, once.
    model.metadata = [x for x in model.metadata if x.name != b"keras_gans"]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def zero(values):
    values[:] = 0.0


def poison(values):
    values[0] = np.nan


def lose_sign(values):
    values[:] = np.abs(values)


def signature_of(image_shape):
    images = np.zeros((1, *image_shape), "float32")
    return Signature.of({"images": images}, images)


@pytest.fixture(scope="module")
def good_file(exported):
    return (exported.folder / "generator_float32.tflite").read_bytes()


@pytest.fixture(scope="module")
def convert_other(tmp_path_factory):
    """Converts another network with the real converter."""

    def convert_other(model, input_shape=conftest.SHAPE):
        folder = tmp_path_factory.mktemp("other")
        signature = signature_of(input_shape)
        written = conftest.write_saved_model(
            model, signature, folder / "saved_model"
        )
        path = folder / "other.tflite"
        convert.convert_to_float32(written, path)
        return path.read_bytes()

    return convert_other


def rebuild(generator, change):
    inputs = keras.Input(conftest.SHAPE)
    return keras.Model(inputs, change(generator(inputs, training=False)))


def invert(images):
    matrices = keras.ops.transpose(images, (0, 3, 1, 2))
    return keras.ops.transpose(keras.ops.inv(matrices), (0, 2, 3, 1))


def convert_unusual(generator, path, configure):
    """Converts a network that ends in an operator LiteRT does not have."""
    unusual = rebuild(generator, invert)
    signature = signature_of(conftest.SHAPE)
    conftest.write_saved_model(unusual, signature, path)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path))
    configure(converter)
    with convert._quiet_conversion():
        return converter.convert()


def allow_custom_operators(converter):
    converter.allow_custom_ops = True


def allow_flex_operators(converter):
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]


@pytest.fixture(scope="module")
def bad_files(good_file, generator, convert_other, tmp_path_factory):
    """Name of the sabotage -> bytes of the file."""
    folder = tmp_path_factory.mktemp("unusual")
    rng = np.random.default_rng(0)
    return {
        "weights_zeroed": edit_kernels(good_file, zero),
        "weight_not_a_number": edit_kernels(good_file, poison),
        "signs_lost": edit_kernels(good_file, lose_sign),
        "output_from_0_to_1": convert_other(
            rebuild(generator, lambda x: x * 0.5 + 0.5)
        ),
        "output_from_-2_to_2": convert_other(
            rebuild(generator, lambda x: x * 2.0)
        ),
        "channels_swapped": convert_other(
            rebuild(generator, lambda x: keras.ops.flip(x, axis=-1))
        ),
        "another_network": convert_other(conftest.build_generator(seed=5)),
        "another_size": convert_other(
            conftest.build_generator(shape=(48, 48, 3)), (48, 48, 3)
        ),
        "truncated": good_file[: len(good_file) // 2],
        "empty": b"",
        "random": rng.bytes(len(good_file)),
        "root_beyond_the_end": b"\xff\xff\xff\x7f" + good_file[4:],
        "custom_operator": convert_unusual(
            generator, folder / "custom", allow_custom_operators
        ),
        "flex_operator": convert_unusual(
            generator, folder / "flex", allow_flex_operators
        ),
    }


SABOTAGES = {
    "weights_zeroed": "max difference",
    "weight_not_a_number": "not finite",
    "signs_lost": "max difference",
    "output_from_0_to_1": "max difference",
    "output_from_-2_to_2": "outside [-1, 1]",
    "channels_swapped": "max difference",
    "another_network": "max difference",
    "another_size": "inputs are",
    "truncated": "",
    "empty": "",
    "random": "",
    "root_beyond_the_end": "",
    "custom_operator": "custom op: MatrixInverse",
    "flex_operator": "Select TensorFlow op",
}


def sabotage(monkeypatch, name, write):
    changed = dataclasses.replace(formats.FORMATS[name], convert=write)
    monkeypatch.setitem(formats.FORMATS, name, changed)


@pytest.mark.parametrize("name", SABOTAGES)
def test_sabotaged_file_is_not_published(
    name, bad_files, model_file, tmp_path, monkeypatch, capsys
):
    def write(saved_model, path):
        path.write_bytes(bad_files[name])

    sabotage(monkeypatch, "float32", write)
    out = tmp_path / "out"
    argv = f"export --model={model_file} --output_dir={out} --formats=float32"
    assert cli.main(argv.split()) == 1
    assert not out.exists()
    assert list(tmp_path.iterdir()) == []
    screen = capsys.readouterr()
    failed = [x for x in screen.out.splitlines() if "FAILED" in x]
    assert len(failed) == 1
    assert SABOTAGES[name] in failed[0]
    assert f"Nothing was written to {out}." in screen.out


def test_every_sabotage_is_made(bad_files):
    assert set(bad_files) == set(SABOTAGES)


def test_the_good_file_passes_in_their_place(
    good_file, model_file, tmp_path, monkeypatch
):
    sabotage(
        monkeypatch,
        "float32",
        lambda saved_model, path: path.write_bytes(
            edit_kernels(good_file, len)
        ),
    )
    argv = f"export --model={model_file} --output_dir={tmp_path / 'out'}"
    assert cli.main([*argv.split(), "--formats=float32"]) == 0


NUM_CLASSES = 10  # More than the inputs that a network without labels gets.


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    """A conditional GAN's generator, and its file."""
    path = tmp_path_factory.mktemp("gan") / "gan.keras"
    model = gan_models.build("mlp", NUM_CLASSES)
    model.save(path)
    return model.inference_generator, path


def convert_rewired(generator, path, latents=None, labels=None, dtype="int32"):
    """Converts a generator behind functions that spoil its inputs."""
    inputs = {
        "latents": keras.Input((gan_models.LATENT_DIM,), name="latents"),
        "labels": keras.Input((), dtype=dtype, name="labels"),
    }
    spoilt = {
        "latents": latents(inputs["latents"]) if latents else inputs["latents"],
        "labels": labels(inputs["labels"]) if labels else inputs["labels"],
    }
    rewired = keras.Model(inputs, generator(spoilt, training=False))
    arrays = {
        "latents": np.zeros((1, gan_models.LATENT_DIM), "float32"),
        "labels": np.zeros(1, dtype),
    }
    signature = Signature.of(
        arrays, np.zeros((1, *gan_models.SHAPE), "float32"), NUM_CLASSES
    )
    specs = signature.inputs | {"labels": Spec((1,), dtype)}
    signature = dataclasses.replace(signature, inputs=specs)
    written = conftest.write_saved_model(
        rewired, signature, path / "saved_model"
    )
    convert.convert_to_float32(written, path / "file.tflite")
    return (path / "file.tflite").read_bytes()


def swap_last_two(labels):
    order = [*range(NUM_CLASSES - 2), NUM_CLASSES - 1, NUM_CLASSES - 2]
    return keras.ops.take(np.array(order, "int32"), labels)


REWIRINGS = {
    "nothing_changed": ({}, ""),
    "two_labels_swapped": ({"labels": swap_last_two}, "max difference"),
    "labels_ignored": ({"labels": lambda x: x * 0}, "max difference"),
    "noise_baked_in": (
        {"latents": lambda x: x * 0.0 + 0.5},
        "max difference",
    ),
    "labels_as_floats": ({"dtype": "float32"}, "inputs are"),
}


@pytest.mark.parametrize("name", REWIRINGS)
def test_spoilt_noise_and_labels_are_seen(
    name, conditional, tmp_path, monkeypatch, capsys
):
    generator, model_file = conditional
    changes, problem = REWIRINGS[name]
    data = convert_rewired(generator, tmp_path, **changes)
    sabotage(
        monkeypatch, "float32", lambda saved_model, path: path.write_bytes(data)
    )
    out = tmp_path / "out"
    argv = f"export --model={model_file} --output_dir={out} --formats=float32"
    is_good = name == "nothing_changed"
    assert cli.main(argv.split()) == (0 if is_good else 1)
    assert out.exists() == is_good
    failed = [x for x in capsys.readouterr().out.splitlines() if "FAILED" in x]
    assert len(failed) == (0 if is_good else 1)
    assert problem in "".join(failed)


def test_wrong_rewrite_is_seen(generator, inputs, tmp_path, monkeypatch):
    def rewrite(network, rewrites):
        shifted = rebuild(network, lambda x: keras.ops.roll(x, 1, axis=1))
        return shifted, {"transposed_convolution": 1}

    monkeypatch.setattr("export.rewrites.graph.rewrite", rewrite)
    out = tmp_path / "out"
    result = export.export_network(generator, inputs, out, ["float32"])
    assert "max difference" in result.reports[0].problems[0]
    assert not out.exists()


def test_operator_without_a_built_in_is_not_converted(
    generator, inputs, tmp_path
):
    unusual = rebuild(generator, lambda x: keras.ops.arcsinh(x))
    result = export.export_network(
        unusual, inputs, tmp_path / "out", ["float32"]
    )
    (report,) = result.reports
    assert report.problems[0].startswith("cannot be converted. Converter")
    assert report.num_bytes == 0
    assert not (tmp_path / "out").exists()


def test_damaged_saved_model_fails_and_the_rest_is_published(
    generator, inputs, tmp_path, monkeypatch, read_json
):
    def write(saved_model, path):
        convert.copy_saved_model(saved_model, path)
        data = path / "variables" / "variables.data-00000-of-00001"
        data.write_bytes(data.read_bytes()[:1000])

    sabotage(monkeypatch, "saved_model", write)
    out = tmp_path / "out"
    result = export.export_network(
        generator, inputs, out, ["saved_model", "float32"]
    )
    assert [x.passed for x in result.reports] == [False, True]
    assert sorted(x.name for x in out.iterdir()) == [
        "MODEL_CARD.md",
        "generator.json",
        "generator_float32.tflite",
        "parity.json",
        "snippets",
    ]
    sidecar = read_json(out / "generator.json")
    assert [x["format"] for x in sidecar["files"]] == ["float32"]
    record = read_json(out / "parity.json")
    assert [x["passed"] for x in record["files"]] == [False, True]
    assert record["files"][0]["problems"]


def read_all(folder):
    return {x: x.read_bytes() for x in folder.rglob("*") if x.is_file()}


def test_failed_export_leaves_the_old_one(
    generator, inputs, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    assert export.export_network(generator, inputs, out, ["float32"]).ok
    before = read_all(out)
    sabotage(
        monkeypatch, "float32", lambda saved_model, path: path.write_bytes(b"")
    )
    assert not export.export_network(generator, inputs, out, ["float32"]).ok
    assert read_all(out) == before
    assert list(tmp_path.iterdir()) == [out]


def test_crash_of_the_verifier_fails_only_its_file(
    generator, inputs, tmp_path, monkeypatch
):
    # Dies as the interpreter does on some hostile files.
    crasher = tmp_path / "crasher.py"
    source = parity.VERIFIER.read_text(encoding="utf-8")
    crash = f"os.kill(os.getpid(), {int(signal.SIGSEGV)})"
    crasher.write_text(
        source.replace(
            "def _measure(job):\n",
            f"def _measure(job):\n    if 'float32' in job['path']: {crash}\n",
        )
    )
    monkeypatch.setattr(parity, "VERIFIER", crasher)
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32", "float16"]
    )
    float32, float16 = result.reports
    assert float32.problems == ["the process that opened it died of SIGSEGV"]
    assert float16.passed
    assert not (tmp_path / "out" / float32.file_name).exists()
    assert (tmp_path / "out" / float16.file_name).exists()


def test_verifier_that_hangs_is_stopped(
    generator, inputs, tmp_path, monkeypatch
):
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(parity, "VERIFIER", sleeper)
    monkeypatch.setattr(parity, "TIMEOUT_SECONDS", 1)
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32"]
    )
    assert result.reports[0].problems == ["no answer in 1 seconds"]


def test_verifier_that_cannot_start_says_why(
    generator, inputs, tmp_path, monkeypatch
):
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module\n")
    monkeypatch.setattr(parity, "VERIFIER", broken)
    result = export.export_network(
        generator, inputs, tmp_path / "out", ["float32"]
    )
    assert result.reports[0].problems == [
        "the process that opened it ended with exit code 1: "
        "ModuleNotFoundError: No module named 'no_such_module'"
    ]
