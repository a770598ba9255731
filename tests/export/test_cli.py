import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

import export
from export import cli
from tests.export import conftest, gan_models


def command(*words, cwd=None):
    root = pathlib.Path(export.__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
    )


@pytest.fixture(scope="module")
def screen(run_dir):
    """The command on a run with two networks, as a user starts it."""
    return command("-m", "export", f"--run_dir={run_dir}")


def test_two_directions_give_two_folders(screen, run_dir, read_json):
    assert screen.returncode == 0, screen.stderr
    for name in ("generator_ab", "generator_ba"):
        folder = run_dir / "export" / name
        sidecar = read_json(folder / "generator.json")
        assert sidecar["network"] == name
        assert sidecar["step"] == 3
        formats = {x["format"] for x in sidecar["files"]}
        assert formats == {"saved_model", "float32", "float16", "dynamic"}
        for file in sidecar["files"]:
            assert (folder / file["name"]).stat().st_size == file["bytes"]
    files = [
        run_dir / "export" / x / "generator_float32.tflite"
        for x in ("generator_ab", "generator_ba")
    ]
    assert files[0].read_bytes() != files[1].read_bytes()
    assert not list((run_dir / "export").glob(".*"))


def test_screen_is_readable(screen, run_dir):
    lines = screen.stdout.splitlines()
    assert lines[0] == "Checkpoint: step 3"
    files = [x for x in lines if x.endswith("  ok")]
    assert len(files) == 8
    assert all("MB  max difference " in x and " dB  ok" in x for x in files)
    assert "generator_ba: 3 inputs, samples/inputs.npz (8 is better)" in lines
    assert f"Wrote {run_dir / 'export'}. To run a file:" in lines
    page = f"python -m trainers.report --run_dir={run_dir}"
    assert f"On the page of the run after: {page}" in lines
    # Nothing but the damaged checkpoint: no word from TensorFlow.
    (skipped,) = screen.stderr.splitlines()
    assert skipped.startswith("Skipped: checkpoint ")
    assert "step_00000004" in skipped


def test_snippet_runs_from_anywhere(screen, tmp_path):
    snippet = screen.stdout.split("\n\n")[-1]
    assert len(snippet.strip().splitlines()) == 4
    done = command("-c", snippet + "\nprint(images.shape)", cwd=tmp_path)
    assert done.stdout == "(1, 64, 64, 3)\n", done.stderr


def test_help_is_short_and_complete(capsys):
    assert cli.main(["export", "--help"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert len(lines) < 60
    assert max(map(len, lines)) < 80
    for name in cli._FLAGS:
        assert f"--{name}=" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give exactly one of --run_dir=RUN and --model=FILE.keras."),
        (
            ["--run_dir=a", "--model=b"],
            "Give exactly one of --run_dir=RUN and --model=FILE.keras.",
        ),
        (
            ["--run_dir=a", "b"],
            "Unexpected word: b. Every option is a flag, such as "
            "--run_dir=RUN.",
        ),
        (["--run_dir="], "--run_dir is empty: give it a value."),
        (
            ["--run_dir=a", "--formats=float32,int4"],
            "--formats must be from saved_model, float32, float16, dynamic, "
            "int8. Received: int4.",
        ),
        (
            ["--run_dir=a", "--rewrites=reflection_padding,fast"],
            "--rewrites must be all, none or from winograd_convolution, "
            "reflection_padding, pixel_projection, transposed_convolution, "
            "nearest_upsampling, blocked_convolution. Received: fast.",
        ),
        (
            ["--run_dir=a", "--pictures=b"],
            "--pictures goes with --model; a run is compared on its own data.",
        ),
        (
            ["--model=a", "--sizes=64x"],
            "--sizes must be free, or sides and HEIGHTxWIDTHs with commas, "
            "such as 128,256x384. Received: 64x.",
        ),
        (
            ["--model=a", "--image_dtype=int8"],
            "--image_dtype must be float32 or uint8. Received: int8.",
        ),
        (
            ["--model=a", "--float_ends=middle"],
            "--float_ends must be from first, last. Received: middle.",
        ),
        (
            ["--model=a", "--float_ends=last", "--formats=float32,int8"],
            "--float_ends is for the format dynamic, which "
            "--formats=float32,int8 leaves out.",
        ),
        (
            ["--rundir=a"],
            "Unknown command line flag 'rundir'. Did you mean: run_dir ?. "
            "Accepted: --run_dir, --model, --network, --output_dir, "
            "--formats, --rewrites, --pictures, --sizes, --image_dtype, "
            "--float_ends, --force_int8, --norm_mode, --dropout.",
        ),
    ],
)
def test_wrong_flags(words, message, capsys):
    assert cli.main(["export", *words]) == 2
    screen = capsys.readouterr()
    assert screen.err == message + "\n"
    assert screen.out == ""


