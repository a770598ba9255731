"""What `python -m export.benchmark` does once its flags are well formed."""

import json
import tempfile
from pathlib import Path

from export import console
from export.benchmark import measuring, plot, processes, report, table
from export.benchmark import subjects as subjects_lib

_PROFILED_CALLS = 10


def run(options):
    """Measures, prints and writes.

    Args:
        options: `absl.flags.FlagValues` of `export.benchmark.cli`.

    Returns:
        Whether every row was measured.
    """
    threads = list(dict.fromkeys(map(int, options.threads.split(","))))
    output_dir = Path(options.output_dir)
    with tempfile.TemporaryDirectory() as scratch:
        subjects = _find(options, Path(scratch))
        output_dir.mkdir(parents=True, exist_ok=True)
        document = measure(subjects, threads, int(options.repetitions), _say)
    _say("")
    for line in table.make_table(document):
        _say(line)
    path = output_dir / "benchmark.json"
    path.write_text(
        json.dumps(document, indent=2, allow_nan=False) + "\n",
        encoding="utf-8",
    )
    plot.plot_speed(document, output_dir / "benchmark.png")
    _say(f"Wrote {path} and benchmark.png.")
    return not any(
        cell["problem"]
        for row in document["rows"]
        for cell in row["threads"].values()
    )


def measure(subjects, threads, repetitions, say=lambda line: None):
    """Measures rows side by side, and then where their time goes.

    Args:
        subjects: List of `export.benchmark.subjects.Subject`.
        threads: List of integers, numbers of threads.
        repetitions: Integer, number of rounds.
        say: Function of a line about the progress.

    Returns:
        What `export.benchmark.report.make_document` returns.
    """
    timings = {
        number: measuring.measure(subjects, number, repetitions, say)
        for number in threads
    }
    say("Profiling ...")
    profiles = {
        i: _profile(subject)
        for i, subject in enumerate(subjects)
        if subject.runtime == "litert" and not subject.problem
    }
    return report.make_document(subjects, timings, profiles, repetitions)


def _find(options, scratch):
    found = []
    if options.export_dir:
        home = Path(options.export_dir)
        found += subjects_lib.open_files(subjects_lib.find(home), home)
    if options.files:
        paths = map(Path, options.files.split(","))
        found += subjects_lib.open_files(list(paths))
    if options.model:
        _say(f"Preparing {options.model} for other runtimes ...")
        with console.quiet_libraries():
            from export.benchmark import competitors

        networks = {subject.network for subject in found}
        found += competitors.prepare(options.model, scratch, networks)
    return found


def _profile(subject):
    """Returns the shares of operators, or why there are none."""
    question = {
        "path": str(subject.path),
        "signature": subject.signature,
        "repetitions": _PROFILED_CALLS,
    }
    try:
        with processes.Process("export.benchmark.operator_profile") as process:
            return process.ask(question)["profile"]
    except processes.ProcessError as error:
        return str(error)


def _say(line):
    print(line, flush=True)
