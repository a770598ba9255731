"""The way of a user's own pictures, on real photographs of 256x256."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

from keras_gans import checkpoints

ROOT = pathlib.Path(__file__).parents[2]
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "daisy2sunflower"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PHOTOGRAPHS.exists(), reason="no photographs in ../shared/data"
    ),
]


def train(*flags):
    process = subprocess.run(
        [sys.executable, "-m", "tests.trainers.killed", "cyclegan", *flags],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout


def test_photographs_train_resume_and_export(tmp_path):
    run_dir = tmp_path / "run"
    flags = [
        f"--data={PHOTOGRAPHS}",
        f"--run_dir={run_dir}",
        # Small networks on the paper's sizes: 286 pixels, cropped to 256.
        "--generator_filters=8",
        "--num_residual_blocks=3",
        "--discriminator_filters=16",
        "--flat_epochs=1",
        "--decay_epochs=0",
        "--checkpoint_steps=100",
        "--sample_epochs=100",
    ]
    code, output = train("step:120", *flags)
    assert code == -signal.SIGKILL, output
    assert "230 trainA, 230 trainB, 60 testA, 60 testB, 256x256" in output
    code, output = train("never", *flags)
    assert code == 0, output
    assert "from step 100" in output
    assert checkpoints.newest(run_dir / "checkpoints").step == 230

    score = json.loads((run_dir / "score.json").read_text())
    inputs = np.load(run_dir / "samples" / "inputs.npz")
    for direction, name in (
        ("a to b", "generator_ab"),
        ("b to a", "generator_ba"),
    ):
        # Nearer than a grey picture: it has learned something of the way back.
        assert score[direction]["cycle"] < 0.8 * np.abs(inputs[name]).mean()
    for direction in ("ab", "ba"):
        folder = run_dir / "export" / f"generator_{direction}"
        parity = json.loads((folder / "parity.json").read_text())
        files = {file["format"]: file for file in parity["files"]}
        assert files["float32"]["figures"]["max_difference"] < 1e-3
        assert (folder / "generator_float32.tflite").exists()
        assert (folder / "generator_float16.tflite").exists()