def refuse(capsys, code, *words):
    """Runs the command and returns its one line of complaint."""
    assert cli.main(["export", *map(str, words)]) == code
    lines = capsys.readouterr().err.splitlines()
    lines = [line for line in lines if not line.startswith("Skipped: ")]
    assert len(lines) == 1
    return lines[0]


def test_unknown_network(run_dir, capsys):
    words = f"--run_dir={run_dir}", "--network=generator"
    assert refuse(capsys, 2, *words) == (
        "--network must be from generator_ab, generator_ba. "
        "Received: generator."
    )


def test_missing_run(tmp_path, capsys):
    line = refuse(capsys, 65, f"--run_dir={tmp_path / 'none'}")
    assert line == f"There is no run folder {tmp_path / 'none'}."


def test_run_without_checkpoint(tmp_path, capsys):
    line = refuse(capsys, 65, f"--run_dir={tmp_path}")
    assert line.startswith("There is no checkpoint in ")


def test_run_without_inputs(run_dir, tmp_path, capsys):
    shutil.copytree(run_dir / "checkpoints", tmp_path / "checkpoints")
    line = refuse(capsys, 65, f"--run_dir={tmp_path}")
    assert "inputs.npz is missing" in line


def test_missing_model(tmp_path, capsys):
    line = refuse(capsys, 65, f"--model={tmp_path / 'none.keras'}")
    assert line == f"There is no model file {tmp_path / 'none.keras'}."


def test_damaged_model(model_file, tmp_path, capsys):
    path = tmp_path / "damaged.keras"
    path.write_bytes(model_file.read_bytes()[:500])
    line = refuse(capsys, 65, f"--model={path}")
    assert line.startswith(f"{path} cannot be loaded. ")


