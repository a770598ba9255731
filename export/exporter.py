"""Converts networks, proves the files equal to them, publishes what passed."""

import contextlib
import dataclasses
import functools
from pathlib import Path

import numpy as np

from export import convert, network, parity, precision, publish, sidecar
from export.errors import ExportError, one_line
from export.formats import FORMATS, LOOSEST
from export.records import ExportRequest, ExportResult, FileReport
from export.rewrites import graph
from export.rewrites import names as rewrite_names
from export.signature import Signature, name_inputs, role_of


def export_network(
    model,
    inputs,
    output_dir,
    formats=tuple(FORMATS),
    rewrites=rewrite_names.NAMES,
):
    """Exports one network to files that are proven equal to it.

    Each file is opened in a fresh process and compared with Keras on `inputs`.
    Only files that agree are in `output_dir` afterwards; the others are named
    in the result and in `parity.json`.

    Args:
        model: Built `keras.Model` to images in [-1, 1], from images `(batch,
            height, width, channels)`, latents `(batch, latent_dim)` or a
            dictionary that has them and `labels` `(batch,)`. One whose `name`
            is "encoder" makes codes `(batch, ...)`, one whose name is
            "decoder", or whose only `keras.Input` has the name "codes", takes
            them.
        inputs: Typical inputs, eight or so and each label among them: a
            float32 array `(n, ...)`, or a dictionary of arrays with the
            network's names, labels as int32 `(n,)`. Their shapes become the
            static shapes of the files.
        output_dir: Folder to write. An earlier export there is replaced as a
            whole, if at least one new file passes.
        formats: Names from `export.formats.FORMATS`. Default: all.
        rewrites: Names from `export.rewrites.names.NAMES`, of what is replaced
            in .tflite files by equal layers that phones run faster. Default:
            all. A SavedModel is the network as it is.

    Returns:
        An `ExportResult`; its `ok` tells whether every file passed.

    Raises:
        ExportError: If the network or the inputs cannot be exported.
        OSError: If the files cannot be written.
    """
    role = role_of(model.name)
    request = ExportRequest(
        model,
        name_inputs(inputs, network.takes_codes(model, role)),
        Path(output_dir),
        role,
        num_classes=network.find_num_classes(model, role),
    )
    return export_networks([request], formats, rewrites)[0]


def export_networks(
    requests, formats=tuple(FORMATS), rewrites=rewrite_names.NAMES
):
    """Exports several networks; one process verifies the files of all.

    Args:
        requests: List of `ExportRequest` whose folders share one parent.
        formats: Names from `export.formats.FORMATS`. Default: all.
        rewrites: As of `export_network`.

    Returns:
        List of `ExportResult`, in the order of `requests`.

    Raises:
        ExportError: If a network or its inputs cannot be exported.
        OSError: If the files cannot be written.
    """
    formats = _checked(formats)
    rewrites = rewrite_names.check(rewrites)
    requests = [
        dataclasses.replace(request, folder=request.folder.resolve())
        for request in requests
    ]
    for request in requests:
        publish.check_target(request.folder, _own_names(request.role))
        network.check_inputs(
            request.network, request.inputs, request.num_classes, request.role
        )
        network.check_weights(request.network)
    with publish.scratch_folder(requests[0].folder.parent) as scratch:
        publish.check_space(scratch, _space_needed(requests, formats))
        candidates = [
            _convert(request, formats, rewrites, scratch / str(index))
            for index, request in enumerate(requests)
        ]
        jobs = [job for x in candidates for job in x.jobs.values()]
        figures = parity.measure(jobs, scratch)
        return [_publish(x, figures, scratch) for x in candidates]


def _own_names(role):
    """The names in an export, and so in one that may be replaced."""
    return [
        *(file_format.file_name(role) for file_format in FORMATS.values()),
        sidecar.file_name(role),
        sidecar.PARITY_NAME,
    ]


@dataclasses.dataclass(frozen=True)
class _Rewritten:
    """What .tflite files are made of."""

    saved_model: Path
    weights: list
    counts: dict


@dataclasses.dataclass
class _Candidate:
    """A converted network that has yet to be verified."""

    request: ExportRequest
    model: object
    outputs: np.ndarray
    scale: float
    signature: Signature
    weights: list
    rewritten: _Rewritten
    finished: Path
    jobs: dict
    failures: dict

    @functools.cached_property
    def rounding(self):
        return precision.rounding_figures(
            self.model, self.request.inputs, self.outputs, self.scale
        )


