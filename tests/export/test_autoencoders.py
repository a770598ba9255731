"""Encoders and decoders, whose codes have no range and any number of axes."""

import contextlib
import dataclasses
import io
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import export
import keras_gans
from export import (
    cli,
    convert,
    exporter,
    formats,
    network,
    parity_inputs,
    precision,
    sources,
)
from export.endpoints import Trial
from export.errors import ExportError
from export.records import ExportRequest
from export.signature import Signature
from keras_gans import checkpoints
from tests.export import conftest
from tests.models import tiny_autoencoders

SHAPE = (28, 28, 1)
CODE_DIM = 3
KINDS = ("plain", "variational")
FORMATS = {
    "plain": ["float32"],
    "variational": ["float32", "float16", "saved_model"],
}


def build(kind, seed=0):
    """A tiny autoencoder, with biases as after some training."""
    keras.utils.set_random_seed(seed)
    is_variational = kind == "variational"
    encoder = keras_gans.build_dense_encoder(
        SHAPE, CODE_DIM, (8,), variational=is_variational
    )
    decoder = keras_gans.build_dense_decoder(
        CODE_DIM, SHAPE, (8,), "linear" if is_variational else "tanh"
    )
    if is_variational:
        model = keras_gans.VariationalAutoencoder(encoder, decoder)
    else:
        model = keras_gans.Autoencoder(encoder, decoder)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign_add(rng.normal(0, 0.1, weight.shape).astype("float32"))
    return model


def pictures(count=3, shape=SHAPE):
    return tiny_autoencoders.images(count, seed=7, shape=shape)


def run_file(folder, name, output_name, **inputs):
    """Answers inputs one by one, by names, and returns the named output."""
    ((input_name, arrays),) = inputs.items()
    file_name = formats.FORMATS[name].file_name(folder.name)
    path = str(folder / file_name)
    if name == "saved_model":
        model = tf.saved_model.load(path)
        run = model.signatures["serving_default"]
        arrays = map(tf.constant, arrays)
    else:
        run = Interpreter(path).get_signature_runner("serving_default")
    answers = [run(**{input_name: array[None]}) for array in arrays]
    return np.concatenate([answer[output_name] for answer in answers])


TOLERANCES = {"float32": 1e-5, "float16": 1e-2, "saved_model": 1e-6}


@dataclasses.dataclass
class Published:
    kind: str
    model: keras.Model
    folder: pathlib.Path
    screen: str


@pytest.fixture(scope="module", params=KINDS)
def published(request, tmp_path_factory):
    """An autoencoder's file, exported by the command as a user types it."""
    folder = tmp_path_factory.mktemp(request.param)
    model = build(request.param)
    model.save(folder / "model.keras")
    words = [
        f"--model={folder / 'model.keras'}",
        f"--formats={','.join(FORMATS[request.param])}",
    ]
    with contextlib.redirect_stdout(io.StringIO()) as screen:
        assert cli.main(["export", *words]) == 0
    return Published(request.param, model, folder / "export", screen.getvalue())


def test_files_are_called_by_what_they_are(published):
    names = {
        "float32": "{}_float32.tflite",
        "float16": "{}_float16.tflite",
        "saved_model": "saved_model",
    }
    for role in ("encoder", "decoder"):
        files = {path.name for path in (published.folder / role).iterdir()}
        wanted = [names[x].format(role) for x in FORMATS[published.kind]]
        records = {f"{role}.json", "parity.json", "MODEL_CARD.md", "snippets"}
        assert files == {*wanted, *records}


def test_encoder_equals_encode(published):
    images = pictures()
    expected = published.model.encode(images)
    spread = np.abs(expected).max()
    assert np.abs(expected[0] - expected[1:]).max(axis=1).min() > 0.1 * spread
    for name in FORMATS[published.kind]:
        codes = run_file(
            published.folder / "encoder", name, "codes", images=images
        )
        assert codes.shape == (3, CODE_DIM)
        tolerance = TOLERANCES[name] * spread
        np.testing.assert_allclose(codes, expected, atol=tolerance)


def test_decoder_equals_decode(published):
    codes = published.model.encode(pictures())
    expected = published.model.decode(codes)
    assert np.abs(expected[0] - expected[1]).max() > 0.1
    for name in FORMATS[published.kind]:
        images = run_file(
            published.folder / "decoder", name, "images", codes=codes
        )
        np.testing.assert_allclose(images, expected, atol=TOLERANCES[name])


