"""A run that was killed and gone on with equals one that was not, bit for bit.

Every run is a fresh process, because TensorFlow's graph rewriter gives other
last bits in other processes: two equal runs in one process would prove
nothing.
"""

import io
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import pytest

from keras_gans import checkpoints

ROOT = pathlib.Path(__file__).parents[2]
LAST_STEP = 24


def start(point, flags, run_dir):
    command = [sys.executable, "-m", "tests.trainers.killed", point]
    return subprocess.Popen(
        [*command, *flags, "--reproducible", f"--run_dir={run_dir}"],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(point, flags, run_dir):
    process = start(point, flags, run_dir)
    output = process.communicate()[0]
    return process.returncode, output


def finish(point, flags, run_dir):
    code, output = run(point, flags, run_dir)
    assert code == 0, output
    return state(run_dir)


def kill_and_finish(point, flags, run_dir):
    flags = [*flags, "--checkpoint_steps=2"]
    code, output = run(point, flags, run_dir)
    assert code == -signal.SIGKILL, output
    return finish("never", flags, run_dir)


def state(run_dir):
    """Every stored array of the last checkpoint, by its path in the file."""
    checkpoint = checkpoints.newest(run_dir / "checkpoints")
    assert checkpoint.step == LAST_STEP
    arrays = {}
    with zipfile.ZipFile(checkpoint.model_path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: np.asarray(item)})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    history = (run_dir / "history.csv").read_text()
    return arrays, history


def differing(state, other):
    arrays, history = state
    other_arrays, other_history = other
    assert arrays.keys() == other_arrays.keys()
    names = [
        n for n in arrays if not np.array_equal(arrays[n], other_arrays[n])
    ]
    return names + (["history"] if history != other_history else [])


@pytest.fixture(scope="module")
def uninterrupted(tiny_flags, tmp_path_factory):
    return finish("never", tiny_flags, tmp_path_factory.mktemp("whole") / "run")


def test_the_state_holds_all_that_training_changes(uninterrupted):
    arrays, history = uninterrupted
    names = " ".join(arrays)
    for part in (
        "generator_ab/",
        "generator_ba/",
        "discriminator_a/",
        "discriminator_b/",
        "generator_optimizer/",
        "discriminator_optimizer/",
        "image_pool/",
        "image_pool_1/",
        "seed_state_0",
        "seed_state_1",
    ):
        assert part in names
    assert len(history.splitlines()) == 1 + 4


@pytest.mark.parametrize(
    "point",
    ["step:13", "step:16", "write:6"],
    ids=["after epoch 2", "middle of epoch 3", "in the middle of writing"],
)
def test_killed_and_resumed_equals_uninterrupted(
    point, uninterrupted, tiny_flags, tmp_path
):
    flags = [*tiny_flags, "--checkpoint_steps=2"]
    code, output = run(point, flags, tmp_path / "run")
    assert code == -signal.SIGKILL, output
    assert (
        differing(finish("never", flags, tmp_path / "run"), uninterrupted) == []
    )


def test_forgetting_the_seeds_is_noticed(uninterrupted, tiny_flags, tmp_path):
    # The negative control: what the test above must be able to see.
    flags = [*tiny_flags, "--checkpoint_steps=2"]
    run("step:16", flags, tmp_path / "run")
    resumed = finish("unseeded", flags, tmp_path / "run")
    assert "vars/seed_state_0" in differing(resumed, uninterrupted)
    assert any("generator_ab/" in n for n in differing(resumed, uninterrupted))


def test_sigterm_saves_at_its_step_and_the_run_goes_on(
    uninterrupted, tiny_flags, tmp_path
):
    flags = [*tiny_flags, "--checkpoint_steps=1000"]
    process = start("never", flags, tmp_path / "run")
    for line in process.stdout:
        if "Epoch 2/4" in line:
            process.send_signal(signal.SIGTERM)
            break
    output = process.communicate()[0]
    assert process.returncode == 75, output
    assert "stopped by SIGTERM at step" in output
    assert checkpoints.newest(tmp_path / "run" / "checkpoints").step >= 6
    assert (
        differing(finish("never", flags, tmp_path / "run"), uninterrupted) == []
    )


# One line of the writer each: 3 files and a folder are synchronised, the
# checkpoint renamed, its folder synchronised, an old one hidden and removed.
WRITER_POINTS = [f"fsync:{n}" for n in range(11, 17)]
WRITER_POINTS += ["rename:3", "rename:4", "rename:5", "rmtree:1", "rmtree:2"]
WRITER_POINTS += ["write:1", "write:3"]


@pytest.mark.slow
@pytest.mark.parametrize("point", WRITER_POINTS)
def test_killed_at_a_line_of_the_writer(
    point, uninterrupted, tiny_flags, tmp_path
):
    flags = [*tiny_flags, "--checkpoint_steps=2"]
    code, output = run(point, flags, tmp_path / "run")
    assert code == -signal.SIGKILL, output
    assert (
        differing(finish("never", flags, tmp_path / "run"), uninterrupted) == []
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment(seed, uninterrupted, tiny_flags, tmp_path):
    flags = [*tiny_flags, "--checkpoint_steps=1"]
    process = start("never", flags, tmp_path / "run")
    while not checkpoints.exist(tmp_path / "run" / "checkpoints"):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    # Saving after every step takes most of the time, so most kills hit it.
    time.sleep(random.Random(seed).uniform(0, 8))
    process.kill()
    process.communicate()
    assert (
        differing(finish("never", flags, tmp_path / "run"), uninterrupted) == []
    )
