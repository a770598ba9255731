import numpy as np
import pytest

from keras_gans.callbacks import ClassCoverage
from tests.callbacks import games

NAMES = ("north-west", "north-east", "south-west", "south-east")


def coverage(report=None, **arguments):
    arguments = {"class_names": NAMES, "num_samples": 200, **arguments}
    return ClassCoverage(
        games.CornerClassifier(), 4, report=report, **arguments
    )


def sampler(*counts):
    """So many samples of each class."""

    def sample(count, seed):
        assert count == sum(counts)
        images, labels = games.corners(4 * count, seed)
        return np.concatenate(
            [images[labels == i][:n] for i, n in enumerate(counts)]
        )

    return games.Sampler(sample)


def test_counts_classes_with_a_tenth_of_their_fair_share():
    instrument = coverage()
    # The fair share is 50.
    row = games.watch(instrument, [sampler(100, 91, 5, 4)])[0]
    assert instrument.histogram.tolist() == [100, 91, 5, 4]
    assert row["classes_found"] == 3
    shares = [row[f"class_{i}_share"] for i in range(4)]
    assert shares == [0.5, 0.455, 0.025, 0.02]


def test_names_the_missing_when_they_are_lost():
    reports = []
    instrument = coverage(reports.append)
    whole, part = sampler(50, 50, 50, 50), sampler(100, 0, 100, 0)
    history = games.watch(instrument, [whole] * 3 + [part] * 4)
    assert len(reports) == 1
    assert games.first_alarm(instrument, history) == (6, reports[0])
    assert "2 of 4 classes; missing: north-east, south-east." in reports[0]
    numbers = coverage(class_names=()).alarms(history)[0][1]
    assert "missing: 1, 3." in numbers


def test_a_beginning_may_be_bad_for_ten_epochs():
    instrument = coverage()
    whole, part = sampler(50, 50, 50, 50), sampler(200, 0, 0, 0)
    history = games.watch(instrument, [part] * 9 + [whole] * 3)
    assert instrument.alarms(history) == []
    history = games.watch(instrument, [part] * 12)
    assert games.first_alarm(instrument, history)[0] == 10


def test_sees_a_real_gan_that_draws_one_class():
    """The generator is ten times as quick as the discriminator."""
    reports = []
    instrument = coverage(reports.append, num_samples=40)
    model = games.gan(games.IMAGE_SHAPE, generator_rate=1e-2)
    games.play(model, games.corners(256)[0], 12, instrument)
    assert reports
    missing = [name for name, n in zip(NAMES, instrument.histogram) if n == 0]
    sentences = instrument.diagnose(instrument.history)
    assert missing and f"missing: {', '.join(missing)}." in sentences
    for words in ("partial mode collapse", "minibatch", "ConditionalGAN"):
        assert words in reports[0]


def test_refuses_what_it_cannot_count():
    with pytest.raises(ValueError, match="`class_names` must be 4 names"):
        coverage(class_names=NAMES[:3])
    with pytest.raises(ValueError, match="`num_samples` must be at least 10"):
        coverage(num_samples=39)