def _convert(request, formats, rewrites, scratch):
    finished = scratch / "finished"
    finished.mkdir(parents=True)
    model = precision.as_float32(request.network)
    outputs = network.reference_outputs(
        model, request.inputs, request.output_name
    )
    scale = network.scale_of(outputs, request.output_name)
    signature = Signature.of(
        request.inputs, outputs, request.num_classes, request.output_name
    )
    np.savez(scratch / "inputs.npz", **request.inputs)
    np.save(scratch / "outputs.npy", outputs)
    weights = convert.write_saved_model(
        model, signature, scratch / "saved_model"
    )
    rewritten = _Rewritten(scratch / "saved_model", weights, {})
    if any(FORMATS[name].runtime == "litert" for name in formats):
        rewritten = _rewrite(model, signature, rewrites, rewritten, scratch)
    jobs, failures = {}, {}
    for name in formats:
        path = finished / FORMATS[name].file_name(request.role)
        source = scratch / "saved_model"
        if FORMATS[name].runtime == "litert":
            source = rewritten.saved_model
        try:
            FORMATS[name].convert(source, path)
        except OSError:
            raise
        except Exception as error:  # The converter has no class for it.
            sentence = f"cannot be converted. {one_line(error)}"
            failures[name] = FileReport(
                name,
                path.name,
                0,
                FORMATS[name].bounds,
                {"error": sentence},
                [sentence],
            )
        else:
            jobs[name] = parity.Job(
                path,
                FORMATS[name].runtime,
                scratch / "inputs.npz",
                scratch / "outputs.npy",
                scale,
            )
    return _Candidate(
        request,
        model,
        outputs,
        scale,
        signature,
        weights,
        rewritten,
        finished,
        jobs,
        failures,
    )


def _rewrite(model, signature, rewrites, untouched, scratch):
    """Writes the network that LiteRT is to run, if it is another one."""
    rewritten, counts = graph.rewrite(model, rewrites)
    if not counts:
        return untouched
    path = scratch / "rewritten"
    weights = convert.write_saved_model(rewritten, signature, path)
    return _Rewritten(path, weights, counts)


def _publish(candidate, figures, scratch):
    """Removes the files that failed and renames the rest into place."""
    request, folder = candidate.request, candidate.finished
    reports = []
    for name in FORMATS:
        if name in candidate.jobs:
            measured = figures[candidate.jobs[name]]
            reports.append(_judge(candidate, name, measured))
        elif name in candidate.failures:
            reports.append(candidate.failures[name])
    passed = [report for report in reports if report.passed]
    for report in reports:
        if not report.passed:
            publish.remove(folder / report.file_name)
    if passed:
        sidecar.write_sidecar(
            folder,
            request,
            candidate.signature,
            candidate.weights,
            candidate.rewritten.counts,
            passed,
        )
        sidecar.write_parity(folder, request, candidate.scale, reports)
        publish.publish(folder, request.folder, scratch)
    return ExportResult(
        request.name, request.folder, candidate.signature, reports
    )


def _judge(candidate, name, figures):
    """Reports on one file that was measured."""
    path, expected = candidate.jobs[name].path, FORMATS[name]
    num_bytes = sum(x.stat().st_size for x in sidecar.files_of(path))
    bounds, weights = expected.bounds, candidate.weights
    if expected.runtime == "litert":
        weights = candidate.rewritten.weights
    if _may_be_rounding(figures, bounds):
        with contextlib.suppress(ExportError):  # No copy: the bounds stay.
            bounds = bounds.loosened(candidate.rounding)
            figures = figures | {"rounding_of_keras": candidate.rounding}
    problems = [
        *parity.find_problems(figures, bounds, candidate.signature),
        *parity.find_size_problems(
            num_bytes, expected.bytes_per_weight, weights
        ),
    ]
    return FileReport(name, path.name, num_bytes, bounds, figures, problems)


def _may_be_rounding(figures, bounds):
    return (
        "max_difference" in figures
        and any(bounds.problems(figures))
        and not any(LOOSEST.problems(figures))
    )


def _checked(formats):
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ExportError(
            f"`formats` must be names from {', '.join(FORMATS)}. "
            f"Received: {', '.join(unknown) or 'none'}."
        )
    return tuple(dict.fromkeys(formats))


def _space_needed(requests, formats):
    """Returns four times the bytes of all weights, for each format.

    The network, as it is and rewritten, is on the disk beside each file.
    """
    num_weights = sum(x.network.count_params() for x in requests)
    return 4 * 4 * num_weights * len(formats)
