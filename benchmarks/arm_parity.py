"""Runs exported .tflite files on an emulated 64-bit ARM processor.

    python benchmarks/arm_parity.py --export_dir=runs/cyclegan/export

Prints for every file below the folder how far its answers on ARM are from
those on this machine, on inputs that the file's signature asks for. Both run
the same version of LiteRT, and so XNNPACK, from its wheel for the platform.
Exit code 1 if a file does not run there. The first run downloads the guest,
see `arm_guest.py`. Emulated seconds say nothing about the speed of phones.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import arm_guest
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from export import convert, network, parity

NUM_INPUTS = 2  # A network of paper size takes a minute for each.
NUM_WAVES = 6


def make_inputs(path):
    """Makes inputs for a file: smooth pictures, normal noise, labels in turn.

    Args:
        path: A .tflite file.

    Returns:
        Dict from input name to array `(NUM_INPUTS, ...)`. Labels out of range
        are no error to an exported file.
    """
    rng = np.random.default_rng(0)
    inputs = {}
    details = _open(path).get_input_details()
    for name, detail in details.items():
        shape = tuple(detail["shape_signature"][1:])
        if name == "labels":
            inputs[name] = np.arange(NUM_INPUTS, dtype=detail["dtype"])
        elif name == "images":
            inputs[name] = np.stack(
                [_smooth_picture(shape, rng) for _ in range(NUM_INPUTS)]
            )
        else:
            inputs[name] = rng.standard_normal((NUM_INPUTS, *shape), "float32")
    return inputs


def _smooth_picture(shape, rng):
    """Waves of all directions, in [-1, 1] and up to it on either side."""
    height, width, channels = shape
    y, x = np.mgrid[:height, :width][..., None] / max(height, width)
    picture = sum(
        np.sin(
            y * rng.normal(0, 6, channels)
            + x * rng.normal(0, 6, channels)
            + rng.uniform(0, 2 * np.pi, channels)
        )
        for _ in range(NUM_WAVES)
    )
    low, high = picture.min(), picture.max()
    return (2 * (picture - low) / (high - low) - 1).astype("float32")


def answer(path, inputs):
    """Runs a file on this machine.

    Args:
        path: A .tflite file.
        inputs: Dict from input name to array `(n, ...)`.

    Returns:
        Name of the output and array `(n, ...)`.
    """
    runner = _open(path)
    (output_name,) = runner.get_output_details()
    count = len(next(iter(inputs.values())))
    rows = [
        {name: array[i : i + 1] for name, array in inputs.items()}
        for i in range(count)
    ]
    outputs = [runner(**row)[output_name] for row in rows]
    return output_name, np.concatenate(outputs)


def _open(path):
    return Interpreter(str(path)).get_signature_runner(convert.ENDPOINT)


def measure(path, inputs, output_name, outputs, python):
    """Runs a file elsewhere and compares it with answers from here.

    Args:
        path: A .tflite file.
        inputs: Dict from input name to array `(n, ...)`.
        output_name: "images" or "codes".
        outputs: Array `(n, ...)`, the answers to compare with.
        python: List of words that start the other machine's Python.

    Returns:
        Figures as of `export.verify.compare`, differences in units of
        `export.network.scale_of`; `{"error": sentence}` if it did not run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        np.savez(scratch / "inputs.npz", **inputs)
        np.save(scratch / "outputs.npy", outputs)
        job = parity.Job(
            pathlib.Path(path).resolve(),
            "litert",
            scratch / "inputs.npz",
            scratch / "outputs.npy",
            network.scale_of(outputs, output_name),
        )
        return parity.measure([job], scratch, python)[job]


def describe(figures):
    """Describes the figures of one file in a few words."""
    if "error" in figures:
        return f"FAILED: {figures['error']}"
    if not figures["finite"]:
        return "FAILED: answers on ARM are not finite"
    return (
        f"max difference {figures['max_difference']:.1e}  "
        f"PSNR {figures['psnr_db']:5.1f} dB  "
        f"{figures['partitions']} in XNNPACK"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--export_dir", type=pathlib.Path, required=True)
    parser.add_argument(
        "--root",
        type=pathlib.Path,
        default=arm_guest.default_root(),
        help="Folder that keeps the guest (default: %(default)s).",
    )
    arguments = parser.parse_args()
    paths = sorted(arguments.export_dir.rglob("*.tflite"))
    if not paths:
        sys.exit(
            "--export_dir must hold .tflite files. "
            f"Received: {arguments.export_dir}"
        )
    try:
        python = arm_guest.python_command(arguments.root)
    except (arm_guest.GuestUnavailable, RuntimeError) as error:
        sys.exit(str(error))
    verdicts = []
    for path in paths:
        inputs = make_inputs(path)
        outputs = answer(path, inputs)
        start = time.monotonic()
        verdicts.append(describe(measure(path, inputs, *outputs, python)))
        seconds = time.monotonic() - start
        name = path.relative_to(arguments.export_dir)
        print(f"{name}  {verdicts[-1]}  {seconds:.0f} s emulated", flush=True)
    sys.exit(int(any(x.startswith("FAILED") for x in verdicts)))


if __name__ == "__main__":
    main()
