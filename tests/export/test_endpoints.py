"""Sizes, pixels and calibration: the functions that one file holds."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import export
import keras_gans
from export import console, endpoints, metadata, parity_inputs
from export.errors import ExportError, UsageError
from export.records import ExportRequest
from keras_gans.data import pixels
from tests.export import conftest

SIZES = ((32, 32), (16, 24))


@pytest.fixture(scope="module")
def resnet():
    keras.utils.set_random_seed(0)
    return keras_gans.build_resnet_generator(
        (32, 32, 3), filters=8, num_residual_blocks=1
    )


def request_of(model, inputs, **options):
    return ExportRequest(model, {"images": inputs}, None, **options)


def resize(inputs, size):
    return np.stack([pixels.resize(image, size) for image in inputs])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ()),
        ("free", "free"),
        ("128", ((128, 128),)),
        ("128,256x384,128x128", ((128, 128), (256, 384))),
    ],
)
def test_sizes_of_the_flag(text, expected):
    assert endpoints.parse_sizes(text) == expected


def test_sizes_share_the_weights(generator, inputs):
    made = endpoints.make(request_of(generator, inputs, sizes=SIZES))
    assert [x.name for x in made] == ["32x32", "16x24"]
    assert made[0].network is generator
    for own, other in zip(generator.weights, made[1].network.weights):
        assert own is other
    assert made[1].signature.inputs["images"].shape == (1, 16, 24, 3)


@pytest.fixture(scope="module")
def several(resnet, inputs, tmp_path_factory):
    """One export at two sizes, and one at any, of uint8 pixels."""
    folder = tmp_path_factory.mktemp("sizes")
    formats = ["saved_model", "float32", "dynamic"]
    return {
        "several": export.export_network(
            resnet, inputs[:3], folder / "several", formats, sizes=SIZES
        ),
        "one": export.export_network(
            resnet, inputs[:3], folder / "one", ["float32"]
        ),
        "free": export.export_network(
            resnet, inputs[:3], folder / "free", ["float32"], sizes="free"
        ),
        "pixels": export.export_network(
            resnet,
            inputs[:3],
            folder / "pixels",
            formats,
            sizes=SIZES,
            image_dtype="uint8",
        ),
    }


def open_file(result, name="generator_float32.tflite"):
    return Interpreter(str(result.folder / name))


@pytest.mark.parametrize("size", SIZES)
def test_each_size_is_a_signature(several, resnet, inputs, size):
    interpreter = open_file(several["several"])
    run = interpreter.get_signature_runner("{}x{}".format(*size))
    images = resize(inputs[:1], size)
    expected = endpoints.at_size(resnet, size)(images, training=False)
    answer = run(images=images)["images"]
    assert answer.shape == (1, *size, 3)
    np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_snippet_names_the_signature(several):
    scope = {}
    exec(console.snippet(several["pixels"]), scope)
    assert scope["images"].shape == (1, 32, 32, 3)
    assert scope["images"].dtype == np.uint8
    assert "get_signature_runner()" in console.snippet(several["one"])


def test_sizes_cost_no_second_copy_of_the_weights(several, resnet):
    sizes = [
        (several[x].folder / "generator_float32.tflite").stat().st_size
        for x in ("one", "several")
    ]
    graph = 4 * sizes[0] - 4 * 4 * resnet.count_params()  # Far too generous.
    assert sizes[1] - sizes[0] < graph
    assert sizes[1] - sizes[0] < 3 * resnet.count_params()


@pytest.mark.parametrize("size", [(32, 32), (20, 44)])
def test_free_file_takes_any_size(several, resnet, inputs, size):
    assert several["free"].ok, several["free"].reports
    run = open_file(several["free"]).get_signature_runner()
    images = resize(inputs[:1], size)
    expected = endpoints.at_size(resnet, size)(images, training=False)
    answer = run(images=images)["images"]
    np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_free_file_says_which_sides(several, read_json):
    sidecar = read_json(several["free"].folder / "generator.json")
    (signature,) = sidecar["signatures"]
    (images,) = signature["inputs"]
    assert images["shape"] == [1, None, None, 3]
    assert (images["multiple_of"], images["at_least"]) == (4, 8)
    record = read_json(several["free"].folder / "parity.json")
    shapes = [x["images"] for x in record["inputs"]["shapes"]]
    assert shapes[0] == [3, 32, 32, 3]
    assert len(shapes) == 2 and shapes[1] != shapes[0]


@pytest.mark.parametrize("format_name", ["float32", "dynamic"])
def test_pixels_in_and_out(several, resnet, inputs, format_name):
    assert several["pixels"].ok, several["pixels"].reports
    name = f"generator_{format_name}.tflite"
    run = open_file(several["pixels"], name).get_signature_runner("32x32")
    levels = np.rint((inputs[:1] + 1) * 127.5).astype("uint8")
    answer = run(images=levels)["images"]
    assert answer.dtype == np.uint8
    images = resnet(levels.astype("float32") / 127.5 - 1, training=False)
    expected = np.clip(np.rint((np.asarray(images) + 1) * 127.5), 0, 255)
    most = 1 if format_name == "float32" else 20
    assert np.abs(answer.astype("float32") - expected).max() <= most


def test_pixels_in_the_sidecar(several, read_json):
    sidecar = read_json(several["pixels"].folder / "generator.json")
    for signature in sidecar["signatures"]:
        (images,) = signature["inputs"]
        for described in (images, signature["output"]):
            assert described["dtype"] == "uint8"
            assert described["range"] == [0, 255]
            assert described["channels"] == "RGB"
        assert "from_uint8" not in images


def test_file_describes_itself(several, read_json):
    for result in several.values():
        sidecar = read_json(result.folder / "generator.json")
        for file in result.folder.glob("*.tflite"):
            document = metadata.read(file)
            assert document["signatures"] == sidecar["signatures"]
            assert document["network"] == sidecar["network"]


def test_networks_without_sizes_refuse_them(tmp_path):
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Dense(16, "tanh")(keras.layers.Flatten()(inputs))
    dense = keras.Model(inputs, keras.layers.Reshape((4, 4, 1))(x))
    images = np.zeros((1, 4, 4, 1), "float32")
    with pytest.raises(UsageError, match="--sizes is for networks that take"):
        export.export_network(dense, images, tmp_path / "x", sizes=((8, 8),))
    assert list(tmp_path.iterdir()) == []


def build_batch_norm_network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return keras.Model(inputs, x, name="generator")


def test_int8_is_calibrated_on_other_pictures(tmp_path, monkeypatch):
    model = build_batch_norm_network()
    images = parity_inputs.default({"images": (16, 16, 3)})["images"]
    result = export.export_network(
        model, images[:4], tmp_path / "good", ["int8"], calibration=images[4:]
    )
    assert result.ok, result.reports
    (report,) = result.reports
    assert report.figures["psnr_db"] > 30
    # Calibrated by next to nothing, all ranges are too small.
    result = export.export_network(
        model,
        images[:4],
        tmp_path / "bad",
        ["int8"],
        calibration=images[4:] * 0.01,
    )
    (report,) = result.reports
    assert "PSNR" in report.problems[0]
    assert not (tmp_path / "bad").exists()


def test_int8_needs_calibration_and_no_instance_norms(tmp_path, inputs):
    model = build_batch_norm_network()
    images = inputs[:2, :16, :16]
    with pytest.raises(ExportError, match="needs inputs for `calibration`"):
        export.export_network(model, images, tmp_path / "x", ["int8"])
    with pytest.raises(ExportError, match="not offered for generator"):
        export.export_network(
            conftest.build_generator(),
            inputs,
            tmp_path / "x",
            ["int8"],
            calibration=inputs,
        )
    assert list(tmp_path.iterdir()) == []
