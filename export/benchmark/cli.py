"""The command line: `python -m export.benchmark`."""

import re

from export import command_line
from export.errors import UsageError

_FLAGS = {
    "export_dir": (
        "FOLDER",
        None,
        "Folder of an export, or of those of several networks: every .tflite "
        "file and saved_model in it is measured.",
    ),
    "files": (
        "FILES",
        None,
        ".tflite files or SavedModel folders, with commas, instead of or "
        "beside --export_dir.",
    ),
    "model": (
        "FILE.keras",
        None,
        "The saved model that the files were made of: it is measured too, in "
        "TensorFlow, PyTorch (torch.compile) and ONNX Runtime, where they are "
        "installed.",
    ),
    "threads": (
        "NUMBERS",
        "1,2",
        "Numbers of threads, with commas. Default: 1,2.",
    ),
    "repetitions": (
        "NUMBER",
        "30",
        "Rounds in which every row is called once. Default: 30.",
    ),
    "output_dir": (
        "FOLDER",
        "benchmark",
        "Where benchmark.json and benchmark.png go. Default: benchmark, in "
        "the working folder; the folder of an export holds nothing else.",
    ),
}
_ABOUT = """\
Measures exported files: latency, CPU time, loading, memory, size on disk,
partitions and where the time goes. Each runs in a process of its own, and the
rows take turns, so that what else the machine does hits all of them alike.

  python -m export.benchmark --export_dir=runs/cyclegan-001/export
  python -m export.benchmark --files=a.tflite,b.tflite --threads=1
"""
_EXIT_CODES = """\
Exit codes: 0 all rows measured, 1 a row was not, 2 wrong flags, 65 nothing
usable to measure, 74 a file cannot be read or written."""


def main(argv=None):
    """Runs the command.

    Args:
        argv: List of words, the program's name first. Default: `sys.argv`.

    Returns:
        The exit code.
    """
    return command_line.main(
        _FLAGS, _ABOUT, _EXIT_CODES, _check, _run, argv=argv
    )


def _check(options):
    if not (options.export_dir or options.files or options.model):
        raise UsageError(
            "Give --export_dir=FOLDER, --files=FILES or --model=FILE.keras."
        )
    numbers = options.threads.split(",")
    if not all(re.fullmatch(r"[1-9]\d{0,2}", x) for x in numbers):
        raise UsageError(
            "--threads must be numbers from 1, with commas. "
            f"Received: {options.threads}."
        )
    if not re.fullmatch(r"[1-9]\d{0,4}", options.repetitions):
        raise UsageError(
            "--repetitions must be a number from 1. "
            f"Received: {options.repetitions}."
        )


def _run(options):
    from export.benchmark import command

    return command.run(options)
