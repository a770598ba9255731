"""What norms and dropout do to the translations of one trained pix2pix.

    python -m trainers.pix2pix --recipe=quickstart --run_dir=runs/modes
    python benchmarks/pix2pix_modes.py runs/modes docs/pix2pix_modes.png

Prints a Markdown table of L1 and SSIM on the held-out pairs in each mode, and
draws a few.
"""

import pathlib
import sys

import keras
import numpy as np

from keras_gans import checkpoints, data
from keras_gans.callbacks import draw_columns
from keras_gans.metrics import structural_similarity
from keras_gans.models.inference import NORM_MODES
from trainers import pix2pix, run_folder

NUM_DRAWN = 5


def main(run_dir, picture):
    run_dir = pathlib.Path(run_dir)
    flags = run_folder.read_flags(run_dir, "pix2pix", pix2pix.Config)
    task = pix2pix.Pix2PixTask(pix2pix.Config(**flags))
    model = keras.saving.load_model(
        checkpoints.newest(run_dir / "checkpoints").model_path
    )
    shown = data.spread(len(task.inputs), NUM_DRAWN)
    columns = [("input", task.inputs[shown])]
    print("| norms by | dropout | L1 | SSIM |\n|---|---|---|---|")
    for norm_mode in NORM_MODES:
        for dropout in (True, False):
            images = model.translate(task.inputs, norm_mode, dropout, seed=0)
            word = "on" if dropout else "off"
            print(
                f"| {norm_mode} | {word} | "
                f"{np.abs(images - task.targets).mean():.3f} | "
                f"{np.mean(structural_similarity(images, task.targets)):.3f} |"
            )
            columns.append((f"{norm_mode}, {word}", images[shown]))
    columns.append(("target", task.targets[shown]))
    draw_columns(columns).save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
