"""Every adversarial loss and penalty on one budget, three seeds each.

python benchmarks/gan_losses.py --task=grid_25 --out=FILE.jsonl
python benchmarks/gan_losses.py --task=fashion_mnist --out=FILE.jsonl
python benchmarks/gan_losses.py --table --out=FILE.jsonl

Each line of FILE is one training; those that are there already are not done
again, so a run that was stopped goes on. `--table` prints the table of the
README from the file. Half an hour or so for each task on one core.

What is equal for all rows, and was fixed after a look at three cells of seed
0 on the grid (non_saturating alone, with r1, and wasserstein with gradient):

- `grid_25`: networks of three hidden layers of 128 units, two numbers of
  noise, 2,000 steps of the generator, three turns of the discriminator for
  each, 256 points a turn; Adam at 1e-3 with betas 0 and 0.9, falling to zero
  over the second half; penalties weigh 0.1. 2,500 points are counted.
- `fashion_mnist`: DCGAN networks of 16 filters, no norm in the discriminator,
  64 numbers of noise, 12 passes over the 4,000 embedded training pictures, two
  turns of the discriminator, 64 pictures a turn; Adam at 5e-4 with betas 0.5
  and 0.999, falling as above; penalties weigh 10, as in their papers. Frechet
  distance of 1,000 samples to the 1,000 test pictures in the features of one
  `ImageClassifier`.

A training whose loss is not finite is a failed cell, and stays in the table.
"""

import argparse
import json
import pathlib

import keras

from keras_gans import data
from keras_gans.callbacks import StopOnNonFinite
from keras_gans.metrics import ImageClassifier, count_modes, frechet_distance
from keras_gans.models import GAN
from keras_gans.models.adversarial import paper_adam
from keras_gans.networks import (
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_mlp_discriminator,
    build_mlp_generator,
)
from keras_gans.optimizers import FlatThenLinear

SEEDS = (0, 1, 2)
CLIPPING = "weight_clipping"
# Loss and penalty. Clipping belongs to the Wasserstein loss alone.
ROWS = (
    ("minimax", None),
    ("non_saturating", None),
    ("least_squares", None),
    ("hinge", None),
    ("relativistic_average", None),
    ("wasserstein", None),
    ("wasserstein", CLIPPING),
    ("wasserstein", "gradient"),
    ("non_saturating", "gradient"),
    ("non_saturating", "dragan"),
    ("non_saturating", "r1"),
    ("non_saturating", "r2"),
)
CLIP_LIMIT = 0.01  # Arjovsky et al., 2017, algorithm 1.


class Grid:
    """Points of 25 modes: how many are found, and what share is good."""

    latent_dim = 2
    discriminator_steps = 3
    learning_rate = 1e-3
    betas = (0.0, 0.9)
    penalty_weight = 0.1
    epochs = 20
    units = (128, 128, 128)

    def __init__(self):
        self.mixture = data.open_mixture("grid_25")

    def pipeline(self, seed):
        return data.MixturePipeline(
            self.mixture, 256 * self.discriminator_steps, 100, seed
        )

    def networks(self):
        return (
            build_mlp_generator(self.latent_dim, (2,), self.units),
            build_mlp_discriminator((2,), self.units),
        )

    def score(self, model):
        points = model.sample(2500, seed=1000)
        modes, good = count_modes(
            points, self.mixture.centers, self.mixture.deviation
        )
        return {"modes_found": modes, "good_share": good}


