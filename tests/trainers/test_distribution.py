import os
import signal

import pytest
import tensorflow as tf

from keras_gans import checkpoints
from tests import workers
from tests.trainers import in_process, processes
from trainers import distribution
from trainers.config import UsageError

TRAINER = "cyclegan"
# 3 steps of 2 pictures in an epoch.
SHARED = ["--batch_size=2", "--flat_epochs=4", "--decay_epochs=4"]
ON_TWO = [*SHARED, "--num_replicas=2"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            [f"--num_replicas={os.cpu_count() + 1}"],
            f"--num_replicas must be at most {os.cpu_count()}, the number of",
        ),
        (
            ["--num_replicas=2", "--strategy=none"],
            "--strategy=none is for one replica. Received: --num_replicas=2.",
        ),
        (
            ["--num_replicas=2", "--strategy=multi_worker"],
            "--num_replicas is for one machine: with --strategy=multi_worker",
        ),
        (
            ["--strategy=multi_worker"],
            "--strategy=multi_worker needs the environment variable TF_CONFIG",
        ),
        (["--strategy=mirored"], "Did you mean mirrored?"),
    ],
)
def test_flags_that_cannot_be_are_refused(
    flags, message, tiny_flags, tmp_path, capsys, monkeypatch
):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    run_dir = tmp_path / "run"
    code = in_process.run(TRAINER, *tiny_flags, *flags, f"--run_dir={run_dir}")
    assert code == 2
    assert message in capsys.readouterr().err
    assert not run_dir.exists()


def test_a_worker_that_does_not_come_ends_the_run(
    tiny_flags, tmp_path, capsys, monkeypatch
):
    addresses = workers.free_addresses()
    monkeypatch.setenv("TF_CONFIG", workers.tf_config(addresses, 0))
    flags = [*tiny_flags, "--strategy=multi_worker", "--worker_timeout=1"]
    code = in_process.run(TRAINER, *flags, f"--run_dir={tmp_path / 'run'}")
    assert code == 69
    assert f"within 1 s: {addresses[1]}." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_forgotten_flag_is_noticed(tiny_flags, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", workers.tf_config(["a:1", "b:1"], 0))
    monkeypatch.setattr("trainers.training.fit", lambda *args: [])
    monkeypatch.setattr("trainers.task._finish", lambda *args: 0)
    run_dir = tmp_path / "run"
    assert in_process.run(TRAINER, *tiny_flags, f"--run_dir={run_dir}") == 0
    assert "--strategy=multi_worker trains with" in capsys.readouterr().out


def test_a_batch_that_replicas_cannot_share_is_refused():
    spread = distribution.Distribution()
    spread.num_replicas = 3
    spread.check_batch_size(6)
    with pytest.raises(UsageError) as error:
        spread.check_batch_size(4)
    assert str(error.value) == (
        "--batch_size must be a multiple of 3, the number of replicas: it is "
        "the batch of all of them together. Received: 4."
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (tf.errors.UnavailableError(None, None, "gone"), True),
        (tf.errors.InternalError(None, None, "crashed"), True),
        (tf.errors.InvalidArgumentError(None, None, "ours"), False),
    ],
)
def test_errors_of_our_own_are_no_lost_workers(error, told):
    naming = distribution.WorkerDistribution.naming_lost_workers
    expected = distribution.WorkerLost if told else type(error)
    with pytest.raises(expected), naming(None):
        raise error


@pytest.mark.slow
def test_two_replicas_that_were_killed_go_on_alike(tiny_flags, tmp_path):
    flags = [*tiny_flags, *ON_TWO]
    whole = processes.finish(TRAINER, "never", flags, tmp_path / "whole")
    resumed = processes.kill_and_finish(
        TRAINER, "step:10", flags, tmp_path / "killed"
    )
    # Running means are the sum of those of the replicas, which a file does not
    # tell apart: the history is equal to rounding.
    assert set(processes.differing(resumed, whole)) <= {"history"}
    arrays, _ = whole
    pools = [a for name, a in arrays.items() if "image_pool/vars/0" in name]
    assert [pool.shape for pool in pools] == [(2, 2, 16, 16, 3)]
    # The control: a single replica is another run, by its pools.
    alone = processes.finish(
        TRAINER, "never", [*tiny_flags, *SHARED], tmp_path / "alone"
    )
    assert any(
        "image_pool" in name for name in processes.differing(alone, whole)
    )


def run_workers(flags, run_dir, points):
    """Two workers, each with the point at which it is killed, or `never`."""
    return workers.finish(
        workers.start(
            *("tests.trainers.killed", TRAINER, workers.EACH),
            *flags,
            "--strategy=multi_worker",
            "--worker_timeout=120",
            "--reproducible",
            f"--run_dir={run_dir}",
            each=points,
        )
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("victim", [0, 1], ids=["chief", "other"])
def test_workers_stop_and_go_on_together(victim, tiny_flags, tmp_path):
    flags = [*tiny_flags, *SHARED]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    points = ["never", "never"]
    codes, outputs = run_workers(flags, whole, points)
    assert codes == [0, 0], "\n".join(outputs)
    points[victim] = "step:10"
    flags_to_die = [*flags, "--checkpoint_steps=2"]
    codes, outputs = run_workers(flags_to_die, killed, points)
    assert codes[victim] == -signal.SIGKILL, outputs[victim]
    assert codes[1 - victim] == 69, outputs[1 - victim]
    assert "another worker is gone" in outputs[1 - victim]
    assert checkpoints.newest(killed / "checkpoints").step == 8
    codes, outputs = run_workers(flags, killed, ["never", "never"])
    assert codes == [0, 0], "\n".join(outputs)
    assert all("resume   from step 8" in output for output in outputs)
    # Of the epoch that was cut in two, running means are equal to rounding.
    differing = processes.differing(
        processes.state(killed), processes.state(whole)
    )
    assert set(differing) <= {"history"}


@pytest.mark.exhaustive
def test_a_signal_to_one_worker_stops_all(tiny_flags, tmp_path):
    started = workers.start(
        *("trainers.cyclegan", *tiny_flags, *SHARED, "--flat_epochs=1000"),
        *("--strategy=multi_worker", f"--run_dir={tmp_path / 'run'}"),
    )
    for line in started[0].stdout:
        if "Epoch 2/" in line:
            started[1].send_signal(signal.SIGTERM)
            break
    codes, outputs = workers.finish(started)
    assert codes == [75, 75], "\n".join(outputs)
    assert "stopped by another worker at step" in outputs[0]
    assert "stopped by SIGTERM at step" in outputs[1]
    step = checkpoints.newest(tmp_path / "run" / "checkpoints").step
    assert all(f"at step {step};" in output for output in outputs)


@pytest.mark.slow
def test_workers_stop_early_together(tiny_pair_flags, tmp_path):
    # What the chief alone evaluates gets lower: by `max`, it never improves.
    started = workers.start(
        *("trainers.pix2pix", *tiny_pair_flags, *SHARED),
        *("--evaluate_epochs=1", "--best_metric=max:val_l1", "--patience=2"),
        *("--strategy=multi_worker", f"--run_dir={tmp_path / 'run'}"),
    )
    codes, outputs = workers.finish(started)
    assert codes == [0, 0], "\n".join(outputs)
    assert "Stopped after 3 of 8 epochs: val_l1" in outputs[0]
    checkpoint = checkpoints.newest(tmp_path / "run" / "checkpoints")
    assert checkpoint.state["best"]["epoch"] == 1
    assert checkpoints.best(tmp_path / "run" / "checkpoints").step == 3
