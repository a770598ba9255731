"""What processes of either library do alike: they time their steps."""

import math
import os
import time

from export.benchmark.worker import peak_memory

# A turn lasts at least as long, or the clock would count for too much.
_SECONDS_PER_TURN = 1.0


class Stepper:
    """Answers the questions of `training_steps.py`, of one library.

    Made when the library has been imported: memory and time count from there.

    Args:
        prepare: Function of the arguments of `open`, that returns a function
            of one training step, which returns its losses by name.
    """

    def __init__(self, prepare):
        self._prepare = prepare
        self._bare = peak_memory()
        self._import_seconds = _cpu_seconds()

    def open(self, **arguments):
        """Builds all, and steps twice; the first one may compile."""
        cpu, wall = _cpu_seconds(), time.perf_counter()
        self._step = self._prepare(**arguments)
        losses = self._take_steps(1)
        cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
        self._steps = 1
        seconds = self.turn()["cpu"]
        self._steps = math.ceil(_SECONDS_PER_TURN / seconds)
        return {
            "import_cpu_seconds": self._import_seconds,
            "first_step_cpu_seconds": cpu,
            "first_step_wall_seconds": wall,
            "steps_per_turn": self._steps,
            "first_losses": losses,
        }

    def turn(self):
        """Takes some steps; returns seconds of one, and the last losses."""
        cpu, wall = time.process_time(), time.perf_counter()
        losses = self._take_steps(self._steps)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {
            "cpu": cpu / self._steps,
            "wall": wall / self._steps,
            "losses": losses,
        }

    def memory(self):
        """Says how much more memory was needed than by the bare library."""
        return {"peak_memory_bytes": peak_memory() - self._bare}

    def _take_steps(self, count):
        for _ in range(count):
            losses = self._step()
        # Numbers, for which all that is still under way must come to its end.
        return {name: float(value) for name, value in losses.items()}


def _cpu_seconds():
    """Of this process and of compilers that it has started."""
    return sum(os.times()[:4])
