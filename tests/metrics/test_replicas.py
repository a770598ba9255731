import subprocess
import sys

from tests import workers


def test_two_replicas_equal_one():
    result = subprocess.run(
        [sys.executable, "-m", "tests.metrics.two_replicas"],
        cwd=workers.ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    assert "two replicas equal one" in result.stdout
