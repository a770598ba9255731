"""Proof that a file equals its network: measured elsewhere, judged here."""

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated

from export import comparison
from export.network import RANGE_TOLERANCE

VERIFIER = Path(__file__).with_name("verify.py")
# Eight pictures through a paper-sized generator take about two minutes.
TIMEOUT_SECONDS = 1800

# Built-in to LiteRT, but a sign of a lost weight or of a shape that is not
# static; phone GPUs refuse them too.
_REFUSED_OPERATORS = {
    "ASSIGN_VARIABLE",
    "CALL_ONCE",
    "CUSTOM",
    "DELEGATE",
    "PLACEHOLDER_FOR_GREATER_OP_CODES",
    "READ_VARIABLE",
    "SHAPE",
    "VAR_HANDLE",
}
# A file for images of any size has to ask for it.
_FREE_OPERATORS = {"SHAPE"}
ALLOWED_OPERATORS = frozenset(
    name
    for name in vars(schema_py_generated.BuiltinOperator)
    if name.isupper() and name not in _REFUSED_OPERATORS
)


@dataclasses.dataclass(frozen=True)
class Job:
    """One file to measure.

    Args:
        path: The file, or the SavedModel's folder.
        runtime: "litert" or "saved_model".
        endpoints: List of `export.endpoints.Endpoint` that it must have.
        scale: Float > 0, the unit of the differences from Keras.
        description: Dict that its metadata must hold; `None` for any.
    """

    path: Path
    runtime: str
    endpoints: list
    scale: float
    description: dict | None = None

    @property
    def signatures(self):
        """What the file must say of itself, by endpoint."""
        return {x.name: x.signature.as_json() for x in self.endpoints}

    def trials(self):
        """Pairs of an endpoint and one of its `Trial`s."""
        return [(x, trial) for x in self.endpoints for trial in x.trials]


def measure(jobs, scratch, python=(sys.executable,)):
    """Measures files in a fresh process, and in another one after a crash.

    Args:
        jobs: List of `Job`. SavedModels are measured last, so that .tflite
            files meet a process without TensorFlow.
        scratch: Folder for the messages between the processes.
        python: The words of the command that starts Python. Default: this one.

    Returns:
        List of figures, one for each job; `{"error": sentence}` if there are
        none.
    """
    messages = [
        _write_message(job, Path(scratch) / f"job_{i}")
        for i, job in enumerate(jobs)
    ]
    order = sorted(
        range(len(jobs)), key=lambda i: jobs[i].runtime == "saved_model"
    )
    figures = []
    while len(figures) < len(jobs):
        rest = [messages[i] for i in order[len(figures) :]]
        figures += _run_verifier(rest, Path(scratch), python)
    seen = dict(zip(order, figures))
    return [_compare(job, messages[i], seen[i]) for i, job in enumerate(jobs)]


def _write_message(job, folder):
    """Writes the inputs of a job as its file takes them."""
    folder.mkdir()
    trials = []
    for i, (endpoint, trial) in enumerate(job.trials()):
        inputs = folder / f"inputs_{i}.npz"
        np.savez(inputs, **endpoint.served(trial.inputs))
        trials.append(
            {
                "endpoint": endpoint.name,
                "inputs": str(inputs),
                "answers": str(folder / f"answers_{i}.npy"),
            }
        )
    return {
        "path": str(job.path),
        "runtime": job.runtime,
        "signatures": job.signatures,
        "description": job.description,
        "trials": trials,
    }


def _compare(job, message, figures):
    """Adds to what the process saw how far its answers are from Keras's."""
    if "error" in figures or figures["signatures"] != job.signatures:
        return figures  # It was never run.
    comparisons = [
        comparison.compare(
            np.load(written["answers"]),
            trial.outputs,
            job.scale,
            endpoint.signature.output_name == "images",
        )
        for written, (endpoint, trial) in zip(message["trials"], job.trials())
    ]
    return figures | comparison.worst(comparisons)


