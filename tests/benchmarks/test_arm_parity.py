"""Exported files answer on 64-bit ARM as they do here."""

import dataclasses
import os
import re
import sys

import arm_guest
import arm_parity
import keras
import numpy as np
import pytest

import export
import keras_gans
from export import parity, parity_inputs
from export.formats import DEFAULT, FORMATS
from tests.export import conftest, gan_models
from tests.networks import gan_pairs

LATENT_DIM = 16
NUM_CLASSES = 3
SHAPE = (32, 32, 3)


def build_dcgan(seed):
    keras.utils.set_random_seed(seed)
    network = keras_gans.build_dcgan_generator(LATENT_DIM, SHAPE, 16)
    gan_pairs.shake(network, seed)
    return network


def build_resnet(seed):
    keras.utils.set_random_seed(seed)
    return keras_gans.build_resnet_generator(
        SHAPE, filters=16, num_residual_blocks=2
    )


NETWORKS = {"dcgan": build_dcgan, "resnet": build_resnet}
INPUTS = {"dcgan": {"latents": (LATENT_DIM,)}, "resnet": {"images": SHAPE}}
PHONE_FORMATS = [x for x in DEFAULT if FORMATS[x].runtime == "litert"]


def export_files(name, seed, folder, formats):
    inputs = parity_inputs.default(INPUTS[name])
    (inputs,) = inputs.values()
    result = export.export_network(
        NETWORKS[name](seed), inputs, folder, formats
    )
    assert result.ok, result.reports
    return result


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths by the network's name and the format."""
    folder = tmp_path_factory.mktemp("arm")
    return {
        (name, report.format): folder / name / report.file_name
        for name in NETWORKS
        for report in export_files(
            name, 0, folder / name, PHONE_FORMATS
        ).reports
    }


@pytest.fixture(scope="module")
def python(request):
    """The words that start the guest's Python; downloads it once."""
    root = os.environ.get(arm_guest.ENVIRONMENT_VARIABLE)
    try:
        return arm_guest.python_command(
            root or request.config.cache.mkdir("arm_guest")
        )
    except arm_guest.GuestUnavailable as error:
        pytest.skip(str(error))


def check_float(figures):
    # Weights of float16 are multiplied as float32, here and there.
    assert figures["max_difference"] < 1e-4


def check_rounded(figures):
    # Kernels of int8 round activations by other rules on other processors.
    assert figures["psnr_db"] > 40


def test_pictures_are_smooth_and_fill_the_range():
    rng = np.random.default_rng(0)
    pictures = [arm_parity._smooth_picture((24, 32, 3), rng) for _ in range(2)]
    for picture in pictures:
        assert picture.shape == (24, 32, 3)
        assert picture.dtype == "float32"
        assert (picture.min(), picture.max()) == (-1, 1)
        for axis in (0, 1):  # Noise has neighbours 2/3 apart.
            assert np.abs(np.diff(picture, axis=axis)).mean() < 0.2
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.2


@pytest.fixture(scope="module")
def labelled_export(tmp_path_factory):
    """An export of a tiny conditional GAN."""
    network = gan_models.build("mlp", NUM_CLASSES).inference_generator
    inputs = parity_inputs.default(
        {"latents": (gan_models.LATENT_DIM,), "labels": ()}, NUM_CLASSES
    )
    folder = tmp_path_factory.mktemp("labelled") / "export"
    result = export.export_network(network, inputs, folder, ["float32"])
    assert result.ok, result.reports
    return folder


@pytest.fixture
def path(labelled_export):
    return labelled_export / "generator_float32.tflite"


def test_inputs_follow_the_signature(path):
    (endpoint,) = arm_parity.read_endpoints(path)
    inputs = endpoint.trials[0].inputs
    assert inputs["latents"].dtype == "float32"
    assert inputs["latents"].shape == (2, gan_models.LATENT_DIM)
    assert inputs["labels"].dtype == "int32"
    assert inputs["labels"].tolist() == [0, 1]


