"""What a model makes, compared with held-out images: scores by name.

Evaluators are functions of a model, for the callback `Evaluation` and for
`python -m trainers.evaluate`. They draw by seeds of their own, so that two
evaluations of equal weights are equal, and a training with evaluations is the
training without.
"""

import dataclasses
import typing

import numpy as np

from keras_gans import metrics

_BATCH_SIZE = 64
# As many as a trial needs, and as metrics of sets need at least.
_TRIED = 8


@dataclasses.dataclass(frozen=True)
class _Comparison:
    """One set of images that a model makes, against real ones."""

    make_images: typing.Callable
    real_images: np.ndarray
    features: object
    are_pairs: bool
    suffix: str = ""


class Evaluator:
    """Scores a model; made by the functions of this module.

    Args:
        comparisons: List of what is compared with what.
        split: String, the split that the real images are of.
        seed: Integer, of what the metrics draw.
    """

    def __init__(self, comparisons, split, seed):
        self._comparisons = comparisons
        self._split, self._seed = split, seed

    def __call__(self, model):
        """Returns a dictionary of `keras_gans.metrics.Score` by name.

        Raises:
            ValueError: If images that the model makes are not finite or have
                another shape than the real ones, or are too few for a metric.
        """
        return {
            f"{score.name}{comparison.suffix}": score
            for comparison in self._comparisons
            for score in self._score(comparison, model)
        }

    def check(self):
        """Tries the metrics on a few real images, before there is a model.

        Raises:
            ValueError: If the features cannot take such images, or a metric
                so few.
        """
        for comparison in self._comparisons:
            if comparison.features is not None:
                few = comparison.real_images[:_TRIED]
                metrics.evaluate_images(comparison.features, few, few)

    def _score(self, comparison, model):
        real_images = comparison.real_images
        images = np.asarray(comparison.make_images(model), "float32")
        _check_images(images, real_images)
        scores = []
        if comparison.are_pairs:
            scores += self._score_pairs(real_images, images)
        if comparison.features is not None:
            scores += metrics.evaluate_images(
                comparison.features,
                real_images,
                images,
                split=self._split,
                seed=self._seed,
            )
        return scores

    def _score_pairs(self, real_images, images):
        scores = []
        for make_metric in (
            metrics.MeanAbsoluteDifference,
            metrics.PeakSignalToNoiseRatio,
            metrics.StructuralSimilarity,
        ):
            metric = make_metric()
            for start in range(0, len(images), _BATCH_SIZE):
                batch = slice(start, start + _BATCH_SIZE)
                metric.update_state(real_images[batch], images[batch])
            scores += metric.score(self._split, self._seed)
        return scores


def of_samples(features, real_images, labels=None, split="test", seed=0):
    """Compares samples of a latent model with as many held-out images.

    Args:
        features: Features object of `keras_gans.metrics`.
        real_images: Float array `(n, height, width, channels)` in [-1, 1].
        labels: Integers `(n,)`, which a conditional model draws; or `None`.
        split: String for protocols, which images these are: a data set and
            its part.
        seed: Integer, of the noise and of what the metrics draw.

    Returns:
        An `Evaluator`.
    """

    def sample(model):
        wanted = len(real_images) if labels is None else labels
        return model.sample(wanted, seed=seed)

    comparison = _Comparison(sample, real_images, features, are_pairs=False)
    return Evaluator([comparison], split, seed)


def of_reconstructions(
    images, corrupted_images=None, features=None, split="test", seed=0
):
    """Compares what an autoencoder reconstructs with held-out images.

    Args:
        images: Float array `(n, height, width, channels)` in [-1, 1].
        corrupted_images: The same shape, what a denoising model is shown
            instead of `images`; or `None`.
        features: Features object to compare the two sets by, too; or `None`.
        split: As of `of_samples`.
        seed: Integer, of what the metrics draw.

    Returns:
        An `Evaluator`.
    """
    shown = images if corrupted_images is None else corrupted_images
    comparison = _Comparison(
        lambda model: model.reconstruct(shown), images, features, are_pairs=True
    )
    return Evaluator([comparison], split, seed)


def of_translations(
    input_images, target_images, features=None, split="test", seed=0
):
    """Compares what a `Pix2Pix` makes of held-out inputs with their targets.

    Args:
        input_images: Float array `(n, height, width, channels)` in [-1, 1].
        target_images: The same, what the inputs should become.
        features: As of `of_reconstructions`.
        split: As of `of_samples`.
        seed: Integer, of the dropout and of what the metrics draw.

    Returns:
        An `Evaluator`.
    """
    comparison = _Comparison(
        lambda model: model.translate(input_images, seed=seed),
        target_images,
        features,
        are_pairs=True,
    )
    return Evaluator([comparison], split, seed)


def of_domains(
    images_a,
    images_b,
    are_pairs=False,
    features_a=None,
    features_b=None,
    split="test",
    seed=0,
):
    """Compares what a `CycleGAN` makes of each domain with the other one.

    Scores are called `NAME_ab` and `NAME_ba`, by their direction.

    Args:
        images_a: Float array `(n, height, width, channels)` in [-1, 1].
        images_b: The same, of domain b.
        are_pairs: Whether row i of both shows the same thing, so that they
            can be compared one by one.
        features_a: Features object by which images of domain a are compared
            with others; or `None` for pairs.
        features_b: The same, for domain b.
        split: As of `of_samples`.
        seed: Integer, of what the metrics draw.

    Returns:
        An `Evaluator`.

    Raises:
        ValueError: If there are neither pairs nor features to compare by.
    """
    if not are_pairs and (features_a is None or features_b is None):
        raise ValueError(
            "`features_a` and `features_b` must be given where images are no "
            "pairs: there is nothing else to compare two sets by."
        )
    comparisons = [
        _Comparison(
            lambda model, images=images, direction=direction: model.predict(
                images, batch_size=4, verbose=0, direction=direction
            ),
            others,
            features,
            are_pairs,
            f"_{direction}",
        )
        for direction, images, others, features in (
            ("ab", images_a, images_b, features_b),
            ("ba", images_b, images_a, features_a),
        )
    ]
    return Evaluator(comparisons, split, seed)


def _check_images(images, real_images):
    if images.shape[1:] != real_images.shape[1:]:
        raise ValueError(
            "The images that the model makes must have the shape of the real "
            f"ones, {real_images.shape[1:]}. Received: {images.shape[1:]}."
        )
    bad = images.size - np.count_nonzero(np.isfinite(images))
    if bad:
        raise ValueError(
            "The images that the model makes must be finite. Received: "
            f"{bad} of {images.size} values are NaN or infinite. Look for a "
            "loss that diverged."
        )
