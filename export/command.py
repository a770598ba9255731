"""What `python -m export` does once its flags are known to be well formed."""

import sys
from pathlib import Path

from export import (
    console,
    exporter,
    network,
    parity_inputs,
    signature,
    sources,
)
from export.errors import ExportError, UsageError
from export.records import ExportRequest
from export.rewrites import names as rewrite_names
from export.signature import KINDS, role_of


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
    if options.run_dir:
        inputs = parity_inputs.from_run(options.run_dir, name)
        if "codes" not in inputs:  # The size is that of their encoder's images.
            shapes = {key: array.shape[1:] for key, array in inputs.items()}
            _check_size(options.image_size, shapes)
        origin = "samples/inputs.npz"
    else:
        inputs, origin = _make_inputs(name, source, num_classes, options)
    several = len(source.networks) > 1
    folder = output_dir / name if several else output_dir
    return ExportRequest(
        model,
        inputs,
        folder,
        name,
        source.step,
        origin,
        num_classes,
        source.mode,
        source.prior,
    )


def _make_inputs(name, source, num_classes, options):
    """Returns parity inputs for a model without a run, and their origin."""
    shapes = network.input_shapes(source.networks[name], role_of(name))
    if list(shapes or ()) == ["codes"] and "encoder" in source.networks:
        images, origin = _make_inputs("encoder", source, None, options)
        codes = parity_inputs.from_encoder(source.networks["encoder"], images)
        return codes, f"codes of {origin}"
    shapes, pictures = _fill(shapes, options.image_size), options.pictures
    if not pictures:
        origin = ", ".join(parity_inputs.ORIGINS[name] for name in shapes)
        return parity_inputs.default(shapes, num_classes), origin
    if list(shapes) != ["images"]:
        raise UsageError(
            "--pictures is for networks that take nothing but images. This "
            f"one takes {' and '.join(shapes)}."
        )
    inputs = parity_inputs.from_folder(pictures, shapes["images"])
    return inputs, "pictures of a folder"


def _fill(shapes, image_size):
    """Puts --image_size into the free sides of the images' shape."""
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
    if "images" in shapes:
        *sides, channels = shapes["images"]
        if image_size is None and None in sides:
            raise UsageError(
                "--image_size=HEIGHTxWIDTH is needed: the network takes "
                "images of any size."
            )
        if image_size is not None:
            sizes = map(int, image_size.split("x"))
            sides = [side or size for side, size in zip(sides, sizes)]
        shapes = {**shapes, "images": (*sides, channels)}
    _check_size(image_size, shapes)
    return shapes


def _check_size(image_size, shapes):
    size = "x".join(str(side) for side in shapes.get("images", ())[:-1])
    if image_size not in (None, size):
        raise UsageError(
            f"--image_size must be {size or 'absent'} here, the size of the "
            f"network's input. Received: {image_size}."
        )


def _print_end(results, output_dir):
    published = [x for x in results if any(y.passed for y in x.reports)]
    if not published:
        print(f"Nothing was written to {output_dir}.")
        return
    print(f"Wrote {output_dir}. To run a file:\n")
    print(console.snippet(published[0]))
