"""What the export makes of three networks, beside what others make of them.

    python benchmarks/export_ratios.py --out=FILE.json
    python benchmarks/export_ratios.py --out=FILE.json --networks dcgan_64 \\
        --weights dcgan_64=runs/gan-001/generator.keras

Each network is converted plainly, all rewrites off, and with the package's
export, in float32 and, where the export has it, dynamic int8; it is also run by
TensorFlow, PyTorch (torch.compile) and ONNX Runtime, where they are installed.
Prints a Markdown table of the targets and what was measured: medians, with
quartiles, of ratios of CPU time at 1 thread; all rows of a network take turns.
A file that the export would not publish is named, and has no figure. Weights
are random without --weights, which does not change the time of a float file.

An hour or so with all three networks and 20 rounds on one busy core; DCGAN
alone takes five minutes. FILE.json holds everything that was measured.
"""

import argparse
import dataclasses
import json
import pathlib
import tempfile

import keras

import export
import keras_gans
from export import endpoints, parity_inputs, sources
from export.benchmark import command, competitors, ratios
from export.benchmark import subjects as subjects_lib
from export.formats import FORMATS

# name -> (builder, inputs, least speed of the export's files over the plain
# float32 conversion, by format)
NETWORKS = {
    "resnet_9": (
        keras_gans.build_resnet_generator,
        {"images": (256, 256, 3)},
        {"float32": 2.0, "dynamic": 4.5},
    ),
    "unet_256": (
        keras_gans.build_unet_generator,
        {"images": (256, 256, 3)},
        {"float32": 2.7, "dynamic": 9.0},
    ),
    "dcgan_64": (
        keras_gans.build_dcgan_generator,
        {"latents": (100,)},
        {"float32": 2.5},
    ),
}
# The export's float32 file over other runtimes, for the first network.
OVER_OTHERS = 1.4
OTHERS = ("PyTorch (torch.compile)", "ONNX Runtime")
PLAIN = "plain/generator_float32.tflite"
NUM_INPUTS = 2  # For the check of an export: time is what counts here.


def convert(network, inputs, scratch):
    """Returns the rows of the files, and sentences about those that failed."""
    formats = [x for x in ("float32", "dynamic") if x in FORMATS]
    rows, failures = [], []
    for name, options in (("plain", {"rewrites": ()}), ("export", {})):
        result = export.export_network(
            network, inputs, scratch / name, formats, **options
        )
        passed = [x for x in result.reports if x.passed]
        for report in result.reports:
            if not report.passed:
                problem = f"{name}/{report.file_name}: {report.problems[0]}"
                failures.append(problem)
        for row in subjects_lib.open_files(
            [scratch / name / x.file_name for x in passed]
        ):
            rows.append(dataclasses.replace(row, name=f"{name}/{row.name}"))
    return rows, failures


def measure(name, weights, repetitions):
    """Returns everything that was measured of one network."""
    build, shapes, _ = NETWORKS[name]
    keras.utils.set_random_seed(0)
    if weights is None:
        network = build()
    else:
        network = next(iter(sources.load_model(weights).networks.values()))
        if "images" in shapes:  # Trained at another size, maybe.
            network = endpoints.at_size(network, shapes["images"][:2])
    (inputs,) = parity_inputs.default(shapes).values()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        rows, failures = convert(network, inputs[:NUM_INPUTS], scratch)
        (scratch / "others").mkdir()
        rows += competitors.prepare_network(network, scratch / "others")
        document = command.measure(rows, [1], repetitions, print)
    weights = "random" if weights is None else str(weights)
    return document | {"weights": weights, "failures": failures}


def print_table(documents):
    print("| network | | measured | quartiles | target | |")
    print("|---|---|---|---|---|---|")
    for name, document in documents.items():
        rows = {row["name"]: row for row in document["rows"]}
        for precision, target in NETWORKS[name][2].items():
            file = f"export/generator_{precision}.tflite"
            print_line(name, rows, file, PLAIN, target)
            file = rows.get(file, {"partitions": None})
            print(
                f"| {name} | partitions of {precision} | "
                f"{file['partitions']} | | 1 | "
                f"{verdict(file['partitions'] == 1)} |"
            )
        for other in OTHERS:
            file = "export/generator_float32.tflite"
            target = OVER_OTHERS if name == "resnet_9" else None
            print_line(name, rows, file, other, target)
    for name, document in documents.items():
        for sentence in document["failures"]:
            print(f"\n{name}: {sentence}")


def print_line(name, rows, file, other, target):
    """One line of the table: how many times as fast one row is as another."""
    cells = []
    for key in (file, other):
        row = rows.get(key, {"problem": "there is no such file"})
        cell = row["threads"]["1"] if "threads" in row else row
        if cell["problem"]:
            print(
                f"| {name} | {key} | {cell['problem']} | | {target or ''} | |"
            )
            return
        cells.append(cell["rounds"]["cpu"])
    speed = ratios.speed(cells[1], cells[0])
    print(
        f"| {name} | {file} over {other} | {speed['median']:.2f} | "
        f"{speed['lower_quartile']:.2f}-{speed['upper_quartile']:.2f} | "
        f"{target or ''} | "
        f"{verdict(speed['median'] >= target) if target else ''} |"
    )


def verdict(is_met):
    return "met" if is_met else "missed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument(
        "--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS)
    )
    parser.add_argument("--weights", nargs="+", default=[])
    parser.add_argument("--repetitions", type=int, default=20)
    arguments = parser.parse_args()
    weights = dict(x.split("=", 1) for x in arguments.weights)
    if set(weights) - set(NETWORKS):
        parser.error(f"--weights must name from {', '.join(NETWORKS)}.")
    documents = {}
    for name in arguments.networks:
        documents[name] = measure(
            name, weights.get(name), arguments.repetitions
        )
        arguments.out.write_text(json.dumps(documents, indent=2) + "\n")
    print_table(documents)


if __name__ == "__main__":
    main()
