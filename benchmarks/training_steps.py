"""Speed and memory of a training step, beside the same step in PyTorch.

    python benchmarks/training_steps.py --out=FILE.json
    python benchmarks/training_steps.py --out=FILE.json --rounds=10 \\
        --rows vae_28 dcgan_64 --variants torch keras

Prints a Markdown table of how many times as fast as PyTorch's plain float32
step each variant is: the median over the rounds, with the least and the most,
of ratios within a round; memory and the first step as multiples of PyTorch's.
FILE.json holds all that was measured. Needs PyTorch.

All variants of a row start from the same weights, pools and batches, with the
networks and settings of the papers. Each is a process of its own, with
`--threads` for both libraries; they take turns, of a second at least. Speed is
CPU seconds of the process with one thread, and wall time with more. Ours is
the function that `model.fit` runs. Memory is the peak over what importing the
library took; the first step counts from there too, and builds the networks,
traces and compiles.

Half an hour of one core for the rows up to 128 pixels, twice that with all.
"""

import argparse
import json
import os
import pathlib
import tempfile

import numpy as np

from export.benchmark import processes, report
from keras_gans import processor

ROOT = pathlib.Path(__file__).parent
# name -> (model, side of the images, batch size)
ROWS = {
    "cyclegan_64": ("cyclegan", 64, 1),
    "cyclegan_128": ("cyclegan", 128, 1),
    "cyclegan_256": ("cyclegan", 256, 1),
    "pix2pix_256": ("pix2pix", 256, 1),
    "dcgan_64": ("dcgan", 64, 64),
    "vae_28": ("vae", 28, 128),
}
# name -> (module, what the module calls it, as the table calls it)
VARIANTS = {
    "torch": ("torch_steps", "float32", "PyTorch"),
    "torch_channels_last": (
        "torch_steps",
        "channels_last",
        "PyTorch, channels_last",
    ),
    "torch_bfloat16": (
        "torch_steps",
        "bfloat16",
        "PyTorch, channels_last, bfloat16 autocast",
    ),
    "torch_compile": ("torch_steps", "compile", "PyTorch, torch.compile"),
    "keras": ("keras_steps", "float32", "ours"),
    "keras_without_onednn": ("keras_steps", "float32", "ours, oneDNN off"),
    "keras_bfloat16": ("keras_steps", "mixed_bfloat16", "ours, mixed_bfloat16"),
    "keras_jit": ("keras_steps", "jit", "ours, jit_compile"),
    "keras_reproducible": ("keras_steps", "reproducible", "ours, reproducible"),
    "keras_parts": ("keras_steps", "parts", "ours, accumulate_steps=4"),
}
# Asked for by name: they answer other questions than who is faster.
RARE = ("torch_compile", "keras_reproducible", "keras_parts")
BASELINE = "torch"
# (row, variant) -> least speed
TARGETS = {
    ("cyclegan_128", "keras"): 1.1,
    ("cyclegan_256", "keras"): 1.0,
    ("cyclegan_128", "keras_bfloat16"): 1.6,
    ("cyclegan_256", "keras_bfloat16"): 1.6,
    ("pix2pix_256", "keras"): 1.2,
    ("pix2pix_256", "keras_bfloat16"): 1.7,
    ("dcgan_64", "keras"): 1.3,
    ("dcgan_64", "keras_bfloat16"): 1.8,
    ("vae_28", "keras"): 2.3,
}
# Of the variants of ours without XLA.
MOST_MEMORY = 1.3
MEMORY_TARGETS = ("keras", "keras_bfloat16")
NUM_BATCHES = 4
# Without one of these, a processor computes bfloat16 by way of float32.
BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_vnni", *BFLOAT16_INSTRUCTIONS)


def write_start(row, folder):
    """Writes what all variants of a row start from."""
    # Here: whoever asks for `--help` need not wait for two libraries.
    import keras
    import peers
    from step_workers import files, keras_models

    name, side, batch_size = ROWS[row]
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)

    def draw_images(*counts):
        shape = (*counts, side, side, 1 if name == "vae" else 3)
        return rng.uniform(-1, 1, shape).astype("float32")

    _, networks = keras_models.build(name, side)
    for key, network in networks.items():
        files.write_weights(folder, key, peers.arrays_of(network))
    is_pair = name in ("cyclegan", "pix2pix")
    files.write_batches(
        folder,
        [draw_images(NUM_BATCHES, batch_size) for _ in range(1 + is_pair)],
    )
    if name == "cyclegan":
        # Full ones, as they are but for the first steps of a training.
        for key in ("pool_a", "pool_b"):
            files.write_pool(folder, key, draw_images(keras_models.POOL_SIZE))


def settings(variant, threads):
    """Returns the environment variables that a process runs with."""
    paths = [str(ROOT), processes.environment()["PYTHONPATH"]]
    return {
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
        # As for all commands of `trainers`; TensorFlow itself decides by the
        # processor.
        "TF_ENABLE_ONEDNN_OPTS": "0"
        if variant == "keras_without_onednn"
        else "1",
    }