def _run_verifier(jobs, scratch, python):
    """Returns the figures up to the first crash, at least one of them."""
    messages, results = scratch / "jobs.json", scratch / "results.jsonl"
    messages.write_text(json.dumps(jobs))
    results.write_text("")
    # -P: this package's folder must not hide other packages' modules.
    command = [*python, "-P", VERIFIER, messages, results]
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "-1",  # Bounds are meant for float32.
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    try:
        process = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        death = f"no answer in {TIMEOUT_SECONDS} seconds"
    else:
        death = _describe_death(process)
    lines = results.read_text(encoding="utf-8").splitlines(keepends=True)
    figures = [json.loads(line) for line in lines if line.endswith("\n")]
    if len(figures) < len(jobs):
        figures.append({"error": death})
    return figures


def _describe_death(process):
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        return f"the process that opened it died of {name}"
    last_line = process.stderr.decode(errors="replace").strip().split("\n")[-1]
    return (
        "the process that opened it ended with exit code "
        f"{process.returncode}: {last_line}"
    )


def find_problems(figures, bounds, job):
    """Judges one file.

    Args:
        figures: What `measure` returned for it.
        bounds: `export.formats.Bounds` that hold for it.
        job: Its `Job`.

    Returns:
        List of sentences, empty if the file equals the network.
    """
    if "error" in figures:
        return [" ".join(figures["error"].split())]
    are_free = any(x.sides is not None for x in job.endpoints)
    output_name = job.endpoints[0].signature.output_name
    return [
        *_signature_problems(figures["signatures"], job.signatures),
        *_metadata_problems(figures),
        *_value_problems(figures, bounds, output_name),
        *_operator_problems(figures.get("operators", {}), are_free),
    ]


def _signature_problems(received, expected):
    if received.keys() != expected.keys():
        yield f"signatures are {[*received]}, not {[*expected]}"
        return
    for name, wanted in expected.items():
        for kind in ("inputs", "outputs"):
            if received[name][kind] != wanted[kind]:
                yield f"{kind} are {received[name][kind]}, not {wanted[kind]}"


def _metadata_problems(figures):
    if not figures.get("same_metadata", True):
        yield "its metadata is not what the export says of it"


def _value_problems(figures, bounds, output_name):
    if "finite" not in figures:  # It was never run.
        return
    if not figures["finite"]:
        yield "outputs are not finite"
        return
    if not figures["same_shape"]:
        yield "outputs have another shape than Keras's"
        return
    largest = max(-figures["output_min"], figures["output_max"])
    if output_name == "images" and largest > 1.0 + RANGE_TOLERANCE:
        yield f"outputs reach {largest:.4g}, outside [-1, 1]"
    yield from bounds.problems(figures)


def find_size_problems(num_bytes, bytes_per_weight, weights, most=None):
    """Judges the size of a file: a converter may lose weights, or the format.

    Args:
        num_bytes: Size of the file, or of the SavedModel's files together.
        bytes_per_weight: Bytes that one number of a kernel takes.
        weights: The weights that the network's endpoint reads.
        most: Bytes that a number may take at most, of the few that stay in a
            larger type. Default: one more than `bytes_per_weight`, on average.

    Returns:
        List of sentences, empty if the size is plausible.
    """
    # The converter stores equal kernels once and folds vectors into others.
    kernels = {
        hashlib.sha256(x.tobytes()).digest(): x.size
        for x in weights
        if x.ndim > 1
    }
    smallest = 0.95 * bytes_per_weight * sum(kernels.values())
    # Half a megabyte is for the graph.
    most = most or bytes_per_weight + 1
    largest = most * sum(x.size for x in weights) + 500_000
    if smallest <= num_bytes <= largest:
        return []
    return [
        f"{num_bytes} bytes are not plausible for these weights, "
        f"{smallest:.0f} to {largest} are"
    ]


def _operator_problems(operators, are_free):
    allowed = ALLOWED_OPERATORS | (_FREE_OPERATORS if are_free else set())
    for name in sorted(set(operators) - allowed):
        yield f"operator {name} is not a built-in one that phones run"
