"""Keeps one process for each row and lets them take turns."""

import contextlib
import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np

from export.benchmark import processes

# Threads of most runtimes spin for a while after a call, in the hope of
# another one, and would take the next row's time.
_SECONDS_BETWEEN_TURNS = 0.01


@dataclasses.dataclass
class Timing:
    """What was measured of one row at one number of threads.

    Args:
        figures: Dict of `load_seconds`, `first_call_seconds`,
            `calls_per_turn` and `peak_memory_bytes`.
        wall: List of seconds of wall time for a call, one for each round.
        cpu: List of seconds of CPU time, of all threads together.
        outputs: List of the arrays of the first call.
        problem: Sentence, why there are no figures, or `None`.
    """

    figures: dict = dataclasses.field(default_factory=dict)
    wall: list = dataclasses.field(default_factory=list)
    cpu: list = dataclasses.field(default_factory=list)
    outputs: list = dataclasses.field(default_factory=list)
    problem: str | None = None


def measure(subjects, threads, repetitions, say=lambda line: None):
    """Measures rows side by side, all of them warm: A B C, A B C, ...

    Args:
        subjects: List of `export.benchmark.subjects.Subject`.
        threads: Integer, number of threads that each may use.
        repetitions: Integer, number of rounds.
        say: Function of a line about the progress.

    Returns:
        List of `Timing`, one for each subject.
    """
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        timings, running = [], []
        for i, subject in enumerate(subjects):
            timing = Timing(problem=subject.problem)
            timings.append(timing)
            if timing.problem:
                continue
            say(f"Opening {subject.name} with {_count(threads)} ...")
            process = stack.enter_context(
                processes.Process("export.benchmark.worker")
            )
            with _noting_problem(timing):
                path = scratch / f"{i}.npz"
                timing.figures = process.ask(_question(subject, threads, path))
                with np.load(path) as arrays:
                    timing.outputs = list(arrays.values())
                running.append((timing, process))
        say(f"Measuring {len(running)} rows in {repetitions} rounds ...")
        for _ in range(repetitions):
            _run_round(running)
        for timing, process in running:
            if not timing.problem:
                with _noting_problem(timing):
                    timing.figures |= process.ask({"do": "memory"})
    return timings


def _count(threads):
    return "1 thread" if threads == 1 else f"{threads} threads"


def _question(subject, threads, outputs):
    return {
        "do": "open",
        "runtime": subject.runtime,
        "path": str(subject.path),
        "signature": subject.signature,
        "inputs": subject.inputs,
        "threads": threads,
        "outputs": str(outputs),
    }


def _run_round(running):
    for timing, process in running:
        if timing.problem:
            continue
        time.sleep(_SECONDS_BETWEEN_TURNS)
        with _noting_problem(timing):
            seconds = process.ask({"do": "turn"})
            timing.wall.append(seconds["wall"])
            timing.cpu.append(seconds["cpu"])


@contextlib.contextmanager
def _noting_problem(timing):
    try:
        yield
    except processes.ProcessError as error:
        timing.problem = str(error)
