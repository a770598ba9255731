"""How far a long task is, on the screen."""

import time

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
