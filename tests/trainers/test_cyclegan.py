"""The trainer in this process, on pictures of 16x16."""

import csv
import functools
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gans import checkpoints, data
from tests.trainers import in_process
from trainers import cyclegan, run_folder

run = functools.partial(in_process.run, "cyclegan")


@pytest.fixture(scope="module")
def finished(tiny_flags, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("finished") / "run"
    flags = [*tiny_flags, "--checkpoint_steps=6"]
    assert run(*flags, f"--run_dir={run_dir}") == 0
    return run_dir


@pytest.fixture
def copy(finished, tmp_path):
    """A finished run that a test may spoil."""
    return shutil.copytree(finished, tmp_path / "copy")


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_a_run_leaves_what_is_promised(finished):
    names = {path.name for path in finished.iterdir()} - {".lock"}
    assert names == {
        "flags.txt",
        "environment.json",
        "history.csv",
        "score.json",
        "summary.json",
        "report.html",
        "plots",
        "samples",
        "checkpoints",
        "logs",
    }
    plots = {path.name for path in (finished / "plots").iterdir()}
    assert plots == {"losses.png", "discriminator.png"}
    for epoch in range(5):
        Image.open(finished / f"samples/epoch_{epoch:03d}.png").verify()
    assert list((finished / "logs").glob("events.out.tfevents*"))


def test_history_has_one_row_per_epoch_and_the_law_of_the_rate(finished):
    with open(finished / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert list(rows[0]) == [
        "epoch",
        "cycle_loss",
        "discriminator_loss",
        "fake_probability",
        "generator_loss",
        "identity_loss",
        "real_probability",
        "generator_learning_rate",
        "discriminator_learning_rate",
    ]
    # 2 flat epochs, then a fall over 2: 1, 1, 1 - 1/3, 1 - 2/3.
    rates = [float(row["generator_learning_rate"]) for row in rows]
    np.testing.assert_allclose(
        rates, [2e-4, 2e-4, 2e-4 * 2 / 3, 2e-4 / 3], rtol=1e-5
    )


def test_inputs_for_the_export_are_what_the_networks_take(finished):
    inputs = np.load(finished / "samples" / "inputs.npz", allow_pickle=False)
    assert set(inputs) == {"generator_ab", "generator_ba"}
    for images in inputs.values():
        assert images.shape == (2, 16, 16, 3)
        assert images.dtype == np.float32
        assert np.abs(images).max() <= 1


def test_calibration_is_by_training_pictures(finished):
    path = finished / "samples" / "calibration.npz"
    pictures = dict(np.load(path, allow_pickle=False))
    tested = np.load(finished / "samples" / "inputs.npz", allow_pickle=False)
    assert set(pictures) == {"generator_ab", "generator_ba"}
    for name, images in pictures.items():
        assert images.dtype == np.uint8
        assert images.shape[1:] == (16, 16, 3)
        floats = images.astype("float32") / 127.5 - 1
        for image in tested[name]:
            assert np.abs(floats - image).max(axis=(1, 2, 3)).min() > 0.05


def test_score_has_its_protocol(finished):
    score = json.loads((finished / "score.json").read_text())
    assert score["protocol"] == (
        "mean absolute difference in [-1, 1] units, 2 pictures of a and 2 of "
        "b, test split, last weights"
    )
    assert not score["true_pairs"]
    assert 0 < score["a to b"]["cycle"] < 2


def test_a_finished_run_trains_no_further(copy, capsys):
    before = checkpoints.newest(copy / "checkpoints")
    assert run(f"--run_dir={copy}") == 0
    assert "Epoch" not in capsys.readouterr().out
    assert checkpoints.newest(copy / "checkpoints") == before


def test_flags_of_the_run_need_not_be_repeated_and_some_may_change(
    copy, capsys
):
    assert run(f"--run_dir={copy}", "--decay_epochs=3") == 0
    assert "Epoch 5/5" in capsys.readouterr().out
    assert "--decay_epochs=3" in (copy / "flags.txt").read_text()
    assert "--image_size=16" in (copy / "flags.txt").read_text()


@pytest.mark.parametrize(
    "flag",
    ["--generator_filters=4", "--image_size=24", "--seed=3", "--noflip"],
)
def test_a_flag_that_cannot_change_is_refused_and_nothing_touched(
    flag, copy, capsys
):
    before = contents(copy)
    assert run(f"--run_dir={copy}", flag) == 2
    error = capsys.readouterr().err
    assert f"{flag.lstrip('-no').split('=')[0]} is" in error
    assert "cannot change" in error
    assert error.count("\n") == 1
    assert contents(copy) == before


def test_a_run_of_another_trainer_is_refused_and_not_touched(copy, capsys):
    flags = copy / "flags.txt"
    flags.write_text(flags.read_text().replace("cyclegan", "pix2pix", 1))
    before = contents(copy)
    assert run(f"--run_dir={copy}") == 2
    assert capsys.readouterr().err == (
        f"error: --run_dir {copy} was made by another trainer: python -m "
        "trainers.pix2pix --flagfile=flags.txt.\n"
    )
    assert contents(copy) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    (tmp_path / "letter.txt").write_text("dear")
    assert run(f"--run_dir={tmp_path}") == 2
    assert "has no flags.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_new_refuses_a_folder_in_use(copy, capsys):
    assert run(f"--run_dir={copy}", "--new") == 2
    assert "--new starts a fresh run, but" in capsys.readouterr().err


def test_a_second_process_is_refused(copy, capsys):
    config = run_folder.resolve(
        cyclegan.Config, {"run_dir": str(copy)}, "cyclegan", "cyclegan"
    )
    with run_folder.RunFolder(config, "cyclegan"):
        assert run(f"--run_dir={copy}") == 2
        assert "is in use by process" in capsys.readouterr().err
    assert run(f"--run_dir={copy}") == 0


def test_all_checkpoints_damaged_is_an_error_not_a_fresh_start(copy, capsys):
    for path in (copy / "checkpoints").iterdir():
        (path / "model.keras").write_bytes(b"rust")
    assert run(f"--run_dir={copy}") == 65
    assert "is damaged: model.keras has another size" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_named_and_the_older_used(copy, capsys):
    newest = sorted((copy / "checkpoints").iterdir())[-1]
    (newest / "state.json").write_text("{}")
    assert run(f"--run_dir={copy}", "--checkpoint_steps=1") == 0
    output = capsys.readouterr().out
    assert f"checkpoint {newest} is damaged" in output


def test_runs_are_numbered_and_an_unfinished_one_goes_on(
    tiny_flags, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    given = {"data": tiny_flags[0].partition("=")[2]}

    def resolve(**more):
        return run_folder.resolve(
            cyclegan.Config, {**given, **more}, "cyclegan", "cyclegan"
        ).run_dir

    assert resolve() == "runs/cyclegan-001"
    config = cyclegan.Config(**given, run_dir="runs/cyclegan-001")
    with run_folder.RunFolder(config, "cyclegan"):
        pass
    assert resolve() == "runs/cyclegan-001"
    assert resolve(new=True) == "runs/cyclegan-002"
    # Other networks are another experiment.
    assert resolve(generator_filters=8) == "runs/cyclegan-002"
    (tmp_path / "runs/cyclegan-001/score.json").write_text("{}")
    assert resolve() == "runs/cyclegan-002"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data=nowhere"], 65, "nowhere"),
        (["--data=embedded:emojis"], 2, "emoji_faces"),
        (["--recipe=quick"], 2, "--recipe must be one of"),
        (["--batch_size=100"], 2, "--batch_size must be at most 6"),
        (["--image_size=18"], 2, "--image_size must be at least 8 and"),
        (
            ["--generator_learning_rate=nan"],
            2,
            "--generator_learning_rate must be finite",
        ),
        (["--cache=file"], 2, "--cache=file needs a folder, --cache_dir."),
        (["stray"], 2, "Every argument is a flag"),
        (["--bach_size=1"], 2, "Did you mean: batch_size"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    arguments, code, message, tiny_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    assert run(*tiny_flags, f"--run_dir={run_dir}", *arguments) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not run_dir.exists()


def test_a_broken_picture_is_named_and_nothing_half_written(
    picture_folder, tiny_flags, tmp_path, capsys
):
    folder = shutil.copytree(picture_folder, tmp_path / "pictures")
    picture = folder / "trainB" / "1.png"
    picture.write_bytes(picture.read_bytes()[:80])
    flags = [*tiny_flags[1:], f"--data={folder}"]
    assert run(*flags, f"--run_dir={tmp_path / 'run'}") == 65
    assert str(picture) in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_broken_picture_is_named_also_in_sets_too_large_for_memory(
    picture_folder, tiny_flags, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("keras_gans.data.picture_cache._MEMORY_LIMIT", 0)
    folder = shutil.copytree(picture_folder, tmp_path / "pictures")
    picture = folder / "trainB" / "1.png"
    picture.write_bytes(picture.read_bytes()[:80])
    flags = [*tiny_flags[1:], f"--data={folder}"]
    assert run(*flags, f"--run_dir={tmp_path / 'run'}") == 65
    error = capsys.readouterr().err
    assert error.startswith(f"error: {picture}: ")
    # Some are read before training: int8 files are calibrated by them.
    assert error.splitlines()[1:] == [
        "1 of the 5 pictures of trainB can not be used."
    ]


def test_pictures_are_kept_in_files_which_another_run_finds(
    tiny_flags, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("trainers.progress._SECONDS_BETWEEN_LINES", 0)
    cache_dir = tmp_path / "cache"
    flags = [*tiny_flags, "--flat_epochs=1", "--decay_epochs=0"]
    flags += ["--cache=file", f"--cache_dir={cache_dir}"]
    assert run(*flags, f"--run_dir={tmp_path / 'one'}") == 0
    assert "read     11 of 11 pictures" in capsys.readouterr().out
    files = contents(cache_dir)
    assert sorted(path.name[:12] for path in files) == [
        "trainA_18x18",
        "trainB_18x18",
    ]
    assert run(*flags, f"--run_dir={tmp_path / 'other'}") == 0
    assert "of 11 pictures" not in capsys.readouterr().out
    assert contents(cache_dir) == files


def test_a_broken_picture_leaves_no_file_of_pictures(
    picture_folder, tiny_flags, tmp_path, capsys
):
    folder = shutil.copytree(picture_folder, tmp_path / "pictures")
    (folder / "trainA" / "1.png").write_bytes(b"")
    flags = [*tiny_flags[1:], f"--data={folder}", "--cache=file"]
    flags.append(f"--cache_dir={tmp_path / 'cache'}")
    assert run(*flags, f"--run_dir={tmp_path / 'run'}") == 65
    assert "1.png: is empty." in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "run").exists()


def test_nan_stops_the_run_and_is_not_saved(
    tiny_flags, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(
        "keras_gans.data.UnpairedPipeline.dataset", _poisoned_at_step(9)
    )
    run_dir = tmp_path / "run"
    flags = [*tiny_flags, "--checkpoint_steps=1"]
    assert run(*flags, f"--run_dir={run_dir}") == 1
    assert "is nan at batch 3 of this epoch" in capsys.readouterr().err
    checkpoint = checkpoints.newest(run_dir / "checkpoints")
    assert checkpoint.step == 8


def _poisoned_at_step(step):
    dataset = data.UnpairedPipeline.dataset

    def poisoned(self, start_step=0, **options):
        def poison(i, images):
            images_a, images_b = images
            bad = tf.where(i + start_step == step - 1, float("nan"), 0.0)
            return images_a + bad, images_b

        batches = dataset(self, start_step, **options)
        return batches.enumerate().map(poison)

    return poisoned


def test_help_and_recipes(capsys):
    assert run("--help") == 0
    output = capsys.readouterr().out
    assert "--recipe=quickstart" in output
    assert "--lambda_cycle=10.0" in output
    assert run("--recipe=list") == 0
    assert "horse2zebra" in capsys.readouterr().out


def test_mobile_generators_are_trained(tiny_flags, tmp_path, capsys):
    flags = [*tiny_flags, "--generator=mobile_resnet", "--flat_epochs=1"]
    run_dir = tmp_path / "run"
    assert run(*flags, "--decay_epochs=0", f"--run_dir={run_dir}") == 0
    assert "mobile_resnet: generator" in capsys.readouterr().out
    model = keras.saving.load_model(
        checkpoints.newest(run_dir / "checkpoints").model_path
    )
    for generator in (model.generator_ab, model.generator_ba):
        assert generator.get_layer("block_1_conv_1_depthwise")
    # A run with full generators is another one.
    assert run(f"--run_dir={run_dir}", "--generator=resnet") == 2
    assert "--generator is mobile_resnet" in " ".join(
        capsys.readouterr().err.split()
    )


def test_unequal_channels_switch_the_identity_loss_off(
    tiny_flags, tmp_path, capsys
):
    flags = [*tiny_flags, "--channels_a=1", "--flat_epochs=1"]
    run_dir = tmp_path / "run"
    assert run(*flags, "--decay_epochs=0", f"--run_dir={run_dir}") == 0
    assert "identity loss off" in capsys.readouterr().out
    row = (run_dir / "history.csv").read_text().splitlines()[1]
    assert row.split(",")[5] == "0.0"
