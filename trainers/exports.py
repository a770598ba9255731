"""Exports a finished run, in a process of its own."""

import subprocess
import sys

from trainers.environment import say


def export(run):
    """Runs `python -m export` on the run folder `run`; returns its exit code.

    What is exported is then what lies in the checkpoint.
    """
    command = [sys.executable, "-m", "export", f"--run_dir={run.path}"]
    say("export", " ".join(["python", *command[1:]]))
    return subprocess.run(command, check=False).returncode
