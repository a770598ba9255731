"""The pix2pix trainer in this process, on pairs of 16x16."""

import csv
import functools
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.trainers import in_process
from trainers import scores

run = functools.partial(in_process.run, "pix2pix")


@pytest.fixture(scope="module")
def finished(tiny_pair_flags, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("finished") / "run"
    assert run(*tiny_pair_flags, f"--run_dir={run_dir}") == 0
    return run_dir


@pytest.fixture
def untrained(monkeypatch):
    """Runs do all but train: `fit` returns at once."""
    row = {"epoch": 1, "real_probability": 0.5, "fake_probability": 0.5}
    monkeypatch.setattr("trainers.training.fit", lambda *args: [row])


def pairs_of(folder, split):
    """Inputs and targets of the files, in [-1, 1]."""
    pictures = []
    for path in sorted((folder / split).iterdir()):
        with Image.open(path) as picture:
            pictures.append(np.asarray(picture, "float32") / 127.5 - 1)
    pictures = np.stack(pictures)
    return pictures[:, :, :16], pictures[:, :, 16:]


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
    for epoch in range(5):
        path = finished / "samples" / f"epoch_{epoch:03d}.png"
        with Image.open(path) as picture:
            # Three columns of 16 pixels, enlarged, and three rows.
            assert min(picture.size) > 3 * 96
    with open(finished / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["l1_loss"]) < float(rows[0]["l1_loss"])


def test_inputs_for_the_export_are_the_test_inputs(finished, pair_folder):
    inputs = np.load(finished / "samples" / "inputs.npz", allow_pickle=False)
    assert set(inputs) == {"generator"}
    expected, _ = pairs_of(pair_folder, "test")
    np.testing.assert_allclose(inputs["generator"], expected, atol=1e-6)


def test_calibration_is_by_training_inputs(finished, pair_folder):
    path = finished / "samples" / "calibration.npz"
    pictures = np.load(path, allow_pickle=False)["generator"]
    assert pictures.dtype == np.uint8
    expected, _ = pairs_of(pair_folder, "train")
    np.testing.assert_allclose(
        pictures / 127.5 - 1, expected[: len(pictures)], atol=0.51 / 127.5
    )


def test_score_stands_beside_simple_answers(finished, pair_folder):
    score = json.loads((finished / "score.json").read_text())
    assert score["protocol"] == (
        "means over pictures: L1 in [-1, 1] units, PSNR in dB, SSIM; 3 pairs, "
        "test split, last weights, dropout on, norms by instance"
    )
    inputs, targets = pairs_of(pair_folder, "test")
    _, train_targets = pairs_of(pair_folder, "train")
    np.testing.assert_allclose(
        [score[name]["l1"] for name in ("unchanged", "mean target")],
        [
            np.abs(inputs - targets).mean(),
            np.abs(train_targets.mean(axis=0) - targets).mean(),
        ],
        rtol=1e-5,
    )
    squares = ((inputs - targets) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(
        score["unchanged"]["psnr"],
        np.mean(10 * np.log10(4 / squares)),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("translated", "verdict"),
    [
        ((0.1, 0.9), "Translations are nearer to their targets than the input"),
        ((0.3, 0.9), "no better by L1 than the mean of all targets: train"),
        (
            (0.5, 0.1),
            "no better by L1 than the input unchanged, nor by SSIM than the "
            "input unchanged, nor by L1 than the mean of all targets, nor by "
            "SSIM than",
        ),
    ],
    ids=["better", "partly", "worse"],
)
def test_verdict(translated, verdict):
    values = {"translated": translated, "unchanged": (0.4, 0.3)}
    values["mean target"] = (0.2, 0.5)
    score = {"protocol": "made up"} | {
        name: {"l1": l1, "psnr": 10.0, "ssim": ssim}
        for name, (l1, ssim) in values.items()
    }
    history = [{"real_probability": 0.6, "fake_probability": 0.4}]
    lines = scores.pix2pix_sentences(score, history)
    assert lines[0] == ("score", "made up")
    assert lines[-1][0] == "verdict"
    assert verdict in lines[-1][1]
    assert "the game is balanced" in lines[-1][1]


def test_protocol_says_when_there_is_no_dropout(
    untrained, tiny_pair_flags, tmp_path
):
    flags = [*tiny_pair_flags, "--dropout=0"]
    assert run(*flags, f"--run_dir={tmp_path}") == 0
    score = json.loads((tmp_path / "score.json").read_text())
    assert "no dropout, norms by instance" in score["protocol"]


def test_direction_turns_the_task_round(
    untrained, tiny_pair_flags, pair_folder, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [*tiny_pair_flags, "--direction=b_to_a", "--channels_target=1"]
    assert run(*flags, f"--run_dir={run_dir}") == 0
    inputs = np.load(run_dir / "samples" / "inputs.npz")["generator"]
    _, expected = pairs_of(pair_folder, "test")
    np.testing.assert_allclose(inputs, expected, atol=1e-6)
    # Targets of one channel, and the colours are not compared with them.
    assert "translated: L1" in capsys.readouterr().out


def test_resnet_on_a_size_that_no_unet_takes(
    untrained, tiny_pair_flags, tmp_path, capsys
):
    flags = [*tiny_pair_flags, "--generator=resnet", "--image_size=12"]
    flags += ["--num_residual_blocks=1", "--normalization=instance"]
    assert run(*flags, f"--run_dir={tmp_path / 'run'}") == 0
    assert "resnet: generator" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("generator", "full", "size"),
    [("mobile_unet", "unet", 16), ("mobile_resnet", "resnet", 12)],
)
def test_mobile_generators(
    generator, full, size, untrained, tiny_pair_flags, tmp_path, capsys
):
    counts = []
    for kind in (generator, full):
        flags = [*tiny_pair_flags, f"--image_size={size}"]
        flags += [f"--generator={kind}", "--num_residual_blocks=2"]
        assert run(*flags, f"--run_dir={tmp_path / kind}") == 0
        screen = capsys.readouterr().out
        count = re.search(rf" {kind}: generator ([\d,]+),", screen)
        counts.append(int(count[1].replace(",", "")))
    assert counts[0] < counts[1] / 2


def test_mobile_unet_is_trained(tiny_pair_flags, tmp_path):
    flags = [*tiny_pair_flags, "--generator=mobile_unet", "--decay_epochs=0"]
    assert run(*flags, f"--run_dir={tmp_path}") == 0
    with open(tmp_path / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["l1_loss"]) < float(rows[0]["l1_loss"])


def test_without_test_pairs_the_training_pairs_are_shown(
    untrained, pair_folder, tiny_pair_flags, tmp_path, capsys
):
    folder = shutil.copytree(pair_folder, tmp_path / "pairs")
    shutil.rmtree(folder / "test")
    flags = [*tiny_pair_flags[1:], f"--data={folder}"]
    run_dir = tmp_path / "run"
    assert run(*flags, f"--run_dir={run_dir}") == 0
    assert "no test pairs: samples show training" in capsys.readouterr().out
    score = json.loads((run_dir / "score.json").read_text())
    assert "6 pairs, train split" in score["protocol"]


@pytest.fixture(scope="module")
def label_folder(tmp_path_factory):
    """Areas of four colours beside noise, 32x32 each."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "train").mkdir()
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (4, 3), "uint8")
    for i in range(2):
        labels = colours[rng.permutation(4).reshape(2, 2)]
        labels = labels.repeat(16, axis=0).repeat(16, axis=1)
        noise = rng.integers(0, 256, (32, 32, 3), "uint8")
        pair = np.concatenate([labels, noise], axis=1)
        Image.fromarray(pair).save(folder / "train" / f"{i}.png")
    return folder


def test_label_maps_are_noticed_and_read_as_such(
    untrained, label_folder, tiny_pair_flags, tmp_path, capsys
):
    flags = [*tiny_pair_flags[1:], f"--data={label_folder}"]
    assert run(*flags, f"--run_dir={tmp_path / 'first'}") == 0
    screen = capsys.readouterr().out
    assert "warning  The inputs look like label maps, such as 0.png" in screen
    assert "give --input_resize=nearest" in screen
    flags += ["--input_resize=nearest", "--load_size=20"]
    run_dir = tmp_path / "second"
    assert run(*flags, f"--run_dir={run_dir}") == 0
    assert "warning" not in capsys.readouterr().out
    inputs = np.load(run_dir / "samples" / "inputs.npz")["generator"]
    assert len(np.unique(inputs.reshape(-1, 3), axis=0)) <= 4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data="], 2, "--data must be a folder of pairs, embedded:NAME"),
        (["--data=nowhere"], 65, "nowhere"),
        (["--data=embedded:emoji"], 2, "emoji_edges"),
        (["--direction=ba"], 2, "--direction must be one of a_to_b, b_to_a"),
        (
            ["--image_size=24"],
            2,
            "--image_size must be at least 16 and divisible by 16. Received: "
            "24. Or give a lower --num_levels.",
        ),
        (
            ["--image_size=16x24", "--num_levels=4"],
            2,
            "divisible by 16. Received: 16x24.",
        ),
        (["--image_size=32"], 2, "--load_size must not be smaller than"),
        (["--batch_size=7"], 2, "--batch_size must be at most 6, the number"),
        (["--dropout=1"], 2, "--dropout must be less than 1. Received: 1.0."),
        (
            ["--discriminator_loss_weight=0"],
            2,
            "--discriminator_loss_weight must be > 0.",
        ),
        (["--adversarial_loss=wasserstein"], 2, "must be one of hinge"),
        (
            ["--image_size=24", "--generator=mobile_unet"],
            2,
            "--image_size must be at least 16 and divisible by 16.",
        ),
        (
            ["--generator=mobile"],
            2,
            "--generator must be one of unet, mobile_unet, resnet, "
            "mobile_resnet. Received: mobile.",
        ),
        (["--norm_mode=group"], 2, "--norm_mode must be one of instance"),
        (["--discriminator_layers=5"], 2, "too small for `num_layers=5`"),
        (["--input_resize=linear"], 2, "--input_resize must be one of"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    arguments, code, message, tiny_pair_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    assert run(*tiny_pair_flags, f"--run_dir={run_dir}", *arguments) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not run_dir.exists()


@pytest.mark.parametrize("spoil", ["unpaired", "uneven"])
def test_bad_pairs_are_named(spoil, tiny_pair_flags, tmp_path, capsys):
    folder = tmp_path / "pairs"
    picture = Image.new("RGB", (33, 16))
    if spoil == "uneven":
        (folder / "train").mkdir(parents=True)
        picture.save(folder / "train" / "odd.png")
    else:
        for side, name in (("trainA", "one"), ("trainB", "two")):
            (folder / side).mkdir(parents=True)
            picture.save(folder / side / f"{name}.png")
    flags = [*tiny_pair_flags[1:], f"--data={folder}"]
    code = run(*flags, f"--run_dir={tmp_path / 'run'}")
    error = capsys.readouterr().err
    if spoil == "uneven":
        assert code == 65
        assert str(folder / "train" / "odd.png") in error
    else:
        assert code == 2
        assert "1 in trainA (one), 1 in trainB (two)" in error
    assert not (tmp_path / "run").exists()


def test_outlines_of_any_pictures(
    untrained, class_folder, tiny_pair_flags, tmp_path
):
    flags = [f"--data=edges:{class_folder}", *tiny_pair_flags[1:]]
    flags += ["--channels_in=1"]
    run_dir = tmp_path / "run"
    assert run(*flags, f"--run_dir={run_dir}") == 0
    inputs = np.load(run_dir / "samples" / "inputs.npz")["generator"]
    assert inputs.shape == (8, 16, 16, 1)


def test_help_names_what_is_accepted(capsys):
    assert run("--help") == 0
    output = capsys.readouterr().out
    assert "--lambda_l1=100.0" in output
    assert "facades" in output and "edges2shoes" in output
    assert "One of instance, batch, running." in output
