"""Exports a finished run, in a process of its own."""

import subprocess
import sys

import numpy as np

from keras_gans import data
from trainers.environment import say

# More than these change the ranges of activations by next to nothing.
NUM_CALIBRATION_PICTURES = 32


def export(run):
    """Runs `python -m export` on the run folder `run`; returns its exit code.

    What is exported is then what lies in the checkpoint.
    """
    command = [sys.executable, "-m", "export", f"--run_dir={run.path}"]
    say("export", " ".join(["python", *command[1:]]))
    return subprocess.run(command, check=False).returncode


def save_calibration(run, **images):
    """Saves training pictures that int8 files can be calibrated by.

    Args:
        run: `trainers.run_folder.RunFolder`.
        **images: By the name of a network, uint8 or floats in [-1, 1]
            `(n, height, width, channels)`.
    """
    np.savez_compressed(
        run.samples / "calibration.npz",
        **{
            name: x if x.dtype == np.uint8 else data.to_uint8(x)
            for name, x in images.items()
        },
    )
