import hashlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import export
import keras_gans
from export import parity_inputs
from export.formats import DEFAULT, FORMATS
from export.rewrites import names
from tests.export import conftest


def run_litert(path, images):
    interpreter = Interpreter(str(path))
    runner = interpreter.get_signature_runner()
    return np.concatenate([runner(images=x[None])["images"] for x in images])


def operators_of(path):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    return {x["op_name"] for x in interpreter._get_ops_details()}


def test_every_file_passes(exported):
    assert exported.ok
    assert [x.format for x in exported.reports] == list(DEFAULT)
    assert sorted(x.name for x in exported.folder.iterdir()) == [
        "MODEL_CARD.md",
        "generator.json",
        "generator_dynamic.tflite",
        "generator_float16.tflite",
        "generator_float32.tflite",
        "parity.json",
        "saved_model",
        "snippets",
    ]


def test_litert_equals_keras(exported, generator, inputs):
    expected = generator.predict(inputs, verbose=0)
    float32 = run_litert(exported.folder / "generator_float32.tflite", inputs)
    float16 = run_litert(exported.folder / "generator_float16.tflite", inputs)
    np.testing.assert_allclose(float32, expected, atol=1e-4)
    dynamic = run_litert(exported.folder / "generator_dynamic.tflite", inputs)
    np.testing.assert_allclose(float16, expected, atol=1e-2)
    np.testing.assert_allclose(dynamic, expected, atol=0.2)
    assert np.abs(float16 - expected).max() > 0  # It really is float16.


def test_saved_model_equals_keras(exported, generator, inputs):
    model = tf.saved_model.load(str(exported.folder / "saved_model"))
    serve = model.signatures["serving_default"]
    images = serve(images=tf.constant(inputs[:1]))["images"]
    expected = generator(inputs[:1], training=False)
    np.testing.assert_allclose(images, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["float32", "float16", "dynamic"])
def test_signature_is_named_and_static(exported, name):
    path = exported.folder / FORMATS[name].file_name("generator")
    runner = Interpreter(str(path)).get_signature_runner("serving_default")
    for details in (runner.get_input_details(), runner.get_output_details()):
        assert list(details) == ["images"]
        assert details["images"]["dtype"] is np.float32
        assert list(details["images"]["shape_signature"]) == [1, 32, 32, 3]
    assert not operators_of(path) & {"SHAPE", "PACK", "CUSTOM"}


def test_sidecar_describes_the_files(exported, generator, read_json):
    sidecar = read_json(exported.folder / "generator.json")
    listed = {x["name"]: x for x in sidecar["files"]}
    for name, entry in listed.items():
        data = (exported.folder / name).read_bytes()
        assert entry["bytes"] == len(data)
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
    on_disk = {
        x.relative_to(exported.folder).as_posix()
        for x in exported.folder.rglob("*")
        if x.is_file()
    }
    others = {x for x in on_disk if not x.startswith("snippets/")}
    assert others == {
        *listed,
        "generator.json",
        "parity.json",
        "MODEL_CARD.md",
    }
    assert sidecar["parameters"] == generator.count_params()
    (signature,) = sidecar["signatures"]
    assert signature["name"] == "serving_default"
    assert signature["inputs"] == [
        {
            "name": "images",
            "shape": [1, 32, 32, 3],
            "dtype": "float32",
            "range": [-1, 1],
            "layout": "NHWC",
            "channels": "RGB",
            "from_uint8": "images = pixels / 127.5 - 1",
        }
    ]
    assert signature["output"]["name"] == "images"
    assert signature["output"]["range"] == [-1, 1]


def test_parity_record_holds_figures_and_no_path(exported, read_json):
    text = (exported.folder / "parity.json").read_text()
    assert str(exported.folder.parent) not in text
    record = read_json(exported.folder / "parity.json")
    assert record["inputs"]["shapes"] == [{"images": [8, 32, 32, 3]}]
    for file in record["files"]:
        assert file["passed"]
        assert file["problems"] == []
        assert 0 <= file["figures"]["mean_difference"] < 2e-2
        assert 0.95 < file["figures"]["ssim"] <= 1.0
    float32 = record["files"][1]["figures"]
    assert float32["operators"]["CONV_2D"] == 3 + 4  # Four phases.
    assert float32["partitions"] >= 1


REWRITES = {"transposed_convolution": 1, "blocked_convolution": 1}


def test_sidecar_tells_what_was_rewritten(exported, read_json):
    sidecar = read_json(exported.folder / "generator.json")
    rewrites = {x["format"]: x["rewrites"] for x in sidecar["files"]}
    assert rewrites == {
        "saved_model": {},
        "float32": REWRITES,
        "float16": REWRITES,
        "dynamic": REWRITES,
    }


