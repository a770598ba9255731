"""A profile of a few steps, for TensorBoard."""

import contextlib

import keras
import tensorflow as tf

from trainers.environment import say

# The first ones trace the graph, and fill caches and the pipeline's buffers.
_STEPS_BEFORE = 5


@contextlib.contextmanager
def profile(num_steps, logs):
    """A context with the callbacks that profile steps of a training.

    Args:
        num_steps: Integer, steps to profile; 0 for none.
        logs: `pathlib.Path`, the folder that TensorBoard reads.

    Yields:
        List of Keras callbacks.
    """
    if not num_steps:
        yield []
        return
    profiler = _Profiler(num_steps, logs)
    try:
        yield [profiler]
    finally:
        # Also of a training that was stopped or shorter than it should be.
        profiler.finish()


class _Profiler(keras.callbacks.Callback):
    """Profiles steps in a row, after the first ones of this process."""

    def __init__(self, num_steps, logs):
        super().__init__()
        self._num_steps = num_steps
        self._logs = logs
        self._steps_seen = 0
        self._steps_profiled = 0
        self._is_active = self._is_over = False
        self._marker = None

    def on_train_batch_begin(self, batch, logs=None):
        self._first_of_execution = batch
        if self._is_over:
            return
        if not self._is_active and self._steps_seen >= _STEPS_BEFORE:
            self._start()
        if self._is_active:
            # So that TensorBoard can tell the steps apart.
            self._marker = tf.profiler.experimental.Trace(
                "train", step_num=self._steps_seen, _r=1
            )
            self._marker.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        # An execution can be several steps.
        steps = batch + 1 - self._first_of_execution
        self._steps_seen += steps
        if not self._is_active:
            return
        self._close_marker()
        self._steps_profiled += steps
        if self._steps_profiled >= self._num_steps:
            self._stop()

    def finish(self):
        """Writes what has been profiled, if that is not yet done."""
        if self._is_active:
            self._close_marker()
            self._stop()
        elif not self._is_over:
            say(
                "note",
                f"nothing was profiled: that begins after {_STEPS_BEFORE} "
                f"steps, and there were {self._steps_seen}",
            )

    def _start(self):
        try:
            tf.profiler.experimental.start(str(self._logs))
        except tf.errors.AlreadyExistsError:
            self._is_over = True
            print()  # The progress bar has not ended its line.
            say(
                "note",
                "nothing is profiled: another profiler is at work in this "
                "process",
            )
        else:
            self._is_active = True

    def _stop(self):
        self._is_active, self._is_over = False, True
        tf.profiler.experimental.stop()
        print()
        say(
            "profile",
            f"{self._steps_profiled} steps. Look: pip install xprof, then "
            f"tensorboard --logdir={self._logs}",
        )

    def _close_marker(self):
        if self._marker is not None:
            self._marker.__exit__(None, None, None)
            self._marker = None
