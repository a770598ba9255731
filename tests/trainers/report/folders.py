"""Run folders as trainers leave them, written by hand: nothing is trained."""

import json

import numpy as np
from PIL import Image

FLAGS = {
    "gan": ["--data=embedded:fashion_mnist", "--image_size=28"],
    "cyclegan": ["--data=embedded:emoji_faces", "--image_size=64"],
    "conditional_gan": ["--data=embedded:fashion_mnist", "--image_size=28"],
    "pix2pix": ["--data=embedded:emoji_edges", "--image_size=64"],
    "autoencoder": ["--data=embedded:fashion_mnist", "--image_size=28"],
}
SCORES = {
    "gan": {
        "protocol": "Frechet distance of 20 samples",
        "frechet_distance": 6.25,
        "frechet_distance_of_real": 2.5,
        "alarms": [],
    },
    "cyclegan": {
        "protocol": "mean absolute difference",
        "true_pairs": True,
        "a to b": {"cycle": 0.1, "translated": 0.2, "unchanged": 0.6},
        "b to a": {"cycle": 0.3, "translated": 0.4, "unchanged": 0.5},
        "another": {"figure": 1.5},
    },
}
ALARM = "The discriminator is too strong: add <b>instance noise</b> & wait."


def write_run(path, trainer="gan", *flags, epochs=5):
    """Writes a finished run of some epochs, with an alarm in the third."""
    (path / "samples").mkdir(parents=True)
    (path / "plots").mkdir()
    lines = [f"# python -m trainers.{trainer} --flagfile=flags.txt"]
    lines += [*FLAGS[trainer], f"--flat_epochs={epochs}", "--decay_epochs=0"]
    (path / "flags.txt").write_text("\n".join([*lines, *flags]) + "\n")
    rows = ["epoch,generator_loss,discriminator_loss,real_probability"]
    rows[0] += ",fake_probability,sample_diversity"
    for epoch in range(1, epochs + 1):
        rows.append(f"{epoch},{2 / epoch},1.25,0.75,0.25,{epoch / 10}")
    (path / "history.csv").write_text("\n".join(rows) + "\n")
    (path / "alarms.txt").write_text(f"epoch 3: {ALARM}\n")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), "uint8")
    for epoch in range(epochs + 1):
        shown = Image.fromarray(pixels + np.uint8(epoch % 256))
        shown.save(path / "samples" / f"epoch_{epoch:03d}.png")
    Image.fromarray(pixels).save(path / "plots" / "nearest.png")
    write_json(path / "environment.json", {"keras": "3.15.1", "command": ["x"]})
    write_json(path / "score.json", SCORES.get(trainer, SCORES["gan"]))
    write_json(
        path / "summary.json",
        {
            "data": {"source": "embedded:fashion_mnist", "held out": "1,000"},
            "model": "dcgan: generator 1,234 parameters",
            "limits": {"real_probability": 0.95, "sample_diversity": 0.5},
            "sentences": [["score", "x"], ["verdict", "Nearly there."]],
            "figures": [
                {
                    "path": "plots/nearest.png",
                    "title": "Nearest training pictures",
                    "caption": "Equal pairs would be copies.",
                }
            ],
        },
    )
    return path


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_export(path, *, network="generator", step=7):
    """Writes the proof of an export, of one file that failed too."""
    figures = {"max_difference": 3.5e-5, "psnr_db": 120.7, "finite": True}
    files = [
        ("generator_float32.tflite", 2_170_000, []),
        ("generator_dynamic.tflite", 350_000, ["PSNR must be >= 40 dB."]),
    ]
    write_json(
        path / "export" / "parity.json",
        {
            "network": network,
            "step": step,
            "inputs": {"source": "samples/inputs.npz"},
            "files": [
                {
                    "name": name,
                    "bytes": num_bytes,
                    "passed": not problems,
                    "problems": problems,
                    "figures": figures,
                }
                for name, num_bytes, problems in files
            ],
        },
    )


def write_benchmark(path):
    """Writes what `python -m export.benchmark` measured of that export."""
    seconds = {"median": 0.0125, "minimum": 0.01}
    write_json(
        path / "benchmark" / "benchmark.json",
        {
            "rows": [
                {
                    "network": "",
                    "file": "elsewhere/export/generator_float32.tflite",
                    "threads": {
                        "1": {"wall_seconds": seconds, "problem": None}
                    },
                }
            ]
        },
    )


def write_evaluation(path, *, value=3.5, num_fake=500, seed=0):
    """Writes an evaluation of one figure."""
    write_json(
        path / "evaluation.json",
        {
            "step": 24,
            "epoch": 3,
            "scores": {
                "kernel_distance_ab": {
                    "name": "kernel_distance",
                    "value": value,
                    "lower_is_better": True,
                    "notes": ["Few pictures: the figure is noisy."],
                    "protocol": {
                        "num_real": 1000,
                        "num_fake": num_fake,
                        "features": "classifier",
                        "features_hash": "0123456789abcdef",
                        "split": "test",
                        "seed": seed,
                    },
                }
            },
        },
    )
