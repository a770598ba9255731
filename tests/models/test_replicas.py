"""Several replicas, in one process and in two, against one."""

import subprocess
import sys

import pytest

from tests import workers


def test_two_replicas_equal_one():
    result = subprocess.run(
        [sys.executable, "-m", "tests.models.two_replicas"],
        cwd=workers.ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    assert "two replicas equal one" in result.stdout


@pytest.mark.parametrize(
    "cases",
    [
        ["variational_autoencoder"],
        pytest.param(
            ["cyclegan", "gan", "batch_norm_gan", "pix2pix"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["autoencoder", "games"],
)
def test_two_workers_equal_one(cases):
    processes = workers.start("tests.models.two_workers", *cases)
    codes, outputs = workers.finish(processes)
    assert codes == [0, 0], "\n".join(outputs)[-4000:]
    assert all("two workers equal one" in output for output in outputs)
