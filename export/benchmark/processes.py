"""Processes that each hold one runtime, and answer questions in JSON."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import export


class ProcessError(Exception):
    """Why a process has no answer, in one sentence."""


class Process:
    """A module of this package, run in a fresh process that stays.

    The module reads a question a line, and writes an answer a line. What it,
    or a library, prints besides is kept for the day that it dies.

    Args:
        module: Dotted name of the module.
        settings: Dict of environment variables, beside those that every
            process has.
    """

    def __init__(self, module, settings=None):
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment() | (settings or {}),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, question):
        """Sends a question and waits for the answer.

        Args:
            question: Dict that JSON can hold.

        Returns:
            The answer, a dict.

        Raises:
            ProcessError: If the process fails at it, or dies of it.
        """
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # It is dead; the empty line below says so too.
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise ProcessError(self._describe_death())
        answer = json.loads(line)
        if "error" in answer:
            raise ProcessError(answer["error"])
        return answer

    def close(self):
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _describe_death(self):
        code = self._process.wait()
        if code < 0:
            return f"the process died of {signal.Signals(-code).name}"
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace").strip()
        last_line = text.split("\n")[-1]
        return f"the process ended with exit code {code}: {last_line}"


def environment():
    """The variables that every process of a benchmark runs with."""
    root = str(Path(export.__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "CUDA_VISIBLE_DEVICES": "-1",  # All rows run on the CPU.
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
