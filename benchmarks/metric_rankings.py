"""Shows which metric sees which fault, on sets that are made on purpose.

    python benchmarks/metric_rankings.py

Of the 5,000 pictures of Fashion-MNIST that are embedded, 500 are the real side,
2,500 are five sets of good samples, of the first of which the faulty sets are
made, and on the other 2,000 a classifier of the ten classes is trained, which
gives the features. Prints a Markdown table, in which "!" marks figures that are
worse than those of good samples by more than four deviations of these, and "+"
those that are better by as much. Half a minute of one core.
"""

import numpy as np
import tensorflow as tf

from keras_gans import data
from keras_gans.metrics import (
    ClassifierFeatures,
    ImageClassifier,
    evaluate_images,
    nearest_distances,
)

NUM_GOOD_SETS = 5
COUNT = 500


def pictures():
    """All pictures in [-1, 1], and their labels, well mixed."""
    (images, labels), (others, other_labels) = data.load_fashion_mnist()
    images = data.to_float(np.concatenate([images, others]))[..., None]
    labels = np.concatenate([labels, other_labels])
    order = np.random.default_rng(0).permutation(len(images))
    return images[order], labels[order]


def with_noise(images, deviation=0.3):
    noise = np.random.default_rng(1).normal(size=images.shape)
    return np.clip(images + deviation * noise, -1, 1).astype("float32")


def blurred(images, factor=4):
    height, width = images.shape[1:3]
    small = tf.image.resize(
        images, (height // factor, width // factor), antialias=True
    )
    return tf.image.resize(small, (height, width)).numpy()


def without_modes(images, labels, num_classes=5):
    """As many pictures, of the first classes only."""
    kept = images[labels < num_classes]
    return np.resize(kept, (len(images), *images.shape[1:]))


def collapsed(images, num_pictures=10):
    """The same few pictures again and again, nearly."""
    few = np.resize(images[:num_pictures], images.shape)
    return with_noise(few, 0.02)


def sets_of(images, labels, real_images):
    """Sets of samples by the fault that each has."""
    return {
        "noise": with_noise(images),
        "blur": blurred(images),
        "5 of 10 classes": without_modes(images, labels),
        "10 pictures": collapsed(images),
        "copies of the real pictures": real_images,
    }


def rank(num_classifier_epochs=8, count=COUNT, num_good_sets=NUM_GOOD_SETS):
    """Measures all sets.

    Returns:
        `(good, faulty)`: a list of dictionaries of figures by name for good
        sets, and a dictionary of such dictionaries by fault. Beside the
        metrics, `nearest_real` is the median distance to the nearest real
        picture.
    """
    images, labels = pictures()
    real, images, labels = images[:count], images[count:], labels[count:]
    held_out = num_good_sets * count
    features = ClassifierFeatures(
        ImageClassifier.train(
            images[held_out:],
            labels[held_out:],
            10,
            epochs=num_classifier_epochs,
        )
    )

    def measure(fake):
        scores = evaluate_images(features, real, fake, "fashion_mnist, mixed")
        figures = {score.name: score.value for score in scores}
        figures["nearest_real"] = np.median(nearest_distances(fake, real)[0])
        return figures

    good = [
        measure(images[start : start + count])
        for start in range(0, held_out, count)
    ]
    sets = sets_of(images[:count], labels[:count], real)
    return good, {name: measure(fake) for name, fake in sets.items()}


def mark(name, value, good):
    """Whether a figure is far from those of good sets, and on which side."""
    values = [figures[name] for figures in good]
    gap = value - np.mean(values)
    if name in ("frechet_distance", "kernel_distance"):
        gap = -gap
    if abs(gap) <= 4 * np.std(values, ddof=1):
        return ""
    return " +" if gap > 0 else " !"


def main():
    good, faulty = rank()
    names = list(good[0])
    print("| samples |", *(f"{name} |" for name in names))
    print("|---|" + "---|" * len(names))
    mean = {
        name: np.mean([figures[name] for figures in good]) for name in names
    }
    for title, figures in {"good": mean, **faulty}.items():
        cells = [
            f"{value:.3f}{mark(name, value, good)} |"
            for name, value in figures.items()
        ]
        print(f"| {title} |", *cells)


if __name__ == "__main__":
    main()
