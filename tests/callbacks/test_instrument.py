"""What all instruments share, and that none of them moves a weight."""

import json

import keras
import numpy as np
import pytest

from keras_gans.callbacks import (
    Balance,
    ClassCoverage,
    Instrument,
    LabelAccuracy,
    Memorization,
    ModeCoverage,
    Oscillation,
    SampleDiversity,
    instrument,
)
from keras_gans.metrics import ImageClassifier
from tests.callbacks import games
from tests.models.tiny import arrays


class Thermometer(Instrument):
    """Measures what it is told to, and is alarmed above 10 degrees."""

    limits = {"degrees": 10}

    def __init__(self, degrees=(), report=None):
        super().__init__(report)
        self.degrees = degrees

    def measure(self):
        return {"degrees": float(self.degrees[len(self.history) - 1])}

    def diagnose(self, history):
        if not history or history[-1]["degrees"] <= 10:
            return None
        return f"It is hot: {history[-1]['degrees']:.0f} degrees."


def run(thermometer, first_epoch, last_epoch):
    for epoch in range(first_epoch - 1, last_epoch):
        thermometer.on_epoch_begin(epoch)
        thermometer.on_epoch_end(epoch, {"loss": 1.0})


def test_figures_are_in_the_history_of_keras_and_seen_by_later_callbacks():
    seen = []
    later = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(dict(logs))
    )
    thermometer = Thermometer([3, 7])
    points = games.ring().points(32)
    history = games.play(games.gan((2,)), points, 2, thermometer, later)
    assert history["degrees"] == [3.0, 7.0]
    assert [logs["degrees"] for logs in seen] == [3.0, 7.0]
    assert thermometer.history == [
        {"epoch": 1, **seen[0]},
        {"epoch": 2, **seen[1]},
    ]


def test_reports_when_a_trouble_begins_not_while_it_lasts():
    reports = []
    thermometer = Thermometer([5, 12, 15, 9, 11], reports.append)
    run(thermometer, 1, 5)
    assert reports == ["It is hot: 12 degrees.", "It is hot: 11 degrees."]
    assert thermometer.alarms(thermometer.history) == [
        (2, reports[0]),
        (5, reports[1]),
    ]


def test_prints_below_the_progress_bar(capsys):
    run(Thermometer([12]), 1, 1)
    assert capsys.readouterr().out == "\nIt is hot: 12 degrees.\n"


def test_goes_on_from_restored_rows_as_if_never_stopped():
    degrees, whole, parts = [5, 12, 15, 9, 11, 13], [], []
    uninterrupted = Thermometer(degrees, whole.append)
    run(uninterrupted, 1, 6)
    first = Thermometer(degrees, parts.append)
    run(first, 1, 2)
    rows = json.loads(json.dumps(first.history))
    restored = Thermometer(degrees, parts.append)
    restored.history = rows
    run(restored, 3, 6)
    assert restored.history == uninterrupted.history
    assert parts == whole
    # Without the rows, the trouble of epoch 2 would be news in epoch 3.
    forgetful, again = Thermometer(degrees[2:], []), []
    forgetful.report = again.append
    run(forgetful, 3, 6)
    assert len(again) > 1
    # The rows of somebody else stay as they were.
    assert [row["epoch"] for row in rows] == [1, 2]


def test_a_run_that_begins_again_forgets_the_last_one():
    thermometer = Thermometer([1, 2, 3])
    run(thermometer, 1, 3)
    run(thermometer, 2, 2)
    assert [row["epoch"] for row in thermometer.history] == [1, 2]
    run(thermometer, 1, 1)
    assert [row["epoch"] for row in thermometer.history] == [1]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([0.1] * 9, False),  # It may be a beginning.
        ([0.1] * 10, True),  # No longer.
        ([0.1] * 9 + [0.16], False),  # It is on its way up.
        ([0.1] * 9 + [0.14], True),  # A little up is chance.
        ([0.9, 0.1, 0.1], False),  # Two bad epochs are none.
        ([0.9, 0.1, 0.1, 0.1], True),  # It fell.
        ([0.9, 0.1, 0.1, 0.5], False),  # At the limit is not below.
        ([0.9] * 12, False),
        ([], False),
    ],
)
def test_falls_short(figures, expected):
    rows = games.rows_of(figure=figures)
    assert instrument.falls_short(rows, "figure", 0.5) is expected


def instruments_of(conditional, images, labels):
    """All that fit to a model of 8x8 images; the classifier learns now."""
    classifier = ImageClassifier.train(images, labels, 4, epochs=1)
    common = [
        Balance(),
        Oscillation(),
        SampleDiversity(images, labels if conditional else None, 16),
        Memorization(images, images + 0.1, num_samples=4),
    ]
    if conditional:
        return [*common, LabelAccuracy(classifier, 4, num_samples=8)]
    return [*common, ClassCoverage(classifier, 4, num_samples=40)]


@pytest.mark.parametrize("conditional", [False, True], ids=["gan", "cgan"])
def test_training_is_bit_equal_with_and_without_instruments(conditional):
    images, labels = games.corners(32)
    data = (images, labels) if conditional else images

    def state(with_instruments):
        model = games.gan(
            games.IMAGE_SHAPE, conditional, hidden_units=(8,), run_eagerly=True
        )
        callbacks = []
        if with_instruments:
            callbacks = instruments_of(conditional, images, labels)
        games.play(model, data, 2, *callbacks, batch_size=16)
        return arrays(
            model.variables
            + model.generator_optimizer.variables
            + model.discriminator_optimizer.variables
        ) + [np.array(keras.random.normal((3,)))]

    for value, expected in zip(state(True), state(False), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_points_are_bit_equal_with_and_without_instruments():
    mixture = games.ring()
    points = mixture.points(32)

    def weights(*callbacks):
        model = games.gan((2,), hidden_units=(8,), run_eagerly=True)
        games.play(model, points, 2, *callbacks, batch_size=16)
        return arrays(model.variables)

    watched = weights(ModeCoverage(mixture, 20), SampleDiversity(points))
    for value, expected in zip(watched, weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_resumed_run_measures_and_reports_the_same():
    images, _ = games.corners(32)
    uneven = {"generator_rate": 1e-6, "discriminator_rate": 0.1}

    def watchers(reports):
        return [
            Balance(report=reports.append),
            Oscillation(report=reports.append),
            SampleDiversity(images, num_samples=8, report=reports.append),
        ]

    def model():
        return games.gan(
            games.IMAGE_SHAPE, hidden_units=(8,), run_eagerly=True, **uneven
        )

    whole, parts = [], []
    uninterrupted = watchers(whole)
    games.play(model(), images, 8, *uninterrupted)
    assert whole

    trained, first = model(), watchers(parts)
    games.play(trained, images, 4, *first)
    second = watchers(parts)
    for callback in second:
        # As a trainer has them: one history for all.
        callback.history = json.loads(json.dumps(first[-1].history))
    games.play(trained, images, 8, *second, initial_epoch=4)
    assert second[-1].history == uninterrupted[-1].history
    assert parts == whole
    history = uninterrupted[-1].history
    alarms = [a for callback in second for a in callback.alarms(history)]
    assert sorted(sentence for _, sentence in alarms) == sorted(whole)
