import re

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.callbacks import Oscillation
from keras_gans.models import GAN
from tests.callbacks import games


def rows(real, real_deviation=None):
    columns = {"real_probability": real, "fake_probability": [0.5] * len(real)}
    if real_deviation is not None:
        columns["real_probability_deviation"] = real_deviation
        columns["fake_probability_deviation"] = [0.0] * len(real)
    return games.rows_of(**columns)


def deviation_of(history, window=5):
    oscillation = Oscillation(window)
    oscillation.history = history
    return oscillation.measure()["answer_deviation"]


def test_hand_worked_jumps():
    # Around the mean of three, 1, 0, 1 is at 1/3, -2/3, 1/3.
    assert deviation_of(rows([1, 0, 1])) == pytest.approx(np.sqrt(2) / 3)
    # With 0.6 within: 2/9 + 0.36.
    both = deviation_of(rows([1, 0, 1], [0.6] * 3))
    assert both == pytest.approx(np.sqrt(2 / 9 + 0.36))


def test_larger_side_counts():
    history = rows([0.5] * 5, [0.1] * 5)
    for row in history:
        row["fake_probability_deviation"] = 0.3
    assert deviation_of(history) == pytest.approx(0.3)


def test_straight_line_is_no_oscillation():
    assert deviation_of(rows(np.linspace(0, 1, 5))) == pytest.approx(0)
    assert deviation_of(rows([0.5, 1.0])) == 0
    # Only the window is looked at.
    history = rows([0, 1, 0, *np.linspace(0, 1, 5)])
    assert deviation_of(history) == pytest.approx(0)


def test_one_rash_epoch_is_no_oscillation():
    """The discriminator wins in epoch 1, and never loses again."""
    history = rows([0.5, 1, 1, 1, 1], [0.45, 0, 0, 0, 0])
    assert Oscillation().alarms(history) == []
    assert Oscillation().alarms(rows([0.5] * 5, [0.45] * 5))


def test_waits_for_a_whole_window():
    history = rows([1, 0] * 3)
    assert Oscillation().alarms(history)[0][0] == 5
    assert Oscillation(window=3).alarms(history)[0][0] == 3


@pytest.mark.parametrize("period", [0.3, 2, 4])
def test_sees_an_even_swing_of_any_period(period):
    """Sampled at 100 steps in each epoch, as the model's logs are."""
    steps = np.arange(1000) / 100
    answers = (0.5 + 0.5 * np.sin(2 * np.pi * steps / period)).reshape(10, 100)
    history = rows(answers.mean(axis=1), answers.std(axis=1))
    assert Oscillation().alarms(history)
    # A fifth of that swing is the noise of batches.
    calm = 0.5 + (answers - 0.5) / 5
    history = rows(calm.mean(axis=1), calm.std(axis=1))
    assert Oscillation().alarms(history) == []


def dirac_game(**compile_arguments):
    """The generator is a number and the judge a slope; all data lie at 0.

    Mescheder et al. (2018, section 2) prove that this game never settles,
    and that R1 makes it.
    """
    latents, point = layers.Input((1,)), layers.Input((1,))
    number = layers.Dense(1, bias_initializer=keras.initializers.Constant(2))
    generator = number(layers.Rescaling(0.0)(latents))
    slope = layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = GAN(
        keras.Model(latents, generator), keras.Model(point, slope(point))
    )
    model.compile(
        keras.optimizers.SGD(0.6),
        keras.optimizers.SGD(0.6),
        adversarial_loss="minimax",
        **compile_arguments,
    )
    return model


def test_sees_a_real_game_that_oscillates():
    reports = []
    oscillation = Oscillation(report=reports.append)
    data = np.zeros((64, 1), "float32")
    history = games.play(dirac_game(), data, 12, oscillation, batch_size=4)
    assert len(history["answer_deviation"]) == 12
    assert len(reports) == 1
    assert re.search(r"standard deviation of 0\.[2-5]\d\.", reports[0])
    for words in ("oscillates", "learning rates", "beta_1", "r1", "average"):
        assert words in reports[0]
    # With one of the remedies, the same game settles.
    game = dirac_game(penalty="r1", penalty_weight=1.0)
    history = games.play(game, data, 12, oscillation, batch_size=4)
    assert len(reports) == 1
    assert history["answer_deviation"][-1] < 0.01


def test_other_models_are_none_of_its_business():
    oscillation = Oscillation()
    oscillation.history = games.rows_of(loss=[1.0] * 9)
    assert oscillation.measure() == {}
    assert oscillation.diagnose(oscillation.history) is None


def test_refuses_a_window_in_which_all_is_a_line():
    with pytest.raises(ValueError, match="`window` must be >= 3.*window=2"):
        Oscillation(window=2)
