"""Files wrong in what options ask for: none may be published.

All files of a group are measured in one process, as those of one run are.
"""

import dataclasses

import keras
import numpy as np
import pytest

import keras_gans
from export import convert, endpoints, exporter, formats, metadata, publish
from export.records import ExportRequest
from export.signature import Signature

SHAPE = (8, 8, 3)
SIZES = ((8, 8), (12, 16))
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (4, *SHAPE)).astype("float32")
OTHER_IMAGES = RNG.uniform(-1, 1, (8, *SHAPE)).astype("float32")


def build(seed=0):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(
        8, 3, padding="same", bias_initializer="glorot_uniform"
    )(inputs)
    x = keras.layers.BatchNormalization(moving_mean_initializer="ones")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return keras.Model(inputs, x)


NETWORK = build()


class ForgetsOtherHeights(keras.layers.Layer):
    def call(self, images):
        height = keras.ops.shape(images)[1]
        return images * keras.ops.cast(keras.ops.equal(height, 8), "float32")


def change(before=lambda x: x, after=lambda x: x, network=NETWORK):
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, after(network(before(inputs), training=False)))


def without_biases():
    network = build()
    network.layers[1].bias.assign(np.zeros(8))
    return network


def of_three_levels():
    """The network with kernels of three levels."""
    network = build()
    for weight in (network.layers[1].kernel, network.layers[-1].kernel):
        step = np.abs(weight).max()
        weight.assign(np.round(weight / step) * step)
    return network


def forgetful():
    inputs = keras.Input((None, None, 3))
    images = endpoints.at_size(NETWORK, (None, None))(inputs, training=False)
    return keras.Model(inputs, ForgetsOtherHeights()(images))


def convert_networks(networks, path, dtype="float32"):
    """Converts a dict from the name of an endpoint to `(network, size)`."""
    wrong = []
    for name, (network, size) in networks.items():
        images = np.zeros((1, *(side or 8 for side in size), 3), "float32")
        described = Signature.of({"images": images}, images, image_dtype=dtype)
        if None in size:
            described = described.with_free_sides()
        resized = endpoints.at_size(network, size)
        wrong.append(endpoints.Endpoint(name, resized, described, []))
    folder = path.with_suffix(".saved_model")
    written = convert.write_saved_model(wrong, folder)
    convert.convert_to_float32(written, path)
    publish.remove(folder)


def alone(network, dtype="float32", size=SHAPE[:2]):
    networks = {endpoints.DEFAULT_NAME: (network, size)}
    return lambda source, path: convert_networks(networks, path, dtype)


def several(**networks):
    renamed = {name.removeprefix("at_"): x for name, x in networks.items()}
    return lambda source, path: convert_networks(renamed, path)


def convert_with_a_lie(source, path):
    convert.convert_to_float32(source, path)
    metadata.add(path, {"range": [0, 1]})


def calibrate(images):
    def write(source, path):
        inputs = {name: {"images": images} for name in source.endpoints}
        source = dataclasses.replace(source, calibration=inputs)
        convert.convert_to_int8(source, path)

    return write


def norms_by_each_image():
    return keras_gans.inference_view(NETWORK, "instance")


def swap_channels(images):
    return keras.ops.flip(images, axis=-1)


SMALL, LARGE = SIZES
TWO, FREE = {"sizes": SIZES}, {"sizes": endpoints.FREE}
PIXELS = {"image_dtype": "uint8"}
INT8 = {"calibration": {"images": OTHER_IMAGES}}
INT8_PIXELS = INT8 | PIXELS
# name -> (options, function of the SavedModel and the path, problem)
FLOAT_FILES = {
    "good_at_two_sizes": (TWO, convert.convert_to_float32, None),
    "good_at_any_size": (FREE, convert.convert_to_float32, None),
    "good_with_pixels": (PIXELS, convert.convert_to_float32, None),
    "wrong_at_the_second_size_only": (
        TWO,
        several(at_8x8=(NETWORK, SMALL), at_12x16=(build(seed=5), LARGE)),
        "max difference",
    ),
    "sizes_swapped": (
        TWO,
        several(at_8x8=(NETWORK, LARGE), at_12x16=(NETWORK, SMALL)),
        "inputs are",
    ),
    "a_size_left_out": (
        TWO,
        several(at_8x8=(NETWORK, SMALL)),
        "signatures are ['8x8']",
    ),
    "wrong_at_the_other_free_size_only": (
        FREE,
        alone(forgetful(), size=(None, None)),
        "max difference",
    ),
    "one_size_for_any": (FREE, alone(NETWORK), "inputs are"),
    "pixels_with_channels_swapped": (
        PIXELS,
        alone(change(after=swap_channels), "uint8"),
        "max difference",
    ),
    "pixels_read_as_0_to_1": (
        PIXELS,
        alone(change(before=lambda x: (x + 1) / 2), "uint8"),
        "max difference",
    ),
    "floats_for_pixels": (PIXELS, alone(NETWORK), "inputs are"),
    "norms_by_each_image": ({}, alone(norms_by_each_image()), "max difference"),
    "biases_lost": ({}, alone(without_biases()), "max difference"),
    "metadata_that_lies": ({}, convert_with_a_lie, "metadata"),
}
INT8_FILES = {
    "good_in_int8": (INT8, convert.convert_to_int8, None),
    "good_in_int8_with_pixels": (INT8_PIXELS, convert.convert_to_int8, None),
    "calibrated_on_dim_noise": (INT8, calibrate(OTHER_IMAGES / 50), "SSIM"),
    "weights_of_three_levels": (INT8, alone(of_three_levels()), "SSIM"),
}


@pytest.fixture(scope="module")
def export_all(tmp_path_factory):
    """Exports a group at once; returns a dict from name to result."""

    def export_all(files, format_name):
        folder = tmp_path_factory.mktemp("options")
        requests = [
            ExportRequest(NETWORK, {"images": IMAGES}, folder / name, **options)
            for name, (options, _, _) in files.items()
        ]
        writers = [write for _, write, _ in files.values()]

        def write(source, path):
            writers[int(path.parent.parent.name)](source, path)

        changed = dataclasses.replace(
            formats.FORMATS[format_name], convert=write
        )
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setitem(formats.FORMATS, format_name, changed)
            results = exporter.export_networks(requests, [format_name], ())
        return dict(zip(files, results))

    return export_all


@pytest.fixture(scope="module")
def results(export_all):
    return export_all(FLOAT_FILES, "float32") | export_all(INT8_FILES, "int8")


@pytest.mark.parametrize("name", FLOAT_FILES | INT8_FILES)
def test_only_the_good_files_are_published(name, results):
    _, _, problem = (FLOAT_FILES | INT8_FILES)[name]
    result = results[name]
    (report,) = result.reports
    assert report.passed == result.folder.exists() == (problem is None)
    if problem is not None:
        assert problem in report.problems[0]