def measure(row, variants, rounds, threads):
    """Returns a dict from variant to what was measured, or to a problem."""
    model, side, _ = ROWS[row]
    measured, running = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        write_start(row, pathlib.Path(folder))
        for variant in variants:
            print(f"{row}: first step of {variant} ...", flush=True)
            module, argument, _ = VARIANTS[variant]
            process = processes.Process(
                f"step_workers.{module}", settings(variant, threads)
            )
            question = {
                "do": "open",
                "model": model,
                "side": side,
                "variant": argument,
                "folder": folder,
            }
            measured[variant] = _ask(process, question) | {"rounds": []}
            running[variant] = process
        print(f"{row}: {rounds} rounds ...", flush=True)
        for _ in range(rounds):
            for variant, process in running.items():
                if "problem" not in measured[variant]:
                    turn = _ask(process, {"do": "turn"})
                    measured[variant]["rounds"].append(turn)
                    measured[variant] |= {
                        k: x for k, x in turn.items() if k == "problem"
                    }
        for variant, process in running.items():
            if "problem" not in measured[variant]:
                measured[variant] |= _ask(process, {"do": "memory"})
            process.close()
    return measured


def _ask(process, question):
    """The answer, or what is wrong: no answer, or losses that are no number."""
    try:
        answer = process.ask(question)
    except processes.ProcessError as error:
        return {"problem": str(error)}
    losses = answer.get("losses", answer.get("first_losses", {}))
    if not np.all(np.isfinite(list(losses.values()))):
        return answer | {"problem": f"losses are not finite: {losses}"}
    return answer


def speeds(baseline, cell, threads):
    """Ratios of the rounds, above 1 if faster than the baseline."""
    clock = "cpu" if threads == 1 else "wall"
    return [
        x[clock] / y[clock] for x, y in zip(baseline["rounds"], cell["rounds"])
    ]


def print_table(document):
    print("| row | variant | speed | | target | memory | | first step |")
    print("|---|---|---|---|---|---|---|---|")
    for row, measured in document["rows"].items():
        baseline = measured[BASELINE]
        for variant, cell in measured.items():
            name = VARIANTS[variant][-1]
            if "problem" in cell or "problem" in baseline:
                problem = cell.get("problem", "there is no baseline")
                print(f"| {row} | {name} | {problem} | | | | | |")
                continue
            ratios = speeds(baseline, cell, document["threads"])
            speed = float(np.median(ratios))
            target = TARGETS.get((row, variant))
            first = cell["first_step_cpu_seconds"]
            first /= baseline["first_step_cpu_seconds"]
            memory = cell["peak_memory_bytes"] / baseline["peak_memory_bytes"]
            is_light = variant not in MEMORY_TARGETS or memory <= MOST_MEMORY
            print(
                f"| {row} | {name} | {speed:.2f} | "
                f"{min(ratios):.2f}-{max(ratios):.2f} | "
                f"{describe_target(speed, target)} | {memory:.2f} | "
                f"{'' if is_light else f'above {MOST_MEMORY}'} | "
                f"{first:.1f} |"
            )


def describe_target(speed, target):
    if target is None:
        return ""
    return f"{target}: {'reached' if speed >= target else 'missed'}"


def describe_units(document):
    """What 1 stands for in the table, row by row."""
    for row, measured in document["rows"].items():
        cell = measured[BASELINE]
        if "problem" not in cell:
            clock = "cpu" if document["threads"] == 1 else "wall"
            seconds = np.median([x[clock] for x in cell["rounds"]])
            yield (
                f"{row}: 1 is {seconds:.3g} s a step, "
                f"{cell['peak_memory_bytes'] / 1e6:.0f} MB, and "
                f"{cell['first_step_cpu_seconds']:.1f} s to the first step."
            )


def describe_processor():
    """Returns the instruction sets that matter here, by whether it has them."""
    found = processor.instructions()
    return {name: name in found for name in INSTRUCTIONS} if found else {}


def print_processor(document):
    machine, instructions = document["machine"], document["instructions"]
    has = [name for name, is_there in instructions.items() if is_there]
    lacks = [name for name, is_there in instructions.items() if not is_there]
    print(f"{machine['processor']}, {machine['num_cpus']} CPUs.")
    if instructions:
        print(f"It has {', '.join(has)}; it lacks {', '.join(lacks)}.")
        if not any(instructions[name] for name in BFLOAT16_INSTRUCTIONS):
            print(
                "bfloat16 is computed by way of float32 here: its targets "
                f"need {' or '.join(BFLOAT16_INSTRUCTIONS)}."
            )
    versions = [f"{k} {x}" for k, x in document["versions"].items()]
    print(f"{', '.join(versions)}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=VARIANTS,
        default=[x for x in VARIANTS if x not in RARE],
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    variants = [BASELINE, *(x for x in arguments.variants if x != BASELINE)]
    document = report.describe_machine() | {
        "instructions": describe_processor(),
        "threads": arguments.threads,
        "rows": {},
    }
    for row in arguments.rows:
        document["rows"][row] = measure(
            row, variants, arguments.rounds, arguments.threads
        )
        arguments.out.write_text(json.dumps(document, indent=2) + "\n")
    print_processor(document)
    print()
    print_table(document)
    print()
    print("\n".join(describe_units(document)))


if __name__ == "__main__":
    main()
