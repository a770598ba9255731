"""What was measured, as rows for a JSON file and as a table for people."""

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
_NUM_OPERATORS = 4  # As many as a line holds.


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
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "processor": _processor(),
            "num_cpus": os.cpu_count(),
        },
        "versions": _versions(),
        "rows": rows,
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
    """Largest difference of any output; `None` if the shapes differ."""
    pairs = list(zip(baseline.outputs, timing.outputs))
    if not pairs or any(x.shape != y.shape for x, y in pairs):
        return None
    differences = [
        np.abs(x.astype("float64") - y.astype("float64")).max()
        for x, y in pairs
    ]
    return float(max(differences))


def make_table(document):
    """Returns lines for the screen.

    Args:
        document: What `make_document` returned.
    """
    lines = []
    rows = document["rows"]
    width = max(len(row["name"]) for row in rows)
    for threads in rows[0]["threads"]:
        word = "thread" if threads == "1" else "threads"
        lines += [
            f"{threads} {word}",
            f"  {'':{width}} {'times as fast':>20} {'ms a call':>10}"
            f" {'quartiles':>15} {'load ms':>8} {'MB more':>8}",
            f"  {'':{width}} {'wall':>10} {'CPU':>9}",
        ]
        for row in rows:
            lines.append(_describe_row(row, row["threads"][threads], width))
        lines.append("")
    lines += [
        f"  {'':{width}} {'MB on disk':>10} {'partitions':>11} "
        f"{'difference':>11}",
        *(_describe_file(row, width) for row in rows),
        "",
        *_describe_profiles(rows, width),
        _describe_baselines(rows),
        "Times are of this machine and this moment; the ratios are of calls "
        "that took turns.",
    ]
    return lines


def _describe_row(row, cell, width):
    if cell["problem"]:
        return f"  {row['name']:{width}} not measured: {cell['problem']}"
    wall = {k: 1e3 * x for k, x in cell["wall_seconds"].items()}
    quartiles = f"{wall['lower_quartile']:.4g}-{wall['upper_quartile']:.4g}"
    return (
        f"  {row['name']:{width}} {cell['wall_speed']['median']:>10.2f} "
        f"{cell['cpu_speed']['median']:>9.2f} {wall['median']:>10.4g} "
        f"{quartiles:>15} {1e3 * cell['load_seconds']:>8.4g} "
        f"{_megabytes(cell['peak_memory_bytes']):>8}"
    )


def _describe_file(row, width):
    differences = [
        x["max_difference"]
        for x in row["threads"].values()
        if x.get("max_difference") is not None
    ]
    difference = f"{max(differences):.1e}" if differences else "-"
    partitions = "-" if row["partitions"] is None else row["partitions"]
    return (
        f"  {row['name']:{width}} {_megabytes(row['bytes']):>10} "
        f"{partitions:>11} {difference:>11}"
    )


def _describe_profiles(rows, width):
    lines = []
    for row in rows:
        if "profile_problem" in row:
            lines.append(
                f"  {row['name']:{width}} not profiled: "
                f"{row['profile_problem']}"
            )
        elif "profile" in row:
            shares = ", ".join(
                f"{x['operator']} {x['share']:.0%}"
                for x in row["profile"][:_NUM_OPERATORS]
            )
            lines.append(f"  {row['name']:{width}} {shares}")
    if lines:
        return ["Where the time goes, at 1 thread", *lines, ""]
    return []


def _describe_baselines(rows):
    names = dict.fromkeys(
        cell["baseline"]
        for row in rows
        for cell in row["threads"].values()
        if "baseline" in cell
    )
    if not names:
        return "Nothing was measured."
    return f"Ratios and differences are to {' and '.join(names)}."


def _megabytes(num_bytes):
    return "-" if num_bytes is None else f"{num_bytes / 1e6:.2f}"


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
