import numpy as np
import pytest

from export import parity_inputs
from export.errors import ExportError


@pytest.mark.parametrize("shape", [(16, 24, 1), (16, 16, 3), (7,)])
def test_default_inputs(shape):
    name = "latents" if len(shape) == 1 else "images"
    inputs = parity_inputs.default({name: shape})[name]
    assert inputs.shape == (8, *shape)
    assert inputs.dtype == np.float32
    assert len(np.unique(inputs[:, 0])) > 1
    again = parity_inputs.default({name: shape})[name]
    np.testing.assert_array_equal(inputs, again)


@pytest.mark.parametrize(("num_classes", "num_inputs"), [(3, 8), (11, 11)])
def test_default_inputs_show_each_label(num_classes, num_inputs):
    shapes = {"latents": (5,), "labels": ()}
    inputs = parity_inputs.default(shapes, num_classes)
    assert inputs["labels"].dtype == np.int32
    np.testing.assert_array_equal(
        inputs["labels"], [i % num_classes for i in range(num_inputs)]
    )
    assert inputs["latents"].shape == (num_inputs, 5)
    assert len(np.unique(inputs["latents"][:, 0])) == num_inputs


def test_default_pictures_with_labels():
    shapes = {"images": (8, 8, 3), "labels": ()}
    inputs = parity_inputs.default(shapes, num_classes=11)
    assert inputs["images"].shape == (11, 8, 8, 3)
    np.testing.assert_array_equal(inputs["images"][8], inputs["images"][0])


def test_labels_of_unknown_number_are_refused():
    with pytest.raises(ExportError, match="^The number of classes is not "):
        parity_inputs.default({"latents": (5,), "labels": ()})


def write(run_dir, **arrays):
    (run_dir / "samples").mkdir()
    np.savez(run_dir / "samples" / "inputs.npz", **arrays)
    return run_dir


def test_one_input_of_a_run(tmp_path):
    latents = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
    write(tmp_path, generator=latents, generator_ab=latents + 1)
    inputs = parity_inputs.from_run(tmp_path, "generator")
    assert list(inputs) == ["latents"]
    np.testing.assert_array_equal(inputs["latents"], latents[:8])


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2], [0, 1, 2, 3, 4, 5, 9, 11]),
        (np.repeat(np.arange(10), 2), np.arange(0, 20, 2)),
        ([1, 0], [0, 1]),
    ],
    ids=["rare_labels", "many_labels", "few_inputs"],
)
def test_several_inputs_of_a_run_show_each_label(tmp_path, labels, chosen):
    labels = np.array(labels, "int32")
    latents = np.arange(len(labels), dtype="float32")[:, None]
    arrays = {"generator/latents": latents, "generator/labels": labels}
    write(tmp_path, **arrays, **{"generator_ab/latents": latents[:1]})
    inputs = parity_inputs.from_run(tmp_path, "generator")
    assert set(inputs) == {"latents", "labels"}
    np.testing.assert_array_equal(inputs["latents"][:, 0], chosen)
    np.testing.assert_array_equal(inputs["labels"], labels[chosen])


def test_other_networks_of_a_run_are_named(tmp_path):
    write(tmp_path, **{"generator_ab/latents": np.zeros((1, 4), "float32")})
    with pytest.raises(ExportError, match="no inputs for generator, only for "):
        parity_inputs.from_run(tmp_path, "generator")


def test_unequal_lengths_of_a_run_are_refused(tmp_path):
    arrays = {
        "generator/latents": np.zeros((3, 4), "float32"),
        "generator/labels": np.zeros(2, "int32"),
    }
    write(tmp_path, **arrays)
    with pytest.raises(ExportError, match="Received: 3 latents, 2 labels"):
        parity_inputs.from_run(tmp_path, "generator")


def test_number_without_a_batch_is_refused(tmp_path):
    write(tmp_path, generator=np.float32(1))
    with pytest.raises(ExportError, match="inputs.npz is damaged"):
        parity_inputs.from_run(tmp_path, "generator")


def calibrate(run_dir, images):
    (run_dir / "samples").mkdir()
    np.savez_compressed(run_dir / "samples" / "calibration.npz", encoder=images)
    return parity_inputs.calibration_of_run(run_dir, "encoder")["images"]


def test_calibration_of_a_run(tmp_path):
    pixels = np.arange(0, 256, 51, "uint8").reshape(2, 1, 1, 3)
    images = calibrate(tmp_path, pixels)
    expected = np.reshape([-1, -0.6, -0.2, 0.2, 0.6, 1], pixels.shape)
    np.testing.assert_allclose(images, expected, atol=1e-6)


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 4, 4, 3), "int32"), np.zeros((2, 4, 4, 3)), np.array(["a"])],
    ids=["int32", "float64", "words"],
)
def test_calibration_of_other_numbers_than_pixels(tmp_path, images):
    with pytest.raises(ExportError, match=f"is {images.dtype}, not uint8"):
        calibrate(tmp_path, images)


def test_damaged_calibration(tmp_path):
    calibrate(tmp_path, np.zeros((9, 4, 4, 3), "uint8"))
    path = tmp_path / "samples" / "calibration.npz"
    good = path.read_bytes()
    damages = [
        b"",
        b"PK\x03\x04 and nothing else",
        good[: len(good) // 2],
        good[:80] + bytes(20) + good[100:],  # Inside of what is compressed.
    ]
    for damaged in damages:
        path.write_bytes(damaged)
        with pytest.raises(ExportError, match="calibration.npz is damaged"):
            parity_inputs.calibration_of_run(tmp_path, "encoder")
    with path.open("wb") as file:
        np.save(file, np.zeros((9, 4, 4, 3), "uint8"))
    with pytest.raises(ExportError, match="calibration.npz is damaged"):
        parity_inputs.calibration_of_run(tmp_path, "encoder")


def test_run_with_no_inputs_at_all(tmp_path):
    write(tmp_path, generator=np.zeros((0, 4), "float32"))
    inputs = parity_inputs.from_run(tmp_path, "generator")
    assert inputs["latents"].shape == (0, 4)
