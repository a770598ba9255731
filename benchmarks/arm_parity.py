"""Runs exported .tflite files on an emulated 64-bit ARM processor.

    python benchmarks/arm_parity.py --export_dir=runs/cyclegan/export

Prints for every file below the folder how far its answers on ARM are from
those on this machine, on inputs that the file's signature asks for. Both run
the same version of LiteRT, and so XNNPACK, from its wheel for the platform.
Exit code 1 if a file does not run there. The first run downloads the guest,
see `arm_guest.py`. Emulated seconds say nothing about the speed of phones.
"""

import argparse
import dataclasses
import pathlib
import sys
import tempfile
import time

import arm_guest
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from export import network, parity
from export.endpoints import Endpoint, Trial
from export.signature import Signature, Spec
from keras_gans.data import pixels

NUM_INPUTS = 2  # A network of paper size takes a minute for each.
NUM_WAVES = 6
FREE_SIDE = 64  # Of a file that takes images of any size.


def make_inputs(specs):
    """Makes inputs for a file: smooth pictures, normal noise, labels in turn.

    Args:
        specs: Dict from input name to `export.signature.Spec`.

    Returns:
        Dict from input name to array `(NUM_INPUTS, ...)`, images in [-1, 1].
        Labels out of range are no error to an exported file.
    """
    rng = np.random.default_rng(0)
    inputs = {}
    for name, spec in specs.items():
        shape = tuple(side or FREE_SIDE for side in spec.shape[1:])
        if name == "labels":
            inputs[name] = np.arange(NUM_INPUTS, dtype=spec.dtype)
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


def read_endpoints(path):
    """Describes the signatures of a file, with answers from this machine.

    Args:
        path: A .tflite file.

    Returns:
        List of `export.endpoints.Endpoint` without networks.
    """
    interpreter = Interpreter(str(path))
    return [
        _read_endpoint(name, interpreter.get_signature_runner(name))
        for name in interpreter.get_signature_list()
    ]


def _read_endpoint(name, runner):
    inputs, outputs = (
        {key: _spec(x) for key, x in details.items()}
        for details in (runner.get_input_details(), runner.get_output_details())
    )
    ((output_name, output),) = outputs.items()
    signature = Signature(inputs, output, output_name=output_name)
    endpoint = Endpoint(name, None, signature, [])
    inputs = make_inputs(inputs)
    served = endpoint.served(inputs)
    answers = [
        runner(**{key: array[i : i + 1] for key, array in served.items()})
        for i in range(NUM_INPUTS)
    ]
    answers = np.concatenate([x[output_name] for x in answers])
    if output_name == "images":
        answers = pixels.to_float(answers)
    return dataclasses.replace(endpoint, trials=[Trial(inputs, answers)])


def _spec(detail):
    shape = [None if x < 0 else int(x) for x in detail["shape_signature"]]
    return Spec(tuple(shape), np.dtype(detail["dtype"]).name)


def measure(path, endpoints, python):
    """Runs a file elsewhere and compares it with answers from here.

    Args:
        path: A .tflite file.
        endpoints: List of `export.endpoints.Endpoint`, with the answers to
            compare with.
        python: List of words that start the other machine's Python.

    Returns:
        Figures as of `export.comparison.compare`, differences in units of
        `export.network.scale_of`; `{"error": sentence}` if it did not run.
    """
    scale = max(
        network.scale_of(trial.outputs, endpoint.signature.output_name)
        for endpoint in endpoints
        for trial in endpoint.trials
    )
    job = parity.Job(pathlib.Path(path).resolve(), "litert", endpoints, scale)
    with tempfile.TemporaryDirectory() as scratch:
        (figures,) = parity.measure([job], scratch, python)
    return figures


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
        endpoints = read_endpoints(path)
        start = time.monotonic()
        verdicts.append(describe(measure(path, endpoints, python)))
        seconds = time.monotonic() - start
        name = path.relative_to(arguments.export_dir)
        print(f"{name}  {verdicts[-1]}  {seconds:.0f} s emulated", flush=True)
    sys.exit(int(any(x.startswith("FAILED") for x in verdicts)))


if __name__ == "__main__":
    main()