class FashionMnist:
    """Pictures of clothes: Frechet distance to those of the test set."""

    latent_dim = 64
    discriminator_steps = 2
    learning_rate = 5e-4
    betas = (0.5, 0.999)
    penalty_weight = 10.0
    epochs = 12

    def __init__(self):
        self.images = data.open_images("embedded:fashion_mnist", channels=1)
        train, test = (
            data.to_float(images.load((28, 28)))
            for images in (self.images.train, self.images.test)
        )
        self.classifier = ImageClassifier.train(
            train, self.images.train_labels, 10, seed=1000
        )
        self.test_features = self.classifier.features(test)
        real = train[:: len(train) // len(test)]
        distance = frechet_distance(
            self.classifier.features(real), self.test_features
        )
        print(f"real training pictures: Frechet distance {distance:.2f}")

    def pipeline(self, seed):
        return data.ImagePipeline(
            self.images.train,
            (28, 28),
            batch_size=64 * self.discriminator_steps,
            seed=seed,
        )

    def networks(self):
        shape = (28, 28, 1)
        return (
            build_dcgan_generator(self.latent_dim, shape, filters=16),
            build_dcgan_discriminator(shape, filters=16, normalization="none"),
        )

    def score(self, model):
        samples = model.sample(len(self.test_features), seed=1000)
        features = self.classifier.features(samples)
        return {
            "frechet_distance": frechet_distance(features, self.test_features)
        }


TASKS = {"grid_25": Grid, "fashion_mnist": FashionMnist}


def train(task, loss, penalty, seed):
    """Trains one model and returns its figures, or why there are none."""
    keras.utils.set_random_seed(seed)
    pipeline = task.pipeline(seed)
    model = GAN(
        *task.networks(),
        discriminator_steps=task.discriminator_steps,
        seed=seed,
    )

    def optimizer(updates_per_step):
        schedule = FlatThenLinear(
            task.learning_rate,
            pipeline.steps_per_epoch * updates_per_step,
            task.epochs // 2,
            task.epochs // 2,
        )
        return paper_adam(schedule, *task.betas)

    model.compile(
        optimizer(1),
        optimizer(task.discriminator_steps),
        loss,
        penalty=None if penalty == CLIPPING else penalty,
        penalty_weight=task.penalty_weight,
        clip_limit=CLIP_LIMIT if penalty == CLIPPING else None,
    )
    try:
        model.fit(
            pipeline.dataset(),
            epochs=task.epochs,
            steps_per_epoch=pipeline.steps_per_epoch,
            callbacks=[StopOnNonFinite()],
            shuffle=False,
            verbose=0,
        )
        return task.score(model)
    except (FloatingPointError, ValueError) as error:
        return {"failed": str(error)}


def run(task_name, path):
    """Does what is missing in the file `path`."""
    done = {
        (row["task"], row["loss"], row["penalty"], row["seed"])
        for row in read(path)
    }
    task = None
    for seed in SEEDS:
        for loss, penalty in ROWS:
            cell = (task_name, loss, penalty, seed)
            if cell in done:
                continue
            task = task or TASKS[task_name]()
            figures = train(task, loss, penalty, seed)
            row = dict(zip(("task", "loss", "penalty", "seed"), cell))
            with open(path, "a") as file:
                file.write(json.dumps(row | figures) + "\n")
            print(*cell, figures, flush=True)


def read(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def print_table(path):
    rows = read(path)

    def cell(task, loss, penalty, figure, form):
        runs = [
            row
            for row in rows
            if (row["task"], row["loss"], row["penalty"])
            == (task, loss, penalty)
        ]
        return ", ".join(
            format(row[figure], form) if figure in row else "failed"
            for row in sorted(runs, key=lambda row: row["seed"])
        )

    print("| loss | penalty | modes of 25 | good points | Frechet distance |")
    print("|---|---|---|---|---|")
    for loss, penalty in ROWS:
        columns = [
            f"`{loss}`",
            f"`{penalty}`" if penalty else "",
            cell("grid_25", loss, penalty, "modes_found", "d"),
            cell("grid_25", loss, penalty, "good_share", ".0%"),
            cell("fashion_mnist", loss, penalty, "frechet_distance", ".0f"),
        ]
        print("|", " | ".join(columns), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    if arguments.task:
        run(arguments.task, arguments.out)
    if arguments.table:
        print_table(arguments.out)


if __name__ == "__main__":
    main()
