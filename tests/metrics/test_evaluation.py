import numpy as np
import pytest
import tensorflow as tf

from keras_gans.metrics import (
    CallableFeatures,
    ProtocolMismatch,
    evaluate_images,
    evaluation,
    frechet_distance,
    mean_pairwise_distance,
    precision_recall,
)
from tests.metrics.rows_as_images import features, images_of, rows

REAL, FAKE = images_of(150), images_of(130, seed=1, shift=0.1)
NAMES = [
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "diversity",
]


def test_all_figures_in_one_pass():
    seen = []

    def function(images):
        seen.append(len(images))
        return rows(images)

    own = CallableFeatures(function, "pixels", 6, "pixels")
    scores = evaluate_images(own, REAL, FAKE, split="some test", seed=3)
    assert sum(seen) == 280
    assert [score.name for score in scores] == NAMES
    found = {score.name: score.value for score in scores}
    assert found["frechet_distance"] == pytest.approx(
        frechet_distance(rows(REAL), rows(FAKE))
    )
    assert (found["precision"], found["recall"]) == pytest.approx(
        precision_recall(rows(REAL), rows(FAKE))
    )
    assert found["diversity"] == pytest.approx(
        mean_pairwise_distance(rows(FAKE))
    )
    for score in scores:
        assert (score.protocol.num_real, score.protocol.num_fake) == (150, 130)
        assert score.protocol.split == "some test" and score.protocol.seed == 3


@pytest.mark.parametrize(
    "batches",
    [
        lambda images: tf.constant(images),
        lambda images: tf.data.Dataset.from_tensor_slices(images).batch(17),
        lambda images: (images[i : i + 50] for i in range(0, 150, 50)),
    ],
    ids=["tensor", "dataset", "generator"],
)
def test_batches_of_any_kind(batches):
    expected = evaluate_images(features(), REAL, FAKE)
    found = evaluate_images(features(), batches(REAL), batches(FAKE))
    assert found == expected


def test_room_is_for_so_many(monkeypatch):
    monkeypatch.setattr(evaluation, "CAPACITY", 100)
    first, *others = evaluate_images(features(), REAL, FAKE)
    assert first.protocol.num_real == 150
    for score in others:
        assert score.protocol.num_real == 100
        assert "Only the first 100 of 130 fake images" in str(score)


def test_unlike_evaluations_refuse():
    first = evaluate_images(features(), REAL, FAKE)[0]
    fewer = evaluate_images(features(), REAL, FAKE[:100])[0]
    other = evaluate_images(features(hash="other pixels"), REAL, FAKE)[0]
    with pytest.raises(ProtocolMismatch, match="num_fake: 130 and 100"):
        first.is_better_than(fewer)
    with pytest.raises(ProtocolMismatch, match="features_hash: 'pixels' and"):
        first.is_better_than(other)


def test_bad_sets_are_refused():
    with pytest.raises(ValueError, match=r"`fake_images` must be at least two"):
        evaluate_images(features(), REAL, FAKE[:1])
    with pytest.raises(ValueError, match="`real_images` must be at least two"):
        evaluate_images(features(), iter(()), FAKE)
    with pytest.raises(ValueError, match="one height, width and number of"):
        evaluate_images(features(), REAL, images_of(9, shape=(3, 2, 1)))
    with pytest.raises(ValueError, match="one height, width and number of"):
        evaluate_images(features(), [REAL, images_of(9, shape=(3, 2, 1))], FAKE)
    with pytest.raises(ValueError, match="num_neighbors=5 for"):
        evaluate_images(features(), REAL, FAKE[:5])
    bad = CallableFeatures(
        lambda images: np.full((len(images), 2), np.nan), "bad", 2, "bad"
    )
    with pytest.raises(ValueError, match="`real_features` must be finite"):
        evaluate_images(bad, REAL, FAKE)
