"""Evaluations of a run: the best checkpoint, early stops, and going on."""

import csv
import shutil

import numpy as np
import pytest

from keras_gans import checkpoints
from tests.trainers.in_process import run
from trainers import training

# Of epochs 1 to 12, lower is better; six steps each.
VALUES = [9, 8, 5, 7, 6, 6, 7, 8, 9, 9, 9, 9]
FLAGS = [
    "--flat_epochs=12",
    "--decay_epochs=0",
    "--evaluate_epochs=1",
    "--best_metric=min:val_scripted",
    "--patience=4",
]


class Killed(Exception):
    """Stands for a kill: nothing is saved on the way out."""


@pytest.fixture(scope="module")
def scripted():
    """Autoencoders that are evaluated by a table, and draw and score none."""

    class Scripted:
        def check(self):
            pass

        def __call__(self, model):
            epoch = int(model.optimizer.iterations) // 6
            return {"scripted": VALUES[epoch - 1]}

    task = "trainers.autoencoder_task.AutoencoderTask"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{task}.evaluator", lambda *args: Scripted())
        patch.setattr(f"{task}.draw", lambda *args: [])
        patch.setattr(f"{task}.score", lambda *args: {"protocol": "none"})
        patch.setattr(f"{task}.sentences", lambda *args: [])
        for name in ("losses", "generalization", "instruments"):
            patch.setattr(f"trainers.plots.plot_{name}", lambda *args: None)
        yield


def figures_of(run_dir):
    with open(run_dir / "history.csv") as file:
        return [float(row["val_scripted"]) for row in csv.DictReader(file)]


def outcome(run_dir):
    """What was decided: figures, record, and the checkpoints that are left."""
    folder = run_dir / "checkpoints"
    names = sorted(path.name for path in folder.iterdir())
    return (
        figures_of(run_dir),
        checkpoints.newest(folder).state["best"],
        # The newest but one depends on the clock.
        (names[-1], "step_00000018" in names),
    )


def kill_at(step, monkeypatch):
    end_batch = training._Recorder.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch_start + batch + 1 == step:
            raise Killed
        end_batch(self, batch, logs)

    monkeypatch.setattr(
        training._Recorder, "on_train_batch_end", on_train_batch_end
    )


@pytest.fixture(scope="module")
def uninterrupted(scripted, tiny_autoencoder_flags, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    assert train([*tiny_autoencoder_flags, *FLAGS], run_dir) == 0
    return run_dir


def train(flags, run_dir):
    return run("autoencoder", *flags, f"--run_dir={run_dir}")


def test_a_run_that_gets_no_better_stops_and_keeps_its_best(uninterrupted):
    assert outcome(uninterrupted) == (
        VALUES[:7],
        {
            "metric": "val_scripted",
            "direction": "min",
            "value": 5.0,
            "epoch": 3,
            "step": 18,
        },
        ("step_00000042", True),
    )
    assert checkpoints.best(uninterrupted / "checkpoints").step == 18


def test_it_is_finished_unless_it_is_given_more_patience(
    uninterrupted, tmp_path, capsys
):
    run_dir = shutil.copytree(uninterrupted, tmp_path / "copy")
    assert train([], run_dir) == 0
    output = capsys.readouterr().out
    assert "Epoch" not in output
    assert (
        "best     val_scripted 5 after epoch 3, kept as the checkpoint of "
        "step 18" in output
    )
    assert (
        "verdict  Stopped after 7 of 12 epochs: val_scripted has not become "
        "better for 4 epochs." in output
    )
    assert train(["--patience=5"], run_dir) == 0
    assert figures_of(run_dir) == VALUES[:8]


@pytest.mark.parametrize(
    "step",
    [
        16,  # In the epoch that becomes the best one.
        pytest.param(19, marks=pytest.mark.slow),  # Just after it.
        pytest.param(40, marks=pytest.mark.slow),  # As patience runs out.
    ],
)
def test_a_run_that_was_killed_decides_as_one_that_was_not(
    step, uninterrupted, tiny_autoencoder_flags, tmp_path, monkeypatch
):
    flags = [*tiny_autoencoder_flags, *FLAGS, "--checkpoint_steps=4"]
    with monkeypatch.context() as patch:
        kill_at(step, patch)
        with pytest.raises(Killed):
            train(flags, tmp_path / "run")
    assert train(flags, tmp_path / "run") == 0
    assert outcome(tmp_path / "run") == outcome(uninterrupted)


def test_a_figure_that_is_not_there_is_told_after_an_epoch(
    scripted, tiny_autoencoder_flags, tmp_path, capsys
):
    flags = [*tiny_autoencoder_flags, "--best_metric=val_mes_error"]
    assert train(flags, tmp_path / "run") == 2
    errors = capsys.readouterr().err
    assert "--best_metric must be a figure of this run: " in errors
    assert "Received: val_mes_error." in errors


def test_pairs_are_evaluated_as_they_are_scored(
    tiny_pair_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = ["--flat_epochs=3", "--decay_epochs=0", "--evaluate_epochs=2"]
    code = run("pix2pix", *tiny_pair_flags, *flags, f"--run_dir={run_dir}")
    assert code == 0
    with open(run_dir / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    # Between two evaluations the figures are repeated.
    for name in ("val_l1", "val_psnr", "val_ssim"):
        assert rows[1][name] == rows[2][name] != rows[0][name]
    best = checkpoints.newest(run_dir / "checkpoints").state["best"]
    values = [float(row["val_l1"]) for row in rows]
    assert best["metric"] == "val_l1"
    assert best["value"] == min(values)
    assert best["epoch"] == 1 + int(np.argmin(values))


@pytest.mark.parametrize(
    ("trainer", "flags", "message"),
    [
        (
            "gan",
            ["--patience=3"],
            "--patience needs a figure to wait for: give --best_metric or",
        ),
        (
            "gan",
            ["--patience=3", "--evaluate_epochs=5"],
            "--patience must be at least 5, --evaluate_epochs: a figure",
        ),
        (
            "gan",
            ["--features=inceptoin"],
            "--features=inceptoin: must be auto, classifier,",
        ),
        (
            "gan",
            ["--features=encoder"],
            "--features=encoder: must name a file, encoder:FILE.",
        ),
        (
            "gan",
            ["--best_metric=sharpness"],
            "--best_metric must say whether sharpness should be low or high",
        ),
    ],
)
def test_flags_that_cannot_be_leave_no_folder(
    trainer, flags, message, tiny_image_flags, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = [*tiny_image_flags, *flags]
    assert run(trainer, *flags, f"--run_dir={run_dir}") == 2
    assert message in capsys.readouterr().err
    assert not run_dir.exists()


def test_too_few_pictures_are_told_before_training(
    tiny_flags, tmp_path, capsys
):
    # Two test pictures of each domain.
    flags = [*tiny_flags, "--evaluate_epochs=1"]
    assert run("cyclegan", *flags, f"--run_dir={tmp_path / 'run'}") == 2
    output = capsys.readouterr()
    assert "error: --features=auto: " in output.err
    assert "Epoch" not in output.out


def test_points_are_counted_already(tiny_mixture_flags, tmp_path, capsys):
    run_dir = tmp_path / "run"
    flags = [*tiny_mixture_flags, "--evaluate_epochs=1"]
    assert run("gan", *flags, f"--run_dir={run_dir}") == 2
    assert "--evaluate_epochs is for pictures" in capsys.readouterr().err
