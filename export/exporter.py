"""Converts networks, proves the files equal to them, publishes what passed."""

import dataclasses
from pathlib import Path

from export import (
    model_card,
    network,
    parity,
    publish,
    sidecar,
)
from export.candidate import Candidate
from export.errors import ExportError
from export.formats import DEFAULT, FORMATS
from export.records import ExportRequest, ExportResult
from export.rewrites import names as rewrite_names
from export.signature import name_inputs, role_of


def export_network(
    model,
    inputs,
    output_dir,
    formats=DEFAULT,
    rewrites=rewrite_names.NAMES,
    **options,
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
        formats: Names from `export.formats.FORMATS`. Default: all but "int8",
            which needs `calibration`.
        rewrites: Names from `export.rewrites.names.NAMES`, of what is replaced
            in .tflite files by equal layers that phones run faster. Default:
            all. A SavedModel is the network as it is.
        **options: `sizes`, `image_dtype`, `calibration`, `float_ends` and
            `force_int8` of `export.records.ExportRequest`.

    Returns:
        An `ExportResult`; its `ok` tells whether every file passed.

    Raises:
        ExportError: If the network or the inputs cannot be exported.
        UsageError: If an option does not fit the network.
        OSError: If the files cannot be written.
    """
    role = role_of(model.name)
    are_codes = network.takes_codes(model, role)
    if options.get("calibration") is not None:
        options["calibration"] = name_inputs(options["calibration"], are_codes)
    request = ExportRequest(
        model,
        name_inputs(inputs, are_codes),
        Path(output_dir),
        role,
        num_classes=network.find_num_classes(model, role),
        **options,
    )
    return export_networks([request], formats, rewrites)[0]


def export_networks(requests, formats=DEFAULT, rewrites=rewrite_names.NAMES):
    """Exports several networks; one process verifies the files of all.

    Args:
        requests: List of `ExportRequest` whose folders share one parent.
        formats: As of `export_network`.
        rewrites: As of `export_network`.

    Returns:
        List of `ExportResult`, in the order of `requests`.

    Raises:
        ExportError: If a network or its inputs cannot be exported.
        UsageError: If an option does not fit a network.
        OSError: If the files cannot be written.
    """
    formats = _checked(formats)
    rewrites = rewrite_names.check(rewrites)
    requests = [
        dataclasses.replace(request, folder=request.folder.resolve())
        for request in requests
    ]
    for request in requests:
        _check(request, formats)
    with publish.scratch_folder(requests[0].folder.parent) as scratch:
        publish.check_space(scratch, _space_needed(requests, formats))
        candidates = [
            Candidate(request, scratch / str(index))
            for index, request in enumerate(requests)
        ]
        jobs = [
            (candidate, name)
            for candidate in candidates
            for name in formats
            if candidate.convert(name, rewrites)
        ]
        figures = parity.measure([x.jobs[name] for x, name in jobs], scratch)
        for (candidate, name), measured in zip(jobs, figures):
            candidate.judge(name, measured)
        return [_publish(x, scratch) for x in candidates]


def _check(request, formats):
    publish.check_target(request.folder, _own_names(request.role))
    network.check_weights(request.network)
    _check_inputs(request, request.inputs)
    if "int8" not in formats:
        return
    if network.has_instance_norms(request.network) and not request.force_int8:
        raise ExportError(
            f"The format int8 is not offered for {request.name}, which has "
            "instance norms: the fixed ranges of its activations were "
            "measured to spoil the images. Take the format dynamic."
        )
    if request.calibration is None:
        raise ExportError(
            "The format int8 needs inputs for `calibration`, other ones than "
            "those that it is compared on. Take the format dynamic, which "
            "needs none."
        )
    try:
        _check_inputs(request, request.calibration)
    except ExportError as error:
        raise ExportError(f"Inputs for `calibration`: {error}") from error


def _check_inputs(request, inputs):
    network.check_inputs(
        request.network, inputs, request.num_classes, request.role
    )


def _own_names(role):
    """The names in an export, and so in one that may be replaced."""
    return [
        *(file_format.file_name(role) for file_format in FORMATS.values()),
        sidecar.file_name(role),
        sidecar.PARITY_NAME,
        *model_card.OWN_NAMES,
    ]


def _publish(candidate, scratch):
    """Renames the files that passed into place, with their records."""
    request = candidate.request
    reports = [
        candidate.reports[name] for name in FORMATS if name in candidate.reports
    ]
    if any(report.passed for report in reports):
        candidate.write_records(reports)
        publish.publish(candidate.folder, request.folder, scratch)
    first = candidate.endpoints[0]
    return ExportResult(
        request.name, request.folder, first.signature, reports, first.name
    )


def _checked(formats):
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ExportError(
            f"`formats` must be names from {', '.join(FORMATS)}. "
            f"Received: {', '.join(unknown) or 'none'}."
        )
    return tuple(name for name in FORMATS if name in formats)


def _space_needed(requests, formats):
    """Returns four times the bytes of all weights, for each format.

    The network, as it is and rewritten, is on the disk beside each file.
    """
    num_weights = sum(x.network.count_params() for x in requests)
    return 4 * 4 * num_weights * len(formats)