def test_sidecars_describe_codes(published, read_json):
    folder = published.folder
    encoder = read_json(folder / "encoder" / "encoder.json")
    decoder = read_json(folder / "decoder" / "decoder.json")
    assert [encoder["network"], decoder["network"]] == ["encoder", "decoder"]
    codes = {
        "name": "codes",
        "shape": [1, CODE_DIM],
        "dtype": "float32",
        "range": None,
    }
    is_variational = published.kind == "variational"
    prior = "standard normal" if is_variational else None
    (encoding,), (decoding,) = encoder["signatures"], decoder["signatures"]
    assert encoding["output"] == codes
    assert decoding["inputs"] == [codes | {"prior": prior}]
    assert encoding["inputs"][0]["channels"] == "grey"
    assert decoding["output"]["range"] == [-1, 1]
    assert "to_uint8" in decoding["output"]
    # The means alone: no kernel of the variances.
    assert encoder["parameters"] == (28 * 28 + 1) * 8 + (8 + 1) * CODE_DIM


def test_parity_record_has_the_scale_of_the_codes(published, read_json):
    emoji = parity_inputs.default({"images": SHAPE})["images"]
    record = read_json(published.folder / "encoder" / "parity.json")
    assert record["inputs"] == {
        "source": "emoji",
        "shapes": [{"images": [8, *SHAPE]}],
    }
    assert record["output"]["name"] == "codes"
    np.testing.assert_allclose(
        record["output"]["scale"],
        np.abs(published.model.encode(emoji)).max(),
        rtol=1e-5,
    )
    record = read_json(published.folder / "decoder" / "parity.json")
    assert record["inputs"] == {
        "source": "codes of emoji",
        "shapes": [{"codes": [8, CODE_DIM]}],
    }
    assert record["output"] == {"name": "images", "scale": 1.0}


def test_snippet_names_the_output(published):
    assert "encoder: 8 inputs, emoji\n" in published.screen
    assert "decoder: 8 inputs, codes of emoji\n" in published.screen
    scope = {}
    exec(published.screen.split(":\n\n")[-1], scope)
    assert scope["codes"].shape == (1, CODE_DIM)


def test_int8_of_a_run_is_calibrated_by_its_pictures(tmp_path, capsys):
    model = build("plain")
    images = pictures(40)
    checkpoints.write(tmp_path / "checkpoints", model, 5, {})
    samples = tmp_path / "samples"
    samples.mkdir()
    np.savez(
        samples / "inputs.npz",
        **{"encoder": images[:8], "decoder/codes": model.encode(images[:8])},
    )
    words = ["export", f"--run_dir={tmp_path}", "--formats=int8"]
    assert cli.main(words) == 65
    assert "calibration.npz with pictures for encoder is missing" in (
        capsys.readouterr().err
    )
    np.savez(
        samples / "calibration.npz",
        encoder=np.rint((images[8:] + 1) * 127.5).astype("uint8"),
    )
    assert cli.main(words) == 0
    for role in ("encoder", "decoder"):
        assert (tmp_path / "export" / role / f"{role}_int8.tflite").exists()


def build_spatial(image_shape):
    """An autoencoder of somebody's own: unnamed inputs, codes with axes."""
    keras.utils.set_random_seed(3)
    images = keras.Input(image_shape)
    x = keras.layers.Conv2D(2, 3, 2, "same", activation="relu")(images)
    encoder = keras.Model(images, 40.0 * x)
    codes = keras.Input(encoder.output_shape[1:])
    x = keras.layers.Conv2DTranspose(image_shape[-1], 3, 2, "same")(codes)
    decoder = keras.Model(codes, keras.ops.tanh(x / 40.0))
    return keras_gans.Autoencoder(encoder, decoder)


def test_spatial_codes_of_a_run(tmp_path, read_json):
    model = build_spatial((8, 6, 3))
    images = pictures(8, (8, 6, 3))
    codes = model.encode(images)
    assert codes.max() > 2.0  # No images: those lie in [-1, 1].
    checkpoints.write(tmp_path / "checkpoints", model, 5, {})
    (tmp_path / "samples").mkdir()
    arrays = {"encoder": images, "decoder/codes": codes}
    np.savez(tmp_path / "samples" / "inputs.npz", **arrays)
    words = f"--run_dir={tmp_path}", "--formats=float32", "--sizes=8x6"
    assert cli.main(["export", *words]) == 0
    folder = tmp_path / "export"
    np.testing.assert_allclose(
        run_file(folder / "encoder", "float32", "codes", images=images),
        codes,
        atol=1e-3,
    )
    np.testing.assert_allclose(
        run_file(folder / "decoder", "float32", "images", codes=codes),
        model.decode(codes),
        atol=1e-5,
    )
    record = read_json(folder / "decoder" / "parity.json")
    assert record["step"] == 5
    assert record["inputs"] == {
        "source": "samples/inputs.npz",
        "shapes": [{"codes": [8, 4, 3, 2]}],
    }
    sidecar = read_json(folder / "encoder" / "encoder.json")
    (signature,) = sidecar["signatures"]
    assert signature["output"]["shape"] == [1, 4, 3, 2]


