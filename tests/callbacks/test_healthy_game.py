"""A GAN that learns: every instrument is attached, and none speaks."""

import numpy as np
import pytest

from keras_gans.callbacks import (
    Balance,
    ClassCoverage,
    LabelAccuracy,
    Memorization,
    ModeCoverage,
    Oscillation,
    SampleDiversity,
)
from tests.callbacks import games


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_images(conditional):
    images, labels = games.corners(768)
    held_out_images, _ = games.corners(256, seed=1)
    reports = []
    settings = {"num_samples": 64, "report": reports.append}
    instruments = [
        Balance(reports.append),
        Oscillation(report=reports.append),
        SampleDiversity(images, labels if conditional else None, **settings),
        Memorization(images, held_out_images, **settings),
    ]
    asks = LabelAccuracy if conditional else ClassCoverage
    instruments.append(asks(games.CornerClassifier(), 4, **settings))
    model = games.gan(games.IMAGE_SHAPE, conditional, **games.SANE)
    data = (images, labels) if conditional else images
    games.play(model, data, 11, *instruments)
    assert reports == []
    # It did learn.
    row = instruments[-1].history[-1]
    assert row["sample_diversity"] > 0.6
    if conditional:
        assert row["label_accuracy"] > 0.9
    else:
        assert row["classes_found"] == 4
    # As the images are: dark, with a bright spot.
    samples = model.sample(np.arange(64) % 4 if conditional else 64, seed=1)
    assert np.median(samples) == pytest.approx(np.median(images), abs=0.2)
    assert samples.max(axis=(1, 2, 3)).mean() > 0


def test_points():
    mixture = games.ring()
    points = mixture.points(512)
    reports = []
    instruments = [
        Balance(reports.append),
        Oscillation(report=reports.append),
        SampleDiversity(points, report=reports.append),
        ModeCoverage(mixture, 500, reports.append),
    ]
    model = games.gan((2,), **{**games.SANE, "penalty_weight": 0.1})
    games.play(model, points, 12, *instruments)
    assert reports == []
    assert instruments[-1].history[-1]["modes_found"] == 4
