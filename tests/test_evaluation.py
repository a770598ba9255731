"""Evaluators: what they compare with what, and that training stays the same."""

import keras
import numpy as np
import pytest

from keras_gans import evaluation
from keras_gans.callbacks import Evaluation
from keras_gans.metrics import CallableFeatures
from tests.callbacks import games
from tests.models.tiny import arrays

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-0.9, 0.4, (24, 4, 4, 1)).astype("float32")
SETS = {
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "diversity",
}
PAIRS = {"l1", "psnr", "ssim"}


def features(channels=1):
    """Means of the four rows: no network, no resizing."""
    return CallableFeatures(
        lambda images: images.mean(axis=2).reshape(len(images), -1),
        "rows",
        4 * channels,
        "1",
    )


class Model:
    """Makes what it is told to; notes how it was asked."""

    def __init__(self, make):
        self.make, self.asked = make, []

    def _answer(self, *asked):
        self.asked.append(asked)
        return self.make(*asked)

    def sample(self, wanted, seed):
        return self._answer(wanted, seed)

    def translate(self, images, seed):
        return self._answer(images, seed)

    def reconstruct(self, images):
        return self._answer(images)

    def predict(self, images, batch_size, verbose, direction):
        return self._answer(images, direction)


def test_samples_that_are_the_real_images_are_perfect():
    evaluator = evaluation.of_samples(features(), IMAGES, split="set", seed=7)
    model = Model(lambda count, seed: IMAGES)
    scores = evaluator(model)
    assert set(scores) == SETS
    assert scores["frechet_distance"].value == pytest.approx(0, abs=1e-6)
    assert scores["precision"].value == scores["recall"].value == 1
    assert model.asked == [(24, 7)]
    protocol = scores["recall"].protocol
    assert (protocol.num_real, protocol.num_fake) == (24, 24)
    assert (protocol.split, protocol.seed) == ("set", 7)


def test_brighter_samples_are_as_far_as_they_are_bright():
    # Equal covariances: the distance is that of the means, 4 rows of 0.5.
    evaluator = evaluation.of_samples(features(), IMAGES)
    scores = evaluator(Model(lambda count, seed: IMAGES + 0.5))
    assert scores["frechet_distance"].value == pytest.approx(1, rel=1e-4)


def test_conditional_samples_have_the_labels_of_the_real_images():
    labels = np.arange(24) % 3
    model = Model(lambda wanted, seed: IMAGES)
    evaluation.of_samples(features(), IMAGES, labels)(model)
    np.testing.assert_array_equal(model.asked[0][0], labels)


def test_pairs_are_compared_one_by_one():
    model = Model(lambda images: images + 0.5)
    scores = evaluation.of_reconstructions(IMAGES)(model)
    assert set(scores) == PAIRS
    assert scores["l1"].value == pytest.approx(0.5, rel=1e-5)
    assert scores["psnr"].value == pytest.approx(
        10 * np.log10(4 / 0.25), rel=1e-5
    )
    assert scores["l1"].lower_is_better
    assert not scores["psnr"].lower_is_better


def test_a_denoiser_sees_the_noise_and_is_held_to_the_image():
    model = Model(lambda images: images)
    scores = evaluation.of_reconstructions(IMAGES, IMAGES - 0.1)(model)
    assert scores["l1"].value == pytest.approx(0.1, rel=1e-5)


def test_translations_are_compared_with_their_targets():
    model = Model(lambda images, seed: -images)
    evaluator = evaluation.of_translations(-IMAGES, IMAGES, features(), seed=3)
    scores = evaluator(model)
    assert set(scores) == PAIRS | SETS
    assert scores["l1"].value == 0
    assert model.asked[0][1] == 3


def test_both_directions_are_compared_with_their_own_domain():
    images_b = RNG.uniform(-0.5, 0.5, (12, 4, 4, 3)).astype("float32")
    answers = {"ab": images_b + 0.25, "ba": IMAGES}
    evaluator = evaluation.of_domains(
        IMAGES, images_b, features_a=features(1), features_b=features(3)
    )
    scores = evaluator(Model(lambda images, direction: answers[direction]))
    assert set(scores) == {f"{n}_{d}" for n in SETS for d in ("ab", "ba")}
    assert scores["frechet_distance_ba"].value == pytest.approx(0, abs=1e-6)
    # 4 rows of 3 channels, each brighter by 0.25.
    assert scores["frechet_distance_ab"].value == pytest.approx(0.75, rel=1e-3)


def test_two_sets_need_features():
    with pytest.raises(ValueError, match="there is nothing else to compare"):
        evaluation.of_domains(IMAGES, IMAGES)


def test_a_check_tells_of_too_few_images_without_a_model():
    evaluation.of_samples(features(), IMAGES).check()
    with pytest.raises(ValueError, match="images"):
        evaluation.of_samples(features(), IMAGES[:4]).check()


def test_a_check_tells_of_features_for_other_images():
    with pytest.raises(ValueError, match=r"Features must be of shape \(n, 8\)"):
        evaluation.of_samples(features(channels=2), IMAGES).check()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full_like(IMAGES, np.nan), "must be finite. Received: 384 of 384"),
        (IMAGES[:, :2], "must have the shape of the real ones, "),
    ],
    ids=["not finite", "another size"],
)
def test_bad_images_of_a_model_are_refused(images, message):
    evaluator = evaluation.of_reconstructions(IMAGES)
    with pytest.raises(ValueError, match=message):
        evaluator(Model(lambda shown: images))


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_training_is_bit_equal_with_and_without_evaluations(conditional):
    images, labels = games.corners(32)
    data = (images, labels) if conditional else images

    def state(*callbacks):
        model = games.gan(
            games.IMAGE_SHAPE, conditional, hidden_units=(8,), run_eagerly=True
        )
        games.play(model, data, 2, *callbacks, batch_size=16)
        return arrays(
            model.variables
            + model.generator_optimizer.variables
            + model.discriminator_optimizer.variables
        ) + [np.array(keras.random.normal((3,)))]

    rows = CallableFeatures(
        lambda batch: batch.mean(axis=2).reshape(len(batch), -1), "rows", 8, "1"
    )
    evaluator = evaluation.of_samples(
        rows, images, labels if conditional else None
    )
    watched = state(Evaluation(evaluator))
    for value, expected in zip(watched, state(), strict=True):
        np.testing.assert_array_equal(value, expected)
