"""Sets the quickstart's score beside what needs no learning.

    for seed in 0 1 2; do
      python -m trainers.cyclegan --recipe=quickstart --seed=$seed \\
          --run_dir=runs/seed-$seed
    done
    python benchmarks/quickstart_scores.py runs/seed-0 runs/seed-1 runs/seed-2

Prints a Markdown table of mean absolute differences to the true counterparts
of the held-out faces, in [-1, 1] units. The median picture is the pixelwise
median of the training pictures of the target domain: one and the same
picture for every input.
"""

import json
import pathlib
import sys

import numpy as np

from keras_gans import data

SIZE = (64, 64)


def load(images):
    return data.to_float(images.load(SIZE))


def distance(images, others):
    return float(np.mean(np.abs(images - others)))


def main(run_dirs):
    domains = data.open_unpaired("embedded:emoji_faces", channels_a=1)
    train = {"a": load(domains.train_a), "b": load(domains.train_b)}
    test = {"a": load(domains.test_a), "b": load(domains.test_b)}
    grey_b = test["b"].mean(-1, keepdims=True)
    rows = {
        "input unchanged": [
            distance(test["b"], test["a"]),
            distance(test["a"], grey_b),
        ]
    }
    for name, reduce in (("mean", np.mean), ("median", np.median)):
        rows[f"{name} picture"] = [
            distance(test[target], reduce(train[target], axis=0))
            for target in "ba"
        ]
    for run_dir in run_dirs:
        score = json.loads((pathlib.Path(run_dir) / "score.json").read_text())
        rows[run_dir] = [
            score[direction]["translated"] for direction in ("a to b", "b to a")
        ]
    print(f"{len(test['a'])} held-out faces\n")
    print("| | outlines to faces | faces to outlines |\n|---|---|---|")
    for name, values in rows.items():
        print(f"| {name} | {values[0]:.3f} | {values[1]:.3f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
