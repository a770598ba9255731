"""The two JSON files beside an export: what it is, and how it was proven."""

import dataclasses
import hashlib
import importlib.metadata
import json

from export import convert
from keras_gans.version import __version__

PARITY_NAME = "parity.json"
_FORMAT_VERSION = 2
_CHANNELS = {1: "grey", 3: "RGB"}


def file_name(role):
    """Returns the name of the sidecar, such as `generator.json`."""
    return f"{role}.json"


def write_sidecar(folder, request, signature, weights, rewrites, reports):
    """Writes the sidecar: all that a program needs to run the files.

    Args:
        folder: Folder that holds the files that passed, and no others.
        request: `export.exporter.ExportRequest`.
        signature: `export.signature.Signature` of the network.
        weights: The weights that the network's endpoint reads.
        rewrites: Dict from the name of each rewrite of the .tflite files to how
            often it was applied.
        reports: `export.exporter.FileReport`s of the files that passed.
    """
    document = {
        "format_version": _FORMAT_VERSION,
        "network": request.name,
        "step": request.step,
        "parameters": int(sum(x.size for x in weights)),
        "mode": request.mode and dataclasses.asdict(request.mode),
        "rewrites": rewrites,
        "versions": _versions(),
        "signature": convert.ENDPOINT,
        "inputs": [
            {"name": name}
            | _describe_input(name, spec, signature.num_classes, request.prior)
            for name, spec in signature.inputs.items()
        ],
        "output": {"name": signature.output_name}
        | _describe_output(signature.output_name, signature.output),
        "files": [
            _describe_file(path, folder, report.format)
            for report in reports
            for path in files_of(folder / report.file_name)
        ],
        "parity": PARITY_NAME,
    }
    _write(folder / file_name(request.role), document)


def write_parity(folder, request, scale, reports):
    """Writes `parity.json`: every file's figures, those that failed too.

    Args:
        folder: Folder of the export.
        request: `export.exporter.ExportRequest`.
        scale: Float > 0, the unit of the differences in the figures.
        reports: All `export.exporter.FileReport`s.
    """
    document = {
        "format_version": _FORMAT_VERSION,
        "network": request.name,
        "step": request.step,
        "versions": _versions(),
        "inputs": {
            "source": request.source,
            "shapes": {
                name: list(array.shape)
                for name, array in request.inputs.items()
            },
        },
        "output": {"name": request.output_name, "scale": scale},
        "files": [report.as_json() for report in reports],
    }
    _write(folder / PARITY_NAME, document)


def files_of(path):
    """Returns a file, or the files in a folder, sorted by path."""
    if path.is_dir():
        return sorted(x for x in path.rglob("*") if x.is_file())
    return [path]


def _describe_input(name, spec, num_classes, prior):
    if name == "latents":
        return spec.as_json() | {"distribution": "standard normal"}
    if name == "labels":
        return spec.as_json() | _describe_labels(num_classes)
    if name == "codes":
        return spec.as_json() | {"range": None, "prior": prior}
    return _describe_images(spec) | {
        "from_uint8": "images = pixels / 127.5 - 1"
    }


def _describe_output(name, spec):
    if name == "codes":
        return spec.as_json() | {"range": None}
    return _describe_images(spec) | {
        "to_uint8": "pixels = round(clip((images + 1) * 127.5, 0, 255))"
    }


def _describe_labels(num_classes):
    if num_classes is None:
        return {"range": None, "out_of_range": "undefined"}
    return {
        "range": [0, num_classes - 1],
        "out_of_range": "taken as the nearest label in range",
    }


def _describe_images(spec):
    return spec.as_json() | {
        "range": [-1, 1],
        "layout": "NHWC",
        "channels": _CHANNELS.get(spec.shape[-1], f"{spec.shape[-1]} channels"),
    }


def _describe_file(path, folder, format_name):
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": path.relative_to(folder).as_posix(),
        "format": format_name,
        "bytes": path.stat().st_size,
        "sha256": checksum,
    }


def _versions():
    others = ("tensorflow", "keras", "ai-edge-litert")
    return {"keras_gans": __version__} | {
        name: importlib.metadata.version(name) for name in others
    }


def _write(path, document):
    path.write_text(
        json.dumps(document, indent=2, allow_nan=False) + "\n",
        encoding="utf-8",
    )
