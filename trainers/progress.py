"""How far a long task is, on the screen."""

import time

from trainers.environment import say

_SECONDS_BETWEEN_LINES = 5


class Progress:
    """Prints how many pictures are done, every few seconds.

    Args:
        label: What begins the line, such as `"read"`.
        total: Integer, the number of pictures.
    """

    def __init__(self, label, total):
        self._label, self._done, self._total = label, 0, total
        self._last_line = time.monotonic()

    def __call__(self):
        self._done += 1
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            say(self._label, f"{self._done} of {self._total} pictures")