def test_the_same_machine_answers_the_same(path):
    (endpoint,) = arm_parity.read_endpoints(path)
    (trial,) = endpoint.trials
    assert endpoint.signature.output_name == "images"
    assert trial.outputs.shape == (2, *gan_models.SHAPE)
    here = [sys.executable]
    figures = arm_parity.measure(path, [endpoint], here)
    assert figures["max_difference"] == 0
    # In the unit of the images, whatever their largest value.
    shifted = dataclasses.replace(trial, outputs=trial.outputs + 0.5)
    endpoint = dataclasses.replace(endpoint, trials=[shifted])
    figures = arm_parity.measure(path, [endpoint], here)
    assert figures["max_difference"] == pytest.approx(0.5, abs=1e-6)
    assert figures["psnr_db"] == pytest.approx(20 * np.log10(4), abs=1e-4)


def test_the_command_prints_a_line_per_file(
    path, monkeypatch, tmp_path, capsys
):
    # A Python that runs the file, and one that dies of it.
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -ILL $$\n")
    dying.chmod(0o755)
    lines = {}
    for python in (sys.executable, str(dying)):
        monkeypatch.setattr(
            arm_guest, "python_command", lambda _, p=python: [p]
        )
        argv = ["arm_parity.py", f"--export_dir={path.parent.parent}"]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as end:
            arm_parity.main()
        lines[end.value.code] = capsys.readouterr().out
    name = f"export/{path.name}"
    assert lines[0].startswith(f"{name}  max difference 0.0e+00  PSNR 206.0 dB")
    sentence = "FAILED: the process that opened it died of SIGILL"
    assert lines[1].startswith(f"{name}  {sentence}  ")


def test_the_command_says_what_is_missing(path, monkeypatch, tmp_path):
    def refuse(root):
        raise arm_guest.GuestUnavailable("No guest.")

    monkeypatch.setattr(arm_guest, "python_command", refuse)
    for folder, message in (
        (path.parent, "No guest."),
        (
            tmp_path,
            f"--export_dir must hold .tflite files. Received: {tmp_path}",
        ),
    ):
        monkeypatch.setattr(sys, "argv", ["", f"--export_dir={folder}"])
        with pytest.raises(SystemExit, match=f"^{re.escape(message)}$"):
            arm_parity.main()


# Not one test for each file: each process would export all files again.
@pytest.mark.slow
def test_files_on_arm_answer_as_here(files, python, tmp_path):
    for (_, format_name), path in files.items():
        endpoints = arm_parity.read_endpoints(path)
        figures = arm_parity.measure(path, endpoints, python)
        assert "error" not in figures, (path, figures)
        assert figures["partitions"] >= 1  # XNNPACK, as on phones.
        # Answers that hardly vary would agree whatever the processor did.
        assert np.std(endpoints[0].trials[0].outputs) > 0.1
        check = (
            check_float if format_name.startswith("float") else check_rounded
        )
        check(figures)
    for name in NETWORKS:
        path = files[name, "float32"]
        endpoints = arm_parity.read_endpoints(path)
        other = export_files(name, 1, tmp_path / name, ["float32"])
        figures = arm_parity.measure(
            other.folder / path.name, endpoints, python
        )
        for check in (check_float, check_rounded):
            with pytest.raises(AssertionError):
                check(figures)


@pytest.mark.slow
def test_a_death_in_the_guest_names_the_signal(
    path, python, tmp_path, monkeypatch
):
    crasher = tmp_path / "crasher.py"
    crasher.write_text("import os\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setattr(parity, "VERIFIER", crasher)
    endpoints = arm_parity.read_endpoints(path)
    figures = arm_parity.measure(path, endpoints, python)
    assert figures == {"error": "the process that opened it died of SIGSEGV"}


def test_several_signatures_of_pixels(tmp_path):
    model = conftest.build_generator()
    images = parity_inputs.default({"images": conftest.SHAPE})["images"][:2]
    result = export.export_network(
        model,
        images,
        tmp_path / "out",
        ["float32"],
        sizes=((32, 32), (16, 24)),
        image_dtype="uint8",
    )
    path = result.folder / "generator_float32.tflite"
    endpoints = arm_parity.read_endpoints(path)
    assert {x.name for x in endpoints} == {"32x32", "16x24"}
    figures = arm_parity.measure(path, endpoints, [sys.executable])
    assert figures["max_difference"] == 0
