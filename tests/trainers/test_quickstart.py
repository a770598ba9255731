"""The README's first command, as it stands, in an empty folder."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

pytestmark = pytest.mark.slow


def test_quickstart_translates_and_exports(tmp_path):
    command = ["-m", "trainers.cyclegan", "--recipe=quickstart"]
    process = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "Translations of a are" in process.stdout
    assert "closer to the truth" in process.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]

    run_dir = tmp_path / "runs" / "cyclegan_quickstart-001"
    score = json.loads((run_dir / "score.json").read_text())
    for direction in ("a to b", "b to a"):
        # Seed 0 had 0.24 and 0.37 of it.
        values = score[direction]
        assert values["translated"] < values["unchanged"] / 2
    Image.open(run_dir / "samples" / "epoch_036.png").verify()
    for name in ("generator_ab", "generator_ba"):
        files = {path.name for path in (run_dir / "export" / name).iterdir()}
        assert files == {
            "saved_model",
            "generator_float32.tflite",
            "generator_float16.tflite",
            "generator.json",
            "parity.json",
        }