@pytest.fixture
def requests_of(monkeypatch):
    """Returns what the command would export, without doing it."""

    def requests_of(*words):
        found = []
        monkeypatch.setattr(
            exporter,
            "export_networks",
            lambda requests, formats, rewrites: found.extend(requests) or [],
        )
        exit_code = cli.main(["export", *map(str, words)])
        return found or exit_code

    return requests_of


def test_decoder_of_any_size_gets_codes_of_the_size(tmp_path, requests_of):
    path = tmp_path / "free.keras"
    model = build_spatial((None, None, 3))
    model.save(path)
    words = f"--model={path}", "--network=decoder"
    assert requests_of(*words) == 2
    (request,) = requests_of(*words, "--sizes=8x12")
    emoji = parity_inputs.default({"images": (8, 12, 3)})["images"]
    np.testing.assert_allclose(
        request.inputs["codes"], model.encode(emoji), rtol=1e-4, atol=1e-4
    )
    assert (request.role, request.source) == ("decoder", "codes of emoji")


def test_decoder_of_any_size_by_itself_is_refused(tmp_path, capsys):
    codes = keras.Input((None, None, 2), name="codes")
    x = keras.layers.Conv2DTranspose(3, 3, 2, "same", activation="tanh")(codes)
    keras.Model(codes, x).save(tmp_path / "free.keras")
    assert cli.main(["export", f"--model={tmp_path / 'free.keras'}"]) == 65
    assert capsys.readouterr().err == (
        "The network takes codes of any size. Export the file of the whole "
        "model, where the encoder tells which.\n"
    )


def test_networks_by_themselves(tmp_path, requests_of):
    model = build("plain")
    model.encoder.save(tmp_path / "encoder.keras")
    model.decoder.save(tmp_path / "decoder.keras")
    (request,) = requests_of(f"--model={tmp_path / 'encoder.keras'}")
    assert (request.role, list(request.inputs)) == ("encoder", ["images"])
    (request,) = requests_of(f"--model={tmp_path / 'decoder.keras'}")
    assert (request.role, list(request.inputs)) == ("decoder", ["codes"])
    assert request.source == "standard normal noise"
    assert request.inputs["codes"].shape == (8, CODE_DIM)
    assert request.prior is None


def test_input_called_codes_needs_no_decoder():
    codes = keras.Input((5,), name="codes")
    head = keras.Model(codes, keras.layers.Dense(2)(codes), name="head")
    assert network.input_shapes(head) == {"codes": (5,)}
    unnamed = keras.Input((5,))
    head = keras.Model(unnamed, keras.layers.Dense(2)(unnamed), name="head")
    assert network.input_shapes(head) == {"latents": (5,)}
    assert network.input_shapes(head, "decoder") == {"codes": (5,)}


@pytest.mark.parametrize("kind", KINDS)
def test_prior_is_that_of_the_model(kind, tmp_path):
    build(kind).save(tmp_path / "model.keras")
    source = sources.load_model(tmp_path / "model.keras")
    prior = "standard normal" if kind == "variational" else None
    assert source.prior == prior


def test_mixed_precision_is_copied_to_float32_and_float64():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        networks = build("variational").export_networks()
    finally:
        keras.config.set_dtype_policy("float32")
    images = pictures()
    encoder = precision.as_float32(networks["encoder"])
    codes = network.reference_outputs(encoder, {"images": images}, "codes")
    kernel, bias, *mean = [x.astype("float64") for x in encoder.get_weights()]
    x = np.maximum(images.reshape(len(images), -1) @ kernel + bias, 0.0)
    np.testing.assert_allclose(codes, x @ mean[0] + mean[1], atol=1e-5)
    decoder = precision.as_float32(networks["decoder"])
    inputs = {"codes": codes}
    images = network.reference_outputs(decoder, inputs)
    trials = [Trial(inputs, images)]
    figures = precision.rounding_figures(decoder, trials, 1.0, True)
    assert 0.0 < figures["max_difference"] < 1e-5


def test_posterior_alone_is_refused(tmp_path):
    encoder = build("variational").encoder
    with pytest.raises(
        ExportError,
        match="^The network must have one output, a batch of codes. "
        "Received: a dict.$",
    ):
        export.export_network(encoder, pictures(), tmp_path / "out")


