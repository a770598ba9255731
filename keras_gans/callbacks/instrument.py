"""What the instruments of a training share: figures, limits and alarms."""

import abc

import keras
import numpy as np

# Fixed noise is the same in every epoch and in every run.
SEED = 0
# An alarm looks at so many epochs, so that one bad epoch is none.
RECENT_EPOCHS = 3
# After so many epochs, a bad beginning is no excuse.
FIRST_EPOCHS = 10
# So much of its limit, in those epochs: a figure is on its way up.
_LEAST_RISE = 0.1


class Instrument(keras.callbacks.Callback, abc.ABC):
    """Abstract base of callbacks that watch a training, and never change it.

    At the end of each epoch the figures of `measure` join the logs, where the
    history, the progress bar and later callbacks see them. Then `diagnose`
    looks at all rows so far; when it begins to see a trouble, its sentence is
    reported: what was seen, what that is called, and what helps.

    Subclasses are final and implement `diagnose`, and `measure` if the logs
    of the model do not have the figures already.

    Attributes:
        history: List of dictionaries, one per epoch: `epoch`, from 1, and all
            logs. Give a new callback the rows of a run that goes on. A run
            that begins again from an earlier epoch drops the rows after it.
        limits: Dictionary from figures to the values beyond which they speak
            of trouble, for plots.

    Args:
        report: Callable that gets the sentence of an alarm. By default it is
            printed.
    """

    limits = {}

    def __init__(self, report=None):
        super().__init__()
        self.history = []
        self.report = report or _print

    def measure(self):
        """Returns the figures of the epoch, floats by name.

        Always under the same names: they are the columns of a table. The logs
        of the epoch are `self.history[-1]`.
        """
        return {}

    @abc.abstractmethod
    def diagnose(self, history):
        """Says what is wrong after the last row of `history`, if anything.

        A function of the rows and nothing else.

        Args:
            history: List of dictionaries, as the attribute.

        Returns:
            A string of plain sentences, or `None`.
        """

    def alarms(self, history):
        """Lists what was, or would have been, reported during a training.

        Args:
            history: List of dictionaries, as the attribute.

        Returns:
            A list of `(epoch, sentences)`: one for each time that a trouble
            began, not for each epoch that it lasted.
        """
        heads = [history[: end + 1] for end in range(len(history))]
        return [
            (head[-1]["epoch"], sentences)
            for head in heads
            if (sentences := self._new_alarm(head))
        ]

    def on_epoch_begin(self, epoch, logs=None):
        self.history = [row for row in self.history if row["epoch"] <= epoch]

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        # New lists: the rows may be somebody else's history.
        self.history = [*self.history, {"epoch": epoch + 1, **logs}]
        figures = self.measure()
        self.history[-1].update(figures)
        # Keras hands the same dictionary to all callbacks, its own last.
        logs.update(figures)
        sentences = self._new_alarm(self.history)
        if sentences:
            self.report(sentences)

    def _new_alarm(self, history):
        sentences = self.diagnose(history)
        if sentences and not self.diagnose(history[:-1]):
            return sentences
        return None

    def _sample(self, num_samples):
        """Images of fixed noise; conditional models draw all labels in turn."""
        num_classes = getattr(self.model, "num_classes", None)
        if num_classes is None:
            return self.model.sample(num_samples, seed=SEED)
        labels = np.arange(num_samples) % num_classes
        return self.model.sample(labels, seed=SEED)


def rows_with(history, *names):
    """The rows of a history that have all of some figures."""
    return [row for row in history if all(name in row for name in names)]


def falls_short(rows, name, limit):
    """Whether a figure that should be high is low, and not only as yet.

    Generators begin with almost equal images of nothing, and averaged ones
    lag behind. So a figure is low only if it is below the limit in three
    epochs on end and not on its way up, and either was above the limit before
    or ten epochs have gone by.

    Args:
        rows: List of dictionaries, one per epoch, that all have the figure.
        name: String, the figure.
        limit: Float.

    Returns:
        A boolean.
    """
    if len(rows) < RECENT_EPOCHS:
        return False
    is_low = [row[name] < limit for row in rows]
    has_begun = rows[-1]["epoch"] >= FIRST_EPOCHS or not all(is_low)
    rise = rows[-1][name] - rows[-RECENT_EPOCHS][name]
    is_rising = rise > _LEAST_RISE * limit
    return has_begun and all(is_low[-RECENT_EPOCHS:]) and not is_rising


def _print(sentences):
    # Keras's progress bar has not ended its line yet.
    print(f"\n{sentences}")
