"""What the command prints."""

import contextlib
import os
import sys

from export.signature import DEFAULT_NAME

_LITERT_SNIPPET = """\
import numpy as np
from ai_edge_litert.interpreter import Interpreter
run = Interpreter({path!r}).get_signature_runner({name})
{output} = run({arguments})["{output}"]"""
_SAVED_MODEL_SNIPPET = """\
import tensorflow as tf
model = tf.saved_model.load({path!r})
run = model.signatures[{signature!r}]
{output} = run({arguments})["{output}"]"""


def describe(report):
    """Describes one file in one line."""
    figures = report.figures
    parts = [f"  {report.file_name:26}", f"{report.num_bytes / 1e6:8.2f} MB"]
    if "max_difference" in figures:
        parts.append(f"max difference {figures['max_difference']:.1e}")
        parts.append(f"PSNR {figures['psnr_db']:5.1f} dB")
    verdict = "ok" if report.passed else f"FAILED: {report.problems[0]}"
    return "  ".join([*parts, verdict])


def snippet(result):
    """Returns four lines of Python that run one published file.

    Args:
        result: `export.ExportResult` with at least one file that passed.
    """
    passed = [x.file_name for x in result.reports if x.passed]
    name = result.signature_name
    for_phones = [name for name in passed if name.endswith(".tflite")]
    template = _LITERT_SNIPPET if for_phones else _SAVED_MODEL_SNIPPET
    library = "np" if for_phones else "tf"
    arguments = [
        f'{name}={library}.zeros({spec.shape}, "{spec.dtype}")'
        for name, spec in result.signature.inputs.items()
    ]
    return template.format(
        path=str(result.folder / (for_phones or passed)[0]),
        arguments=", ".join(arguments),
        output=result.signature.output_name,
        signature=name,
        # LiteRT finds the name itself if there is but one.
        name="" if name == DEFAULT_NAME else repr(name),
    )


@contextlib.contextmanager
def quiet_libraries():
    """Drops what the C++ libraries write to the screen.

    They write to the file descriptor, at import before they have read any
    setting, and during conversion whatever the setting. Their errors arrive
    as exceptions all the same.
    """
    sys.stderr.flush()
    visible = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(visible, 2)
        os.close(nowhere)
        os.close(visible)
