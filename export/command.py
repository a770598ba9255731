"""What `python -m export` does once its flags are known to be well formed."""

import sys
from pathlib import Path

from export import console, exporter, network, parity_inputs, sources
from export.errors import ExportError, UsageError
from export.records import ExportRequest


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
    results = exporter.export_networks(requests, formats)
    for request, result in zip(requests, results):
        num_inputs = len(request.inputs)
        few = "" if num_inputs >= parity_inputs.NUM_INPUTS else " (8 is better)"
        print(f"{result.name}: {num_inputs} inputs, {request.source}{few}")
        for report in result.reports:
            print(console.describe(report))
    _print_end(results, output_dir)
    return all(result.ok for result in results)


def _load(options):
    """Returns the `Source` and the folder that it lies in."""
    if options.model:
        path = Path(options.model)
        return sources.load_model(path), path.parent
    source = sources.load_run(options.run_dir)
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
    shape = network.input_shape(model)
    if options.run_dir:
        inputs = parity_inputs.from_run(options.run_dir, name)
        _check_size(options.image_size, inputs.shape[1:])
        origin = "samples/inputs.npz"
    elif options.pictures:
        shape = _fill(shape, options.image_size)
        inputs = parity_inputs.from_folder(options.pictures, shape)
        origin = "pictures of a folder"
    else:
        shape = _fill(shape, options.image_size)
        inputs = parity_inputs.default(shape)
        origin = "emoji" if len(shape) == 3 else "standard normal noise"
    several = len(source.networks) > 1
    folder = output_dir / name if several else output_dir
    return ExportRequest(model, inputs, folder, name, source.step, origin)


def _fill(shape, image_size):
    """Puts --image_size into the free sides of an input shape."""
    if shape is None:
        raise ExportError(
            "The model does not know its input shape. Call it once on a "
            "batch before saving it."
        )
    if len(shape) not in (1, 3) or shape[-1] is None:
        raise ExportError(
            "The network must take images (height, width, channels) or "
            f"latents (latent_dim,). Received: input shape {shape}."
        )
    if image_size is None and None in shape:
        raise UsageError(
            "--image_size=HEIGHTxWIDTH is needed: the network takes images "
            "of any size."
        )
    if image_size is not None and len(shape) == 3:
        sizes = map(int, image_size.split("x"))
        free = zip(shape, sizes)
        shape = (*(side or size for side, size in free), shape[-1])
    _check_size(image_size, shape)
    return shape


def _check_size(image_size, shape):
    size = "x".join(str(side) for side in shape[:-1])
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
