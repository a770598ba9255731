"""When scores are taken, and that Keras's own callbacks see them."""

import csv
import json
import math

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

from keras_gans.callbacks import Evaluation

IMAGES = np.ones((4, 2), "float32")


class Table:
    """An evaluator with a value for each epoch; counts its calls."""

    def __init__(self, values):
        self.values = values
        self.epochs = []

    def __call__(self, model):
        # Two steps an epoch: a function of the state of the model.
        epoch = int(model.optimizer.iterations) // 2
        self.epochs.append(epoch)
        return {"distance": self.values[epoch - 1]}


def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def fit(trained, epochs, *callbacks, **arguments):
    return trained.fit(
        IMAGES,
        IMAGES[:, :1],
        batch_size=2,
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        **arguments,
    ).history


def test_evaluates_after_the_first_and_every_third_epoch_and_repeats():
    table = Table([9, 8, 7, 6, 5, 4, 3])
    history = fit(model(), 7, Evaluation(table, 3))
    assert table.epochs == [1, 3, 6]
    assert history["val_distance"] == [9, 9, 7, 7, 7, 4, 4]


def test_a_score_counts_by_its_value():
    class Score:
        value = 0.25

    evaluation = Evaluation(lambda model: {"recall": Score()})
    assert fit(model(), 1, evaluation)["val_recall"] == [0.25]
    assert set(evaluation.scores) == {"recall"}


def test_what_others_log_of_held_out_data_is_not_repeated():
    table = Table([9, 8, 7, 6])
    history = fit(
        model(),
        4,
        Evaluation(table, 4),
        validation_data=(IMAGES, IMAGES[:, :1]),
    )
    assert history["val_distance"] == [9, 9, 9, 6]
    assert len(set(history["val_loss"])) == 4


@pytest.mark.parametrize("end", [1, 2, 4])
def test_a_training_cut_in_two_evaluates_as_a_whole_one(end):
    values = [9, 8, 7, 6, 5, 4]
    whole = Evaluation(Table(values), 3)
    fit(model(), 6, whole)
    first, second = Evaluation(Table(values), 3), Evaluation(Table(values), 3)
    trained = model()
    fit(trained, end, first)
    second.history = json.loads(json.dumps(first.history))
    fit(trained, 6, second, initial_epoch=end)
    assert [row["val_distance"] for row in second.history] == [
        row["val_distance"] for row in whole.history
    ]
    assert first.evaluator.epochs + second.evaluator.epochs == [1, 3, 6]


def test_early_stopping_and_checkpoints_see_the_figures(tmp_path):
    stopping = keras.callbacks.EarlyStopping(
        "val_distance", mode="min", patience=3
    )
    saving = keras.callbacks.ModelCheckpoint(
        tmp_path / "epoch_{epoch}_{val_distance:.0f}.keras",
        "val_distance",
        mode="min",
        save_best_only=True,
    )
    # Epochs 2 and 3 repeat a figure, which is no reason to save.
    values = [9, 0, 0, 7, 0, 8, 0, 8, 0, 8]
    history = fit(model(), 10, Evaluation(Table(values), 2), stopping, saving)
    assert history["val_distance"] == [9, 0, 0, 7, 7]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"epoch_1_9.keras", "epoch_2_0.keras"}


def test_callbacks_in_front_of_it_see_nothing():
    # The negative control of the order that the docstring asks for.
    stopping = keras.callbacks.EarlyStopping("val_distance", mode="min")
    with pytest.warns(UserWarning, match="which is not available"):
        fit(model(), 1, stopping, Evaluation(Table([9])))


def test_tables_and_tensorboard_have_the_figures_of_all_epochs(tmp_path):
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    board = keras.callbacks.TensorBoard(tmp_path / "logs")
    fit(model(), 3, Evaluation(Table([9, 8, 7]), 3), logger, board)
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_distance"]) for row in rows] == [9, 9, 7]
    events = event_accumulator.EventAccumulator(
        str(tmp_path / "logs" / "validation")
    ).Reload()
    values = [
        float(tensor_util.make_ndarray(event.tensor_proto))
        for event in events.Tensors("epoch_distance")
    ]
    assert values == [9, 9, 7]


def test_it_sees_no_trouble():
    evaluation = Evaluation(Table([math.inf]))
    fit(model(), 1, evaluation)
    assert evaluation.alarms(evaluation.history) == []


@pytest.mark.parametrize("every_epochs", [0, -1, 1.5])
def test_bad_intervals_are_refused(every_epochs):
    with pytest.raises(
        ValueError,
        match="^`every_epochs` must be an integer >= 1. "
        f"Received: every_epochs={every_epochs}.$",
    ):
        Evaluation(Table([]), every_epochs)
