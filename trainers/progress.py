"""How far a long task is, on the screen."""

import re
import time

import keras

from trainers.environment import say

_SECONDS_BETWEEN_LINES = 5


class Progress:
    """Prints how many pictures are done, every few seconds.

    Args:
        label: What begins the line, such as `"read"`.
        total: Integer, the number of pictures; or None, for `show` alone.
    """

    def __init__(self, label, total=None):
        self._label, self._done, self._total = label, 0, total
        self._last_line = time.monotonic()

    def __call__(self):
        """Counts one more picture."""
        self._done += 1
        self.show(self._done, self._total)

    def show(self, done, total):
        """Prints a line, if the last one was long enough ago."""
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            say(self._label, f"{done} of {total} pictures")


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, without what only tables need."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, _without_details(logs))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, _without_details(logs))


def _without_details(logs):
    return {
        name: value
        for name, value in logs.items()
        if not re.fullmatch(r".+_probability_deviation|class_.+_share", name)
    }


def duration(seconds):
    """So many seconds in the unit that one would say them in."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
