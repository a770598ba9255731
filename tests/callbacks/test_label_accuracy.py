import numpy as np
import pytest

from keras_gans.callbacks import LabelAccuracy
from tests.callbacks import games


def accuracy(report=None, **arguments):
    return LabelAccuracy(
        games.CornerClassifier(), 4, num_samples=64, report=report, **arguments
    )


def sampler(share_right):
    """Obeys for the first so many samples, then draws the next class."""

    def sample(labels, seed):
        images, classes = games.corners(4 * len(labels), seed)
        is_wrong = np.arange(len(labels)) >= share_right * len(labels)
        wanted = (labels + is_wrong) % 4
        return np.stack(
            [images[classes == label][i] for i, label in enumerate(wanted)]
        )

    return games.Sampler(sample)


@pytest.mark.parametrize("share", [1.0, 0.75, 0.0])
def test_is_the_share_of_samples_as_asked(share):
    row = games.watch(accuracy(), [sampler(share)])[0]
    assert row["label_accuracy"] == share


def test_limit_is_half_way_between_chance_and_real_images():
    assert accuracy().limits == {"label_accuracy": (0.25 + 1) / 2}
    # Of a classifier that is no good, no more can be asked.
    weak = accuracy(real_accuracy=0.75)
    assert weak.limits == {"label_accuracy": 0.5}
    history = games.watch(weak, [sampler(36 / 64)] * 12)
    assert weak.alarms(history) == []
    assert accuracy().alarms(history)[0][0] == 10


def test_says_when_labels_are_forgotten():
    reports = []
    instrument = accuracy(reports.append)
    games.watch(instrument, [sampler(1.0)] * 2 + [sampler(0.25)] * 4)
    assert len(reports) == 1
    assert "Only 25% of the samples" in reports[0] and "62%" in reports[0]


def test_sees_a_real_generator_that_ignores_its_labels():
    """Labels and images shuffled apart, the commonest mistake of all.

    The same game with the right labels is in `test_healthy_game.py`.
    """
    images, labels = games.corners(1024)
    labels = np.random.default_rng(0).permutation(labels)
    model = games.gan(games.IMAGE_SHAPE, conditional=True, **games.SANE)
    reports = []
    games.play(model, (images, labels), 10, accuracy(reports.append))
    assert len(reports) == 1
    for words in ("ignores its labels", "shuffled together", "projection"):
        assert words in reports[0]


def test_refuses_a_classifier_that_guesses():
    with pytest.raises(ValueError, match="real_accuracy=0.25, num_classes=4"):
        accuracy(real_accuracy=0.25)