def test_folder_of_somebody_else_is_not_replaced(model_file, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    words = f"--model={model_file}", f"--output_dir={tmp_path}"
    line = refuse(capsys, 65, *words)
    assert "holds thesis.tex: name another folder." in line
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_input_or_output_error(model_file, tmp_path, capsys):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    words = f"--model={model_file}", f"--output_dir={out}"
    line = refuse(capsys, 74, *words)
    assert line == f"{tmp_path / 'file'}: File exists"


def test_full_disk(model_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: type("Usage", (), {"free": 1})
    )
    words = f"--model={model_file}", f"--output_dir={tmp_path / 'out'}"
    line = refuse(capsys, 74, *words)
    assert line.startswith(str(tmp_path))
    assert "not enough disk space: 0 MB needed, 0 MB free" in line


def test_size_that_does_not_fit(model_file, tmp_path, capsys):
    line = refuse(capsys, 2, f"--model={model_file}", "--sizes=32,33x64")
    assert line == (
        "--sizes must be multiples of 2 for this network, 2 at least. "
        "Received: 33x64."
    )
    assert not (model_file.parent / "export").exists()


def test_free_size_and_own_pictures(tmp_path, capsys, read_json):
    model = conftest.build_generator(shape=(None, None, 3))
    model.save(tmp_path / "free.keras")
    words = [f"--model={tmp_path / 'free.keras'}", "--formats=float32"]
    line = refuse(capsys, 2, *words)
    assert line == (
        "--sizes is needed, such as --sizes=256: the network takes images of "
        "any size."
    )
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    words += ["--sizes=16x24", f"--pictures={pictures}"]
    assert "pictures" in refuse(capsys, 65, *words)
    rng = np.random.default_rng(0)
    for index in range(2):
        pixels = rng.integers(0, 256, (20, 20, 3), "uint8")
        Image.fromarray(pixels).save(pictures / f"{index}.png")
    assert cli.main(["export", *words, "--rewrites=none"]) == 0
    screen = capsys.readouterr().out
    assert "model: 2 inputs, pictures of a folder (8 is better)" in screen
    assert (tmp_path / "export" / "generator_float32.tflite").exists()
    sidecar = read_json(tmp_path / "export" / "generator.json")
    assert [x["rewrites"] for x in sidecar["files"]] == [{}]


@keras.saving.register_keras_serializable(package="tests")
class Noise(keras.layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.uniform(inputs.shape, -1.0, 1.0)


def test_noise_in_the_network_is_refused(tmp_path, capsys):
    inputs = keras.Input(conftest.SHAPE, batch_size=1)
    images = keras.ops.tanh(Noise()(inputs))
    keras.Model(inputs, images).save(tmp_path / "noisy.keras")
    line = refuse(capsys, 65, f"--model={tmp_path / 'noisy.keras'}")
    assert "answers the same input differently each time" in line


def test_weights_that_are_not_finite_are_refused(tmp_path, capsys):
    model = conftest.build_generator()
    model.layers[-2].bias.assign([0.0, np.nan, 0.0])
    model.save(tmp_path / "broken.keras")
    line = refuse(capsys, 65, f"--model={tmp_path / 'broken.keras'}")
    assert "holds values that are not finite" in line


def test_pickled_inputs_are_refused(run_dir, tmp_path, capsys):
    shutil.copytree(run_dir / "checkpoints", tmp_path / "checkpoints")
    (tmp_path / "samples").mkdir()
    np.savez(
        tmp_path / "samples" / "inputs.npz",
        generator_ab=np.array([{"a": 1}], dtype=object),
    )
    line = refuse(capsys, 65, f"--run_dir={tmp_path}")
    assert "inputs.npz is damaged" in line


@pytest.fixture(scope="module")
def gan_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("gan") / "gan.keras"
    gan_models.build("mlp", num_classes=3).save(path)
    return path


def test_pictures_for_a_network_that_takes_none(gan_file, tmp_path, capsys):
    words = f"--model={gan_file}", f"--pictures={tmp_path}"
    assert refuse(capsys, 2, *words) == (
        "--pictures is for networks that take nothing but images. This one "
        "takes latents and labels."
    )


def test_sizes_for_a_network_that_takes_no_images(gan_file, capsys):
    line = refuse(capsys, 2, f"--model={gan_file}", "--sizes=8x8")
    assert line == (
        "--sizes is for networks from images to images. generator makes "
        "images of latents and labels."
    )


def test_sizes_beyond_any_memory(model_file, capsys):
    words = f"--model={model_file}", "--sizes=64,99999x50000"
    assert refuse(capsys, 2, *words) == (
        "--sizes must be of 4194304 pixels at most, such as 2048x2048. "
        "Received: 99999x50000."
    )


def test_interruption_is_one_sentence(
    model_file, tmp_path, monkeypatch, capsys
):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("export.parity.measure", interrupt)
    out = tmp_path / "out"
    words = f"--model={model_file}", f"--output_dir={out}", "--formats=float32"
    line = refuse(capsys, 130, *words)
    assert line == "Interrupted: nothing more is written."
    assert list(tmp_path.iterdir()) == []


def test_int8_without_calibration(model_file, capsys):
    # With --force_int8, or it would be refused for its instance norms.
    words = f"--model={model_file}", "--formats=int8", "--force_int8=on"
    assert refuse(capsys, 65, *words) == (
        "The format int8 needs pictures to be calibrated by: name a folder "
        "with --pictures, or take the format dynamic."
    )


def test_int8_for_instance_norms(run_dir, capsys):
    # Nobody is sent to find pictures, of which there are none here, first.
    words = f"--run_dir={run_dir}", "--formats=int8"
    assert refuse(capsys, 65, *words) == (
        "The format int8 is not offered for generator_ab, which has instance "
        "norms: the fixed ranges of its activations were measured to spoil "
        "the images. Take the format dynamic."
    )
    missing = refuse(capsys, 65, *words, "--force_int8=on")
    assert "with pictures for generator_ab is missing" in missing
