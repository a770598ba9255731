"""Scores of a model on held-out images, every few epochs."""

from keras_gans.callbacks import instrument

_PREFIX = "val_"


class Evaluation(instrument.Instrument):
    """Logs what a model is worth on held-out images, as `val_NAME`.

    It evaluates after the first epoch and after every `every_epochs`-th one,
    and repeats the last figures in between: tables and curves then have the
    same columns in all epochs, and a figure that only is repeated is no better
    than itself, so `EarlyStopping` and `ModelCheckpoint` look at it in vain,
    as they should. NaN would be worse than nothing: Keras takes the first one
    that it sees for the best there can be. Patience counts epochs, not
    evaluations.

    Put it in front of the callbacks that are to see its figures:
    `EarlyStopping`, `ModelCheckpoint`, `CSVLogger`, `TensorBoard`. The first
    two need to be told their `mode`, `"min"` or `"max"`: Keras does not know
    it of figures that a callback has logged.

    A training that goes on in another process evaluates at the end of its
    first epoch, unless `history` holds the rows of the past.

    Args:
        evaluator: Function of a model that returns a dictionary of
            `keras_gans.metrics.Score` or floats by name, always of the same
            names, and that leaves the model and the random state of Keras
            alone. `keras_gans.evaluation` has some.
        every_epochs: Integer >= 1. Defaults to 1.

    Attributes:
        scores: What the evaluator returned last, or `None`.
    """

    def __init__(self, evaluator, every_epochs=1):
        if not isinstance(every_epochs, int) or every_epochs < 1:
            raise ValueError(
                "`every_epochs` must be an integer >= 1. "
                f"Received: every_epochs={every_epochs}."
            )
        super().__init__()
        self.evaluator = evaluator
        self.every_epochs = every_epochs
        self.scores = None

    def measure(self):
        epoch = self.history[-1]["epoch"]
        figures = self._last_figures()
        # A function of the epoch alone: a training that was cut in two, or
        # made longer, evaluates when one that was not does.
        if figures and epoch % self.every_epochs:
            return figures
        self.scores = self.evaluator(self.model)
        return {
            f"{_PREFIX}{name}": float(getattr(score, "value", score))
            for name, score in self.scores.items()
        }

    def _last_figures(self):
        """Of the epoch before, without those that others log too."""
        row = self.history[-1]
        before = self.history[-2] if len(self.history) > 1 else {}
        return {
            name: value
            for name, value in before.items()
            if name.startswith(_PREFIX) and name not in row
        }

    def diagnose(self, history):
        """Never sees trouble: which figures are bad, only a user knows."""
        del history