def test_saved_model_is_not_rewritten(exported):
    model = tf.saved_model.load(str(exported.folder / "saved_model"))
    graph = model.signatures["serving_default"].graph
    definition = graph.as_graph_def()
    nodes = [*definition.node]
    for function in definition.library.function:
        nodes += function.node_def
    kinds = {node.op for node in nodes}
    assert "Conv2DBackpropInput" in kinds  # A transposed convolution.
    assert "DepthToSpace" not in kinds


@pytest.fixture(scope="module")
def resnet_reports(tmp_path_factory):
    """Float32 files of one network, as it is and rewritten."""
    keras.utils.set_random_seed(0)
    network = keras_gans.build_resnet_generator(
        (16, 16, 3), filters=5, num_residual_blocks=1
    )
    images = parity_inputs.default({"images": (16, 16, 3)})["images"][:2]
    return {
        rewrites: export.export_network(
            network,
            images,
            tmp_path_factory.mktemp("resnet") / "out",
            ["float32"],
            rewrites=rewrites,
        )
        for rewrites in ((), names.NAMES)
    }


def test_rewrites_leave_one_partition(resnet_reports, read_json):
    for rewrites, result in resnet_reports.items():
        assert result.ok, result.reports
        figures = result.reports[0].figures
        is_plain = not rewrites
        assert ("MIRROR_PAD" in figures["operators"]) == is_plain
        assert ("TRANSPOSE_CONV" in figures["operators"]) == is_plain
        assert (figures["partitions"] > 1) == is_plain
        sidecar = read_json(result.folder / "generator.json")
        (file,) = sidecar["files"]
        assert (file["rewrites"] == {}) == is_plain


def test_latents_are_named_and_described(tmp_path, read_json):
    latents = keras.Input((5,))
    x = keras.layers.Dense(4 * 4 * 1, activation="tanh")(latents)
    network = keras.Model(latents, keras.layers.Reshape((4, 4, 1))(x))
    noise = np.random.default_rng(0).standard_normal((8, 5), "float32")
    result = export.export_network(
        network, noise, tmp_path / "out", formats=["float32"]
    )
    assert result.ok, result.reports
    sidecar = read_json(tmp_path / "out" / "generator.json")
    (signature,) = sidecar["signatures"]
    assert signature["inputs"] == [
        {
            "name": "latents",
            "shape": [1, 5],
            "dtype": "float32",
            "distribution": "standard normal",
        }
    ]
    assert signature["output"]["channels"] == "grey"
    assert "saved_model" not in {x["format"] for x in sidecar["files"]}
    runner = Interpreter(
        str(tmp_path / "out" / "generator_float32.tflite")
    ).get_signature_runner()
    assert runner(latents=noise[:1])["images"].shape == (1, 4, 4, 1)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_exported_in_float32(tmp_path, policy, inputs):
    keras.config.set_dtype_policy(policy)
    try:
        network = conftest.build_generator(seed=3)
    finally:
        keras.config.set_dtype_policy("float32")
    result = export.export_network(
        network, inputs, tmp_path / "out", formats=["float32"]
    )
    assert result.ok, result.reports
    assert "CAST" not in result.reports[0].figures["operators"]
    assert network.layers[-1].compute_dtype != "float32"  # Left as it was.


def test_free_sizes_become_static(tmp_path):
    network = conftest.build_generator(shape=(None, None, 3))
    inputs = np.zeros((1, 16, 24, 3), "float32")
    inputs[:, 4:8] = 1.0
    result = export.export_network(
        network, inputs, tmp_path / "out", formats=["float32"]
    )
    assert result.ok, result.reports
    figures = result.reports[0].figures
    (signature,) = figures["signatures"].values()
    assert signature["inputs"]["images"]["shape"] == [1, 16, 24, 3]
    assert "SHAPE" not in figures["operators"]


def test_unknown_format_is_refused(generator, inputs, tmp_path):
    message = (
        "`formats` must be names from saved_model, float32, float16, dynamic, "
        "int8. Received: int4."
    )
    with pytest.raises(export.ExportError, match=f"^{re.escape(message)}$"):
        export.export_network(generator, inputs, tmp_path / "x", ["int4"])
    assert not (tmp_path / "x").exists()


def test_unknown_rewrite_is_refused(generator, inputs, tmp_path):
    with pytest.raises(export.ExportError, match="Received: winograd.$"):
        export.export_network(
            generator, inputs, tmp_path / "x", rewrites=["winograd"]
        )
    assert not (tmp_path / "x").exists()


def test_full_disk_is_found_before_the_work(
    generator, inputs, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: type("Usage", (), {"free": 1})
    )
    with pytest.raises(OSError, match="not enough disk space: 0 MB needed"):
        export.export_network(generator, inputs, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
