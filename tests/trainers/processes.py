"""Runs of trainers as processes, killed or not, and what is left of them.

Every run is a fresh process, because TensorFlow's graph rewriter gives other
last bits in other processes: two equal runs in one process would prove
nothing.
"""

import io
import os
import pathlib
import signal
import subprocess
import sys
import zipfile

import h5py
import numpy as np

from keras_gans import checkpoints

ROOT = pathlib.Path(__file__).parents[2]
LAST_STEP = 24


def start(trainer, point, flags, run_dir):
    command = [sys.executable, "-m", "tests.trainers.killed", trainer, point]
    return subprocess.Popen(
        [*command, *flags, "--reproducible", f"--run_dir={run_dir}"],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(trainer, point, flags, run_dir):
    process = start(trainer, point, flags, run_dir)
    output = process.communicate()[0]
    return process.returncode, output


def finish(trainer, point, flags, run_dir):
    code, output = run(trainer, point, flags, run_dir)
    assert code == 0, output
    return state(run_dir)


def kill_and_finish(trainer, point, flags, run_dir):
    flags = [*flags, "--checkpoint_steps=2"]
    code, output = run(trainer, point, flags, run_dir)
    assert code == -signal.SIGKILL, output
    return finish(trainer, "never", flags, run_dir)


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
