"""pix2pix on facades beside what is simpler: labels to photographs, 128x128.

    python -m trainers.pix2pix --recipe=facades --data=FOLDER \\
        --image_size=128 --load_size=143 --generator_filters=32 \\
        --discriminator_filters=32 --flat_epochs=20 --decay_epochs=15 \\
        --run_dir=runs/facades_128 --sample_epochs=5
    python benchmarks/facades_scores.py runs/facades_128

The second command takes about as long as the first: it trains the same
generator on the same batches by L1 alone. It writes `l1_only.keras`,
`windows.keras` and `facades.png` into the run folder, uses them if they are
there, and prints a Markdown table of the held-out pairs:

- the photograph of the training pair whose labels are nearest (L1);
- the mean of the training photographs;
- the generator trained by L1 alone, and pix2pix: both as the paper tests, norms
  by the image and dropout on.

L1 in [-1, 1] units, SSIM; and a Frechet distance in features that were chosen
before any of these was seen: a classifier of 64x64 windows of the training
photographs by the quarter turn they were given (Gidaris et al., 2018,
https://arxiv.org/abs/1803.07728), four windows of each picture. Its control,
on training photographs that it was not trained on, is printed too: distance
to other photographs, and to these when blurred.
"""

import pathlib
import sys

import keras
import numpy as np
from PIL import Image, ImageFilter

from keras_gans import checkpoints, data
from keras_gans.callbacks import draw_columns
from keras_gans.metrics import (
    ImageClassifier,
    frechet_distance,
    structural_similarity,
)
from keras_gans.models import inference_view
from trainers import pix2pix, run_folder

WINDOW = 64
NUM_CONTROLS = 100
WINDOWS_PER_PHOTOGRAPH = 16


def windows(images):
    """The corners of each image, `(4 n, 64, 64, 3)`."""
    last = images.shape[1] - WINDOW
    return np.concatenate(
        [
            images[:, y : y + WINDOW, x : x + WINDOW]
            for y in (0, last)
            for x in (0, last)
        ]
    )


def load_turn_classifier(path, photographs):
    """Features of windows: it tells by which quarter turn one was turned."""
    if path.exists():
        return ImageClassifier.load(path)
    rng = np.random.default_rng(0)
    crops, turns = [], []
    for photograph in photographs:
        for _ in range(WINDOWS_PER_PHOTOGRAPH):
            y, x = rng.integers(0, photograph.shape[0] - WINDOW + 1, 2)
            turn = rng.integers(4)
            crop = photograph[y : y + WINDOW, x : x + WINDOW]
            crops.append(np.rot90(crop, turn))
            turns.append(turn)
    classifier = ImageClassifier.train(np.stack(crops), np.array(turns), 4)
    classifier.save(path)
    return classifier


def blur(images, radius):
    return np.stack(
        [
            data.to_float(
                np.asarray(
                    Image.fromarray(image).filter(
                        ImageFilter.GaussianBlur(radius)
                    )
                )
            )
            for image in data.to_uint8(images)
        ]
    )


def load_l1_only(path, task, config):
    """The same generator, trained on the same batches by L1 alone."""
    if path.exists():
        return keras.saving.load_model(path)
    keras.utils.set_random_seed(config.seed)
    generator = task.build_model().generator
    generator.compile(
        config.optimizer("generator", task.pipeline.steps_per_epoch),
        keras.losses.MeanAbsoluteError(),
    )
    generator.fit(
        task.pipeline.dataset(),
        epochs=config.epochs,
        steps_per_epoch=task.pipeline.steps_per_epoch,
        shuffle=False,
        verbose=2,
    )
    generator.save(path)
    return generator


def main(run_dir):
    run_dir = pathlib.Path(run_dir)
    flags = run_folder.read_flags(run_dir, "pix2pix", pix2pix.Config)
    config = pix2pix.Config(**flags)
    task = pix2pix.Pix2PixTask(config)
    pairs = data.open_paired(config.data, config.direction)
    train_inputs = data.to_float(pairs.train_inputs.load(config.crop_size))
    photographs = data.to_float(pairs.train_targets.load(config.crop_size))
    controls = photographs[-NUM_CONTROLS:]
    classifier = load_turn_classifier(
        run_dir / "windows.keras", photographs[:-NUM_CONTROLS]
    )

    def distance(images, others):
        return frechet_distance(
            classifier.features(windows(images)),
            classifier.features(windows(others)),
        )

    print("control: distances of training photographs held back")
    print(f"  to others: {distance(controls, photographs[:NUM_CONTROLS]):.1f}")
    for radius in (0.5, 1, 2, 4):
        blurred = blur(controls, radius)
        print(f"  blurred by {radius}: {distance(controls, blurred):.1f}")

    model = keras.saving.load_model(
        checkpoints.newest(run_dir / "checkpoints").model_path
    )
    l1_only = load_l1_only(run_dir / "l1_only.keras", task, config)
    nearest = [
        np.abs(train_inputs - labels).mean(axis=(1, 2, 3)).argmin()
        for labels in task.inputs
    ]
    answers = {
        "nearest training labels' photograph": photographs[nearest],
        "mean training photograph": np.broadcast_to(
            photographs.mean(axis=0), task.targets.shape
        ),
        "L1 alone": inference_view(l1_only, "instance", True, 0).predict(
            task.inputs, verbose=0
        ),
        "pix2pix": model.translate(task.inputs, "instance", True, 0),
    }
    print(f"\n{len(task.inputs)} held-out pairs\n")
    print("| | L1 | SSIM | Frechet distance |\n|---|---|---|---|")
    for name, images in answers.items():
        print(
            f"| {name} | {np.abs(images - task.targets).mean():.3f} | "
            f"{np.mean(structural_similarity(images, task.targets)):.3f} | "
            f"{distance(images, task.targets):.1f} |"
        )
    draw_columns(
        [
            ("input", task.inputs[:8]),
            ("nearest", answers["nearest training labels' photograph"][:8]),
            ("L1 alone", answers["L1 alone"][:8]),
            ("pix2pix", answers["pix2pix"][:8]),
            ("target", task.targets[:8]),
        ]
    ).save(run_dir / "facades.png")


if __name__ == "__main__":
    main(sys.argv[1])
