"""What `python -m export` does once its flags are known to be well formed."""

import functools
import sys
from pathlib import Path

from export import (
    console,
    endpoints,
    exporter,
    network,
    parity_inputs,
    signature,
    sources,
)
from export.errors import ExportError, UsageError
from export.formats import ENDS
from export.records import ExportRequest
from export.rewrites import names as rewrite_names
from export.signature import KINDS, role_of

# At which a network of any size is proven that was trained at none we know.
_PROVEN_SIDE = 256


def run(options):
    """Exports and prints.

    Args:
        options: `absl.flags.FlagValues` of `export.cli`.

    Returns:
        Whether every file of every network passed.
    """
    source, home = _load(options)
    names = _select(source.networks, options.network)
    output_dir = Path(options.output_dir or home / "export")
    requests = [_request(name, source, output_dir, options) for name in names]
    formats = options.formats.split(",")
    print(f"Converting and checking {', '.join(names)} ...", flush=True)
    rewrites = rewrite_names.parse(options.rewrites)
    results = exporter.export_networks(requests, formats, rewrites)
    for request, result in zip(requests, results):
        num_inputs = signature.count(request.inputs)
        few = "" if num_inputs >= parity_inputs.NUM_INPUTS else " (8 is better)"
        print(f"{result.name}: {num_inputs} inputs, {request.source}{few}")
        for report in result.reports:
            print(console.describe(report))
    if options.run_dir and not options.output_dir:
        print(
            "On the page of the run after: python -m trainers.report "
            f"--run_dir={options.run_dir}"
        )
    _print_end(results, output_dir)
    return all(result.ok for result in results)


def _load(options):
    """Returns the `Source` and the folder that it lies in."""
    mode = sources.Mode(options.norm_mode, options.dropout == "on")
    if options.model:
        path = Path(options.model)
        return sources.load_model(path, mode), path.parent
    source = sources.load_run(options.run_dir, mode)
    for sentence in source.skipped:
        print(f"Skipped: {sentence}", file=sys.stderr)
    print(f"Checkpoint: step {source.step}")
    return source, Path(options.run_dir)


def _select(networks, name):
    if name is None:
        return list(networks)
    if name not in networks:
        raise UsageError(
            f"--network must be from {', '.join(networks)}. Received: {name}."
        )
    return [name]


def _request(name, source, output_dir, options):
    """Describes the export of one network, with its parity inputs."""
    model = source.networks[name]
    num_classes = source.num_classes or network.find_num_classes(
        model, role_of(name)
    )
    find_inputs = _inputs_of_run if options.run_dir else _inputs_of_model
    inputs, origin = find_inputs(name, source, num_classes, options)
    calibration = None
    is_forced = options.force_int8 == "on"
    # The exporter refuses the others, which nobody need find pictures for.
    if "int8" in options.formats.split(",") and (
        is_forced or not network.has_instance_norms(model)
    ):
        find_inputs = functools.partial(find_inputs, for_calibration=True)
        calibration, _ = find_inputs(name, source, num_classes, options)
    several = len(source.networks) > 1
    folder = output_dir / name if several else output_dir
    ends = (options.float_ends or "").split(",")
    return ExportRequest(
        model,
        inputs,
        folder,
        name,
        step=source.step,
        source=origin,
        num_classes=num_classes,
        mode=source.mode,
        prior=source.prior,
        sizes=_sizes_left(name, inputs, source, options),
        image_dtype=options.image_dtype,
        calibration=calibration,
        float_ends=tuple(end for end in ENDS if end in ends),
        force_int8=is_forced,
    )


def _sizes_left(name, inputs, source, options):
    """The --sizes, or () if the inputs have the only one already."""
    sizes = endpoints.parse_sizes(options.sizes)
    if "images" in inputs:
        has_it = sizes == (inputs["images"].shape[1:3],)
    else:  # Codes have that of the pictures they were made of.
        encoder = source.networks.get("encoder")
        own = getattr(encoder, "input_shape", ())[1:3]
        has_it = (
            bool(own)
            and len(sizes) == 1
            and all(
                side in (None, wanted) for side, wanted in zip(own, sizes[0])
            )
        )
    return () if has_it else sizes


def _inputs_of_run(name, source, num_classes, options, for_calibration=False):
    """Returns inputs that a trainer kept, and their origin.

    Those to calibrate by are drawn where they are noise.
    """
    inputs = parity_inputs.from_run(options.run_dir, name)
    origin = "samples/inputs.npz"
    if not for_calibration:
        return inputs, origin
    shapes = {key: array.shape[1:] for key, array in inputs.items()}
    if "images" in shapes:
        return parity_inputs.calibration_of_run(options.run_dir, name), origin
    if "codes" in shapes and source.prior is None:
        images = parity_inputs.calibration_of_run(options.run_dir, "encoder")
        encoder = source.networks["encoder"]
        return parity_inputs.from_encoder(encoder, images), origin
    return parity_inputs.default(shapes, num_classes, True), origin


def _inputs_of_model(name, source, num_classes, options, for_calibration=False):
    """Returns inputs for a model without a run, and their origin."""
    shapes = network.input_shapes(source.networks[name], role_of(name))
    if list(shapes or ()) == ["codes"] and "encoder" in source.networks:
        images, origin = _inputs_of_model(
            "encoder", source, None, options, for_calibration
        )
        codes = parity_inputs.from_encoder(source.networks["encoder"], images)
        return codes, f"codes of {origin}"
    shapes, pictures = _fill(shapes, options.sizes), options.pictures
    if not pictures:
        origin = ", ".join(parity_inputs.ORIGINS[name] for name in shapes)
        inputs = parity_inputs.default(shapes, num_classes, for_calibration)
        return inputs, origin
    if list(shapes) != ["images"]:
        raise UsageError(
            "--pictures is for networks that take nothing but images. This "
            f"one takes {' and '.join(shapes)}."
        )
    inputs = parity_inputs.from_folder(
        pictures, shapes["images"], for_calibration
    )
    return inputs, "pictures of a folder"


def _fill(shapes, sizes):
    """Puts the first of --sizes into the free sides of the images' shape."""
    if shapes is None:
        raise ExportError(
            "The model does not know its input shape. Call it once on a "
            "batch before saving it."
        )
    for name, shape in shapes.items():
        kind = KINDS[name]
        if not kind.fits(shape) or None in shape[-1:]:
            raise ExportError(
                f"The network's {name} must be ({', '.join(kind.axes)}). "
                f"Received: input shape {shape}."
            )
        if name == "codes" and None in shape:
            raise ExportError(
                "The network takes codes of any size. Export the file of the "
                "whole model, where the encoder tells which."
            )
    if "images" not in shapes:
        return shapes
    *sides, channels = shapes["images"]
    if None in sides:
        sizes = endpoints.parse_sizes(sizes)
        if not sizes:
            raise UsageError(
                "--sizes is needed, such as --sizes=256: the network takes "
                "images of any size."
            )
        first = (_PROVEN_SIDE,) * 2 if sizes == endpoints.FREE else sizes[0]
        sides = [side or size for side, size in zip(sides, first)]
    return {**shapes, "images": (*sides, channels)}


def _print_end(results, output_dir):
    published = [x for x in results if any(y.passed for y in x.reports)]
    if not published:
        print(f"Nothing was written to {output_dir}.")
        return
    print(f"Wrote {output_dir}. To run a file:\n")
    print(console.snippet(published[0]))