def test_earlier_export_of_the_other_network_is_not_replaced(tmp_path):
    model, folder = build("plain"), tmp_path / "encoder"
    folder.mkdir()
    for name in ("encoder.json", "encoder_float32.tflite", "parity.json"):
        (folder / name).touch()
    codes = model.encode(pictures())
    with pytest.raises(ExportError, match="holds encoder.json: name another"):
        export.export_network(model.decoder, codes, folder, ["float32"])
    result = export.export_network(
        model.encoder, pictures(), folder, ["float32"]
    )
    assert result.ok, result.reports
    np.testing.assert_allclose(
        run_file(folder, "float32", "codes", images=pictures()),
        codes,
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.zeros((2, CODE_DIM), "float64"),
            "`codes` must be float32 (n, ...). "
            "Received: float64 of shape (2, 3).",
        ),
        (
            np.zeros(CODE_DIM, "float32"),
            "`codes` must be float32 (n, ...). "
            "Received: float32 of shape (3,).",
        ),
        (
            np.zeros((2, 5), "float32"),
            "`codes` must have the network's input shape (3,). Received: (5,).",
        ),
        (
            np.full((2, CODE_DIM), np.inf, "float32"),
            "`codes` must be finite. Received: values from inf to inf.",
        ),
    ],
    ids=["float64", "no_batch", "shape", "infinite"],
)
def test_wrong_codes_are_refused(array, message, tmp_path):
    decoder = build("plain").decoder
    with pytest.raises(ExportError) as error:
        export.export_network(decoder, array, tmp_path / "out", ["float32"])
    assert str(error.value) == message


@pytest.mark.parametrize("largest", [1e-4, 1.0, 300.0])
def test_codes_are_measured_in_units_of_the_largest(largest):
    codes = np.array([[0.5, -1.0], [0.2, 0.1]], "float32") * largest
    np.testing.assert_allclose(network.scale_of(codes, "codes"), largest)
    assert network.scale_of(codes, "images") == 1.0
    assert network.scale_of(0 * codes, "codes") == 1.0


def scale_codes(encoder, factor):
    """The same encoder with codes in another unit."""
    scaled = keras.models.clone_model(encoder)
    *weights, kernel, bias = encoder.get_weights()
    scaled.set_weights([*weights, factor * kernel, factor * bias])
    return scaled


def change_weights(encoder, change):
    changed = keras.models.clone_model(encoder)
    changed.set_weights(change(encoder.get_weights()))
    return changed


def swap_two_numbers(weights):
    *weights, kernel, bias = weights
    return [*weights, kernel[:, [1, 0, 2]], bias[[1, 0, 2]]]


def lose_a_kernel(weights):
    return [0.0 * weights[0], *weights[1:]]


# Name -> the unit of the codes, and what is written in their encoder's place.
ENCODER_FILES = {
    "itself": (1.0, lambda encoder: encoder),
    "itself_in_a_large_unit": (1e5, lambda encoder: encoder),
    "itself_in_a_small_unit": (1e-4, lambda encoder: encoder),
    "numbers_swapped": (
        1.0,
        lambda encoder: change_weights(encoder, swap_two_numbers),
    ),
    "kernel_lost": (
        1.0,
        lambda encoder: change_weights(encoder, lose_a_kernel),
    ),
    "kernel_lost_in_a_small_unit": (
        1e-4,
        lambda encoder: change_weights(encoder, lose_a_kernel),
    ),
    "other_weights": (
        1.0,
        lambda encoder: build("plain", seed=1).encoder,
    ),
    "unit_changed": (1.0, lambda encoder: scale_codes(encoder, 1.01)),
}


def test_spoilt_encoders_are_not_published(tmp_path, monkeypatch):
    images = pictures(8)
    requests, data = [], []
    for name, (unit, spoil) in ENCODER_FILES.items():
        encoder = scale_codes(build("plain").encoder, unit)
        requests.append(
            ExportRequest(
                encoder, {"images": images}, tmp_path / "out" / name, "encoder"
            )
        )
        signature = Signature.of(
            {"images": images},
            np.zeros((1, CODE_DIM), "float32"),
            output_name="codes",
        )
        written = conftest.write_saved_model(
            spoil(encoder), signature, tmp_path / name
        )
        convert.convert_to_float32(written, tmp_path / f"{name}.tflite")
        data.append((tmp_path / f"{name}.tflite").read_bytes())
    spoilt = iter(data)
    changed = dataclasses.replace(
        formats.FORMATS["float32"],
        convert=lambda saved_model, path: path.write_bytes(next(spoilt)),
    )
    monkeypatch.setitem(formats.FORMATS, "float32", changed)
    results = exporter.export_networks(requests, ["float32"])
    for name, result in zip(ENCODER_FILES, results):
        is_good = name.startswith("itself")
        assert result.ok == is_good, (name, result.reports)
        assert result.folder.exists() == is_good
        if not is_good:
            assert "max difference" in result.reports[0].problems[0]
