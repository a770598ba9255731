"""Proof that a file equals its network: measured elsewhere, judged here."""

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ai_edge_litert import schema_py_generated

from export import convert
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
        inputs: Path of a .npz file with an array `(n, ...)` for each input.
        outputs: Path of a .npy file with Keras's answers, `(n, ...)`.
        scale: Float > 0, the unit of the differences from them.
    """

    path: Path
    runtime: str
    inputs: Path
    outputs: Path
    scale: float

    def as_json(self):
        return dataclasses.asdict(self) | {
            "path": str(self.path),
            "inputs": str(self.inputs),
            "outputs": str(self.outputs),
            "endpoint": convert.ENDPOINT,
        }


def measure(jobs, scratch, python=(sys.executable,)):
    """Measures files in a fresh process, and in another one after a crash.

    Args:
        jobs: List of `Job`. SavedModels are measured last, so that .tflite
            files meet a process without TensorFlow.
        scratch: Folder for the messages between the processes.
        python: The words of the command that starts Python. Default: this one.

    Returns:
        Dict from job to figures; `{"error": sentence}` if there are none.
    """
    jobs = sorted(jobs, key=lambda job: job.runtime == "saved_model")
    figures = []
    while len(figures) < len(jobs):
        figures += _run_verifier(jobs[len(figures) :], Path(scratch), python)
    return dict(zip(jobs, figures))


def _run_verifier(jobs, scratch, python):
    """Returns the figures up to the first crash, at least one of them."""
    messages, results = scratch / "jobs.json", scratch / "results.jsonl"
    messages.write_text(json.dumps([job.as_json() for job in jobs]))
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


def find_problems(figures, bounds, signature):
    """Judges one file.

    Args:
        figures: What `measure` returned for it.
        bounds: `export.formats.Bounds` that hold for it.
        signature: `export.signature.Signature` of the network.

    Returns:
        List of sentences, empty if the file equals the network.
    """
    if "error" in figures:
        return [" ".join(figures["error"].split())]
    return [
        *_signature_problems(figures, signature),
        *_value_problems(figures, bounds, signature.output_name),
        *_operator_problems(figures.get("operators", {})),
    ]


def _signature_problems(figures, signature):
    expected = {
        "inputs": signature.inputs,
        "outputs": {signature.output_name: signature.output},
    }
    for kind, specs in expected.items():
        wanted = {name: spec.as_json() for name, spec in specs.items()}
        if figures[kind] != wanted:
            yield f"{kind} are {figures[kind]}, not {wanted}"


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


def find_size_problems(num_bytes, bytes_per_weight, weights):
    """Judges the size of a file: a converter may lose the weights.

    Args:
        num_bytes: Size of the file, or of the SavedModel's files together.
        bytes_per_weight: Bytes that one number of a kernel takes.
        weights: The weights that the network's endpoint reads.

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
    # Twice the weights, and half a megabyte for the graph.
    largest = 8 * sum(x.size for x in weights) + 500_000
    if smallest <= num_bytes <= largest:
        return []
    return [
        f"{num_bytes} bytes are not plausible for these weights, "
        f"{smallest:.0f} to {largest} are"
    ]


def _operator_problems(operators):
    for name in sorted(set(operators) - ALLOWED_OPERATORS):
        yield f"operator {name} is not a built-in one that phones run"
