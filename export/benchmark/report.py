"""What was measured, as rows for a JSON file."""

import importlib.metadata
import os
import platform

import numpy as np

from export.benchmark import ratios

FORMAT_VERSION = 1
_LIBRARIES = (
    "keras_gans",
    "ai-edge-litert",
    "tensorflow",
    "keras",
    "torch",
    "onnxruntime",
)


def make_document(subjects, timings, profiles, repetitions):
    """Puts all that was measured together.

    Args:
        subjects: List of `export.benchmark.subjects.Subject`.
        timings: Dict from number of threads to a list of
            `export.benchmark.measuring.Timing`, in the order of `subjects`.
        profiles: Dict from index of a subject to what
            `export.benchmark.operator_profile.profile` returned for it, or
            to a sentence why there is none.
        repetitions: Integer, number of rounds.

    Returns:
        Dict that JSON can hold.
    """
    rows = []
    for i, subject in enumerate(subjects):
        row = {
            "name": subject.name,
            "network": subject.network,
            "file": str(subject.path) if subject.num_bytes else None,
            "signature": subject.signature,
            "runtime": subject.runtime,
            "inputs": subject.inputs,
            "bytes": subject.num_bytes,
            "weights": subject.weights,
            "operators": subject.operators,
            "partitions": subject.partitions,
            "problem": subject.problem,
            "threads": {},
        }
        for threads, measured in timings.items():
            row["threads"][str(threads)] = _describe(i, subjects, measured)
        if i in profiles:
            found = profiles[i]
            key = "profile_problem" if isinstance(found, str) else "profile"
            row[key] = found
        rows.append(row)
    return {
        "format_version": FORMAT_VERSION,
        "repetitions": repetitions,
        **describe_machine(),
        "rows": rows,
    }


def describe_machine():
    """Returns the machine, and the versions of the libraries, as dicts."""
    return {
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "processor": _processor(),
            "num_cpus": os.cpu_count(),
        },
        "versions": _versions(),
    }


def _describe(i, subjects, timings):
    timing = timings[i]
    if timing.problem:
        return {"problem": timing.problem}
    baseline = find_baseline(i, subjects, timings)
    return timing.figures | {
        "wall_seconds": ratios.summarise(timing.wall),
        "cpu_seconds": ratios.summarise(timing.cpu),
        "baseline": subjects[baseline].name,
        "wall_speed": ratios.speed(timings[baseline].wall, timing.wall),
        "cpu_speed": ratios.speed(timings[baseline].cpu, timing.cpu),
        "max_difference": _difference(timings[baseline], timing),
        "rounds": {"wall": timing.wall, "cpu": timing.cpu},
        "problem": None,
    }


def find_baseline(i, subjects, timings):
    """Finds the row that others are set beside.

    It is the first float32 .tflite file that does the same work; without one,
    the first row that does.

    Args:
        i: Index of a row that was measured.
        subjects: List of `Subject`.
        timings: List of `Timing`, in the same order.

    Returns:
        Index of the baseline.
    """
    peers = [
        j
        for j, subject in enumerate(subjects)
        if not timings[j].problem and subject.is_comparable(subjects[i])
    ]
    plain = [j for j in peers if subjects[j].weights == "float32"]
    return (plain or peers)[0]


def _difference(baseline, timing):
    """Largest difference of any output; `None` where there is no number."""
    pairs = list(zip(baseline.outputs, timing.outputs))
    if not pairs or any(x.shape != y.shape for x, y in pairs):
        return None
    differences = [
        np.abs(x.astype("float64") - y.astype("float64")).max()
        for x, y in pairs
    ]
    largest = float(np.max(differences))  # Of NaN and a number, NaN.
    return largest if np.isfinite(largest) else None


def _processor():
    """The processor's name, where Linux tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [x for x in file if x.startswith("model name")]
    except OSError:
        lines = []
    if lines:
        return lines[0].partition(":")[2].strip()
    return platform.processor() or None


def _versions():
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
