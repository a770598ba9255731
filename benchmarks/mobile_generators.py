"""What mobile generators cost beside the full ones, at 256x256.

    python benchmarks/mobile_generators.py resnet FOLDER
    python benchmarks/mobile_generators.py unet FOLDER

Writes the files to FOLDER, where a second run finds them, and prints a
Markdown table: multiply-adds of the convolutions, parameters, size of each
.tflite file, XNNPACK partitions (more than one: the data leave it on the
way), and CPU time of one thread as a ratio to the full network's float32
file. Files are as `python -m export` makes them, rewrites included, of random
weights. Times are medians of rounds in which all files take turns.
"""

import functools
import pathlib
import sys
import tempfile
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from keras import layers

import keras_gans
from export import convert
from export.endpoints import DEFAULT_NAME, Endpoint
from export.formats import DEFAULT, FORMATS
from export.rewrites import graph
from export.signature import Signature

SHAPE = (256, 256, 3)  # The default of all builders.
ROUNDS = 15
FAMILIES = {
    "resnet": {
        "ResNet-9": keras_gans.build_resnet_generator,
        "ResNet-6": functools.partial(
            keras_gans.build_resnet_generator, num_residual_blocks=6
        ),
        **{
            f"mobile ResNet-{num_blocks}, {filters} filters": functools.partial(
                keras_gans.build_mobile_resnet_generator,
                filters=filters,
                num_residual_blocks=num_blocks,
            )
            for num_blocks in (9, 6)
            for filters in (64, 32)
        },
    },
    "unet": {
        "U-Net": keras_gans.build_unet_generator,
        **{
            f"mobile U-Net, {filters} filters": functools.partial(
                keras_gans.build_mobile_unet_generator, filters=filters
            )
            for filters in (64, 32)
        },
    },
}
# Billions, added up by hand from the tables of the papers.
KNOWN = {"ResNet-9": 49.551, "U-Net": 6.048}


def count_multiply_adds(network):
    """Of all convolutions: numbers in the kernel times places it is put at.

    A transposed convolution puts its kernel at each pixel of its input, the
    others at each pixel of their output. Norms, activations and interpolation
    are not counted.
    """
    total = 0
    for layer in network.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            places = layer.input.shape[1:3]
        elif isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            places = layer.output.shape[1:3]
        elif any(len(weight.shape) > 1 for weight in layer.weights):
            raise ValueError(f"Layer {layer.name} has an unknown kernel.")
        else:
            continue
        total += int(np.prod(layer.kernel.shape) * np.prod(places))
    return total


def write_files(network, folder):
    """Converts as the export does, not proven; dictionary of paths."""
    paths = {
        name: folder / file_format.file_name("generator")
        for name, file_format in FORMATS.items()
        if name in DEFAULT and file_format.runtime == "litert"
    }
    if all(path.exists() for path in paths.values()):
        return paths
    images = np.zeros((1, *SHAPE), "float32")
    signature = Signature.of(
        {"images": images}, np.asarray(network(images)), None, "images"
    )
    with tempfile.TemporaryDirectory() as scratch:
        for name, path in paths.items():
            rewritten, _ = graph.rewrite(network, FORMATS[name].rewrites)
            endpoint = Endpoint(DEFAULT_NAME, rewritten, signature, [])
            saved_model = convert.write_saved_model(
                [endpoint], pathlib.Path(scratch) / name
            )
            FORMATS[name].convert(saved_model, path)
    return paths


def load(path):
    """An interpreter on one thread that only waits for `invoke`."""
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    images = np.random.default_rng(0).uniform(-1, 1, (1, *SHAPE))
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], images.astype("float32")
    )
    return interpreter


def count_partitions(interpreter):
    operators = [x["op_name"] for x in interpreter._get_ops_details()]
    return operators.count("DELEGATE")


def measure(interpreters):
    """Medians of CPU seconds, in turns: what disturbs one, disturbs all."""
    seconds = {key: [] for key in interpreters}
    for _ in range(ROUNDS):
        for key, interpreter in interpreters.items():
            start = time.process_time()
            interpreter.invoke()
            seconds[key].append(time.process_time() - start)
    return {key: np.median(values) for key, values in seconds.items()}


def main(family, folder):
    networks = {name: build() for name, build in FAMILIES[family].items()}
    sizes, interpreters = {}, {}
    for name, network in networks.items():
        files = pathlib.Path(folder) / name
        files.mkdir(parents=True, exist_ok=True)
        for file_format, path in write_files(network, files).items():
            sizes[name, file_format] = path.stat().st_size / 1e6
            interpreters[name, file_format] = load(path)
    seconds = measure(interpreters)
    formats = list(dict.fromkeys(file_format for _, file_format in sizes))
    reference = seconds[next(iter(networks)), "float32"]
    head = ["network", "G multiply-adds", "parameters"]
    head += [f"{x} MB" for x in formats] + [f"{x} time" for x in formats]
    print(f"| {' | '.join([*head, 'partitions'])} |")
    print("|---" * (len(head) + 1) + "|")
    for name, network in networks.items():
        billions = count_multiply_adds(network) / 1e9
        if abs(billions - KNOWN.get(name, billions)) > 1e-3:
            raise SystemExit(f"{name}: {billions} is not {KNOWN[name]}.")
        row = [name, f"{billions:.2f}", f"{network.count_params():,}"]
        row += [f"{sizes[name, x]:.1f}" for x in formats]
        row += [f"{seconds[name, x] / reference:.3f}" for x in formats]
        partitions = {count_partitions(interpreters[name, x]) for x in formats}
        row.append(", ".join(map(str, sorted(partitions))))
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
