"""The two JSON files beside an export: what it is, and how it was proven."""

import dataclasses
import hashlib
import importlib.metadata
import json

from keras_gans.version import __version__

PARITY_NAME = "parity.json"
_FORMAT_VERSION = 3
_CHANNELS = {1: "grey", 3: "RGB"}


def file_name(role):
    """Returns the name of the sidecar, such as `generator.json`."""
    return f"{role}.json"


def describe(request, endpoints):
    """Describes the functions of an export, as files tell of themselves.

    Args:
        request: `export.records.ExportRequest`.
        endpoints: List of `export.endpoints.Endpoint`.

    Returns:
        A dict for JSON.
    """
    return {
        "format_version": _FORMAT_VERSION,
        "network": request.name,
        "role": request.role,
        "step": request.step,
        "mode": request.mode and dataclasses.asdict(request.mode),
        "versions": _versions(),
        "signatures": [_describe_endpoint(x, request.prior) for x in endpoints],
    }


def write_sidecar(folder, request, endpoints, weights, reports):
    """Writes the sidecar: all that a program needs to run the files.

    Args:
        folder: Folder that holds the files that passed, and no others.
        request: `export.records.ExportRequest`.
        endpoints: List of `export.endpoints.Endpoint`.
        weights: The weights that the endpoints read.
        reports: All `export.records.FileReport`s.

    Returns:
        What it says, a dict.
    """
    document = describe(request, endpoints) | {
        "parameters": int(sum(x.size for x in weights)),
        "files": [
            _describe_file(path, folder, report)
            for report in reports
            if report.passed
            for path in files_of(folder / report.file_name)
        ],
        "parity": PARITY_NAME,
    }
    _write(folder / file_name(request.role), document)
    return document


def write_parity(folder, request, endpoints, scale, reports):
    """Writes `parity.json`: every file's figures, those that failed too.

    Args:
        folder: Folder of the export.
        request: `export.records.ExportRequest`.
        endpoints: List of `export.endpoints.Endpoint`.
        scale: Float > 0, the unit of the differences in the figures.
        reports: All `export.records.FileReport`s.

    Returns:
        What it says, a dict.
    """
    document = {
        "format_version": _FORMAT_VERSION,
        "network": request.name,
        "step": request.step,
        "versions": _versions(),
        "inputs": {
            "source": request.source,
            "shapes": [
                {name: list(x.shape) for name, x in trial.inputs.items()}
                for endpoint in endpoints
                for trial in endpoint.trials
            ],
        },
        "output": {"name": request.output_name, "scale": scale},
        "files": [report.as_json() for report in reports],
    }
    _write(folder / PARITY_NAME, document)
    return document


def files_of(path):
    """Returns a file, or the files in a folder, sorted by path."""
    if path.is_dir():
        return sorted(x for x in path.rglob("*") if x.is_file())
    return [path]


def _describe_endpoint(endpoint, prior):
    signature = endpoint.signature
    free = {}
    if endpoint.sides is not None:
        sides = endpoint.sides
        free = {"multiple_of": sides.multiple, "at_least": sides.least}
    return {
        "name": endpoint.name,
        "inputs": [
            {"name": name}
            | _describe_input(name, spec, signature.num_classes, prior)
            | (free if name == "images" else {})
            for name, spec in signature.inputs.items()
        ],
        "output": {"name": signature.output_name}
        | _describe_output(signature.output_name, signature.output),
    }


def _describe_input(name, spec, num_classes, prior):
    if name == "latents":
        return spec.as_json() | {"distribution": "standard normal"}
    if name == "labels":
        return spec.as_json() | _describe_labels(num_classes)
    if name == "codes":
        return spec.as_json() | {"range": None, "prior": prior}
    if spec.dtype == "uint8":
        return _describe_images(spec)
    return _describe_images(spec) | {
        "from_uint8": "images = pixels / 127.5 - 1"
    }


def _describe_output(name, spec):
    if name == "codes":
        return spec.as_json() | {"range": None}
    if spec.dtype == "uint8":
        return _describe_images(spec)
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
        "range": [0, 255] if spec.dtype == "uint8" else [-1, 1],
        "layout": "NHWC",
        "channels": _CHANNELS.get(spec.shape[-1], f"{spec.shape[-1]} channels"),
    }


def _describe_file(path, folder, report):
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": path.relative_to(folder).as_posix(),
        "format": report.format,
        "bytes": path.stat().st_size,
        "sha256": checksum,
        "rewrites": report.rewrites,
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
