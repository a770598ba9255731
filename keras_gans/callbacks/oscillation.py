"""Does the game of generator and discriminator go in circles?"""

import numpy as np

from keras_gans.callbacks import instrument

_SIDES = ("real_probability", "fake_probability")


class Oscillation(instrument.Instrument):
    """Tells when the discriminator's answers swing instead of settling.

    The figure `answer_deviation` is the standard deviation of the answers in
    the last epochs, of real or of fake images, whichever is larger: the root
    of the mean variance within the epochs (from the logs `*_deviation`, where
    the model has them; the rashest epoch is left out, for once is no
    oscillation) plus the variance of their means around a straight line (for
    a trend is none either). Answers that swing evenly between 0 and 1 have
    0.35, and those that jump between 0 and 1 have 0.5. Above 0.2 over a whole
    window, an alarm.

    Args:
        window: Integer >= 3, epochs looked at. Defaults to 5.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    limits = {"answer_deviation": 0.2}

    def __init__(self, window=5, report=None):
        if window < 3:
            raise ValueError(
                "`window` must be >= 3: any two epochs lie on a line. "
                f"Received: window={window}."
            )
        super().__init__(report)
        self.window = window

    def measure(self):
        rows = self._last_rows(self.history)
        if not rows:
            return {}
        return {"answer_deviation": _answer_deviation(rows)}

    def diagnose(self, history):
        rows = self._last_rows(history)
        if len(rows) < self.window:
            return None
        deviation = _answer_deviation(rows)
        if deviation <= self.limits["answer_deviation"]:
            return None
        return (
            f"In the last {self.window} epochs the discriminator's answers "
            f"had a standard deviation of {deviation:.2f}. The game "
            "oscillates: each player undoes what the other has just learnt. "
            "Lower both learning rates, lower the momentum (beta_1) of both "
            "optimizers to 0.5 or 0, add a gradient penalty such as r1, or "
            "average the generator's weights."
        )

    def _last_rows(self, history):
        return instrument.rows_with(history, *_SIDES)[-self.window :]


def _answer_deviation(rows):
    return float(np.sqrt(max(_variance(rows, side) for side in _SIDES)))


def _variance(rows, side):
    variances = sorted(row.get(f"{side}_deviation", 0) ** 2 for row in rows)
    within = np.mean(variances[: max(len(rows) - 1, 1)])
    means = np.array([row[side] for row in rows])
    if len(rows) < 3:
        return within
    epochs = np.arange(len(rows))
    line = np.polyval(np.polyfit(epochs, means, 1), epochs)
    return within + np.mean((means - line) ** 2)
