"""The process that holds one runtime: `python -m export.benchmark.worker`.

It imports the library of its runtime and no other, and nothing of this
package that would, so that its memory is what a program would need.
"""

import json
import math
import os
import sys
import time

import numpy as np

from export.benchmark import runtimes
from export.errors import one_line

# A turn lasts at least as long, or the clock would count for too much.
_SECONDS_PER_TURN = 0.02
_SEED = 0


def serve(worker):
    """Answers the questions that come in, until there are no more.

    Args:
        worker: Object whose methods are the questions, and return the answers.
    """
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(worker, question.pop("do"))(**question)
        except Exception as error:  # Whatever a broken file provokes.
            answer = {"error": one_line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class _Worker:
    """Answers questions; their names are those of the methods."""

    def inspect(self, runtime, path):
        """Says what is in a file."""
        return runtimes.RUNTIMES[runtime](threads=1).inspect(path)

    def open(self, runtime, path, signature, inputs, threads, outputs):
        """Opens a file, calls it twice and keeps it ready.

        The outputs of the first call go to the .npz file `outputs`.
        """
        library = runtimes.RUNTIMES[runtime](threads)
        self._inputs = draw(inputs)
        self._bare = peak_memory()
        start = time.perf_counter()
        self._call = library.open(path, signature, self._inputs)
        opened = time.perf_counter()
        results = self._call(self._inputs)
        called = time.perf_counter()
        np.savez(outputs, *results)
        self._calls = 1
        seconds = self.turn()["wall"]
        self._calls = math.ceil(_SECONDS_PER_TURN / max(seconds, 1e-6))
        return {
            "load_seconds": opened - start,
            "first_call_seconds": called - opened,
            "calls_per_turn": self._calls,
        }

    def turn(self):
        """Calls the network; returns wall and CPU seconds of one call."""
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(self._calls):
            self._call(self._inputs)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"wall": wall / self._calls, "cpu": cpu / self._calls}

    def memory(self):
        """Says how much more memory was needed than by the bare runtime."""
        if self._bare is None:
            return {"peak_memory_bytes": None}
        return {"peak_memory_bytes": peak_memory() - self._bare}


def draw(specs):
    """Draws inputs by a signature, the same ones in every process.

    Args:
        specs: Dict from name to `{"shape", "dtype"}`.

    Returns:
        Dict from name to array: floats are standard normal, bytes take any
        value, other integers are 0 or 1, which every table of labels has.
    """
    generator = np.random.default_rng(_SEED)
    inputs = {}
    for name in sorted(specs):
        shape, dtype = specs[name]["shape"], np.dtype(specs[name]["dtype"])
        if min(shape, default=1) < 1:
            raise ValueError(
                f"the input {name} has a free size, {shape}: export a file of "
                "one size"
            )
        if dtype.kind == "f":
            array = generator.standard_normal(shape)
        elif dtype.itemsize == 1 and dtype.kind in "iu":
            limits = np.iinfo(dtype)
            array = generator.integers(limits.min, limits.max + 1, shape)
        else:
            array = generator.integers(0, 2, shape)
        inputs[name] = array.astype(dtype)
    return inputs


def peak_memory():
    """Returns the largest resident size so far in bytes; `None` if unknown.

    From Linux's own account of this program: `ru_maxrss` would begin with
    that of the process which started it.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            sizes = [x.split()[1] for x in file if x.startswith("VmHWM:")]
    except OSError:
        return None
    return int(sizes[0]) * 1024 if sizes else None


if __name__ == "__main__":
    serve(_Worker())
