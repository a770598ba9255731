"""Several steps per execution, and parts of batches, change no numbers."""

import csv
import signal

import numpy as np
import pytest
import tensorflow as tf

from keras_gans import checkpoints
from keras_gans.callbacks import StopOnNonFinite
from keras_gans.data import MixturePipeline
from tests.trainers.in_process import run

LOGS = (
    "generator_loss",
    "discriminator_loss",
    "real_probability",
    "fake_probability",
    "discriminator_learning_rate",
)


@pytest.fixture(scope="module")
def flags(tiny_mixture_flags):
    """3 epochs of 6 steps."""
    return [*tiny_mixture_flags, "--flat_epochs=1", "--decay_epochs=2"]


def rows_of(run_dir):
    with open(run_dir / "history.csv") as file:
        return [
            {name: float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def assert_same_history(run_dir, expected):
    rows = rows_of(run_dir)
    assert [row.keys() for row in rows] == [row.keys() for row in expected]
    for row, expected_row in zip(rows, expected):
        for name in LOGS:
            np.testing.assert_allclose(
                row[name], expected_row[name], rtol=1e-4, err_msg=name
            )


@pytest.fixture(scope="module")
def expected(flags, tmp_path_factory):
    """The history of steps that are taken one by one."""
    run_dir = tmp_path_factory.mktemp("single") / "run"
    assert run("gan", *flags, f"--run_dir={run_dir}") == 0
    return rows_of(run_dir)


@pytest.fixture
def stopped_run(flags, tmp_path, monkeypatch):
    """A run that was stopped after step 9, in the middle of its epoch 2."""
    steps = []

    def note(self, batch, logs=None):
        steps.append(batch)
        if len(steps) == 9:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(StopOnNonFinite, "on_train_batch_end", note)
        run_dir = tmp_path / "run"
        assert run("gan", *flags, f"--run_dir={run_dir}") == 75
    assert checkpoints.newest(run_dir / "checkpoints").step == 9
    return run_dir


@pytest.mark.parametrize(
    "arguments",
    [
        ["--steps_per_execution=3"],
        ["--steps_per_execution=3", "--accumulate_steps=4"],
    ],
    ids=["executions", "in parts"],
)
def test_the_history_is_that_of_single_steps(
    arguments, expected, flags, tmp_path
):
    assert run("gan", *flags, *arguments, f"--run_dir={tmp_path}") == 0
    assert checkpoints.newest(tmp_path / "checkpoints").step == 18
    assert_same_history(tmp_path, expected)


def test_a_run_goes_on_with_other_executions(stopped_run, expected):
    # 3 steps are left of the epoch, which executions of 2 do not divide.
    arguments = ["--steps_per_execution=2", "--checkpoint_steps=2"]
    assert run("gan", *arguments, f"--run_dir={stopped_run}") == 0
    assert checkpoints.newest(stopped_run / "checkpoints").step == 18
    assert_same_history(stopped_run, expected)


@pytest.mark.slow
def test_a_lost_step_would_be_noticed(stopped_run, expected, monkeypatch):
    # The negative control: as Keras does it, beyond the end of the epoch.
    monkeypatch.setattr("trainers.training.math.gcd", lambda given, _: given)
    arguments = ["--steps_per_execution=2", f"--run_dir={stopped_run}"]
    assert run("gan", *arguments) == 0
    with pytest.raises(AssertionError):
        assert_same_history(stopped_run, expected)


@pytest.mark.slow
def test_checkpoints_come_at_the_ends_of_executions(
    flags, tmp_path, monkeypatch
):
    steps = []
    write = checkpoints.write
    monkeypatch.setattr(
        checkpoints,
        "write",
        lambda folder, model, step, state: (
            steps.append(step),
            write(folder, model, step, state),
        ),
    )
    arguments = ["--steps_per_execution=3", "--checkpoint_steps=4"]
    assert run("gan", *flags, *arguments, f"--run_dir={tmp_path}") == 0
    assert steps == [6, 12, 18]


def test_executions_that_do_not_divide_an_epoch_are_refused(
    flags, tmp_path, capsys
):
    arguments = [*flags, "--steps_per_execution=4"]
    run_dir = tmp_path / "run"
    assert run("gan", *arguments, f"--run_dir={run_dir}") == 2
    assert (
        "--steps_per_execution must divide the steps of an epoch, 6. "
        "Received: 4. The next lower one that does is 3.\n"
    ) in capsys.readouterr().err
    assert not run_dir.exists()


def test_a_bad_step_in_the_middle_of_an_execution_stops_the_run(
    flags, tmp_path, monkeypatch, capsys
):
    dataset = MixturePipeline.dataset

    def spoil(step, points):
        return tf.where(step == 7, points * float("nan"), points)

    monkeypatch.setattr(
        MixturePipeline,
        "dataset",
        lambda *arguments: dataset(*arguments).enumerate().map(spoil),
    )
    arguments = [*flags, "--steps_per_execution=3"]
    assert run("gan", *arguments, f"--run_dir={tmp_path}") == 1
    # Step 8 of the run, followed by a good one in the same execution.
    assert "is nan at batch 3 of this epoch" in capsys.readouterr().err
