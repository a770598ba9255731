"""The part of a trainer that fits, saves, and goes on where it stopped."""

import contextlib
import dataclasses
import math
import re
import signal
import sys
import time

import keras
import tensorflow as tf

from keras_gans import checkpoints, data
from keras_gans.callbacks import Instrument, StopOnNonFinite
from trainers import history, profiling
from trainers.cli import Stopped
from trainers.environment import say
from trainers.progress import ProgressBar, duration

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STEPS_BEFORE_ESTIMATE = 20
# Epochs can be shorter than the second that curves and a checkpoint take.
_LEAST_SECONDS_BETWEEN_SAVES = 30


def fit(
    model,
    pipeline,
    run,
    epochs,
    checkpoint_steps,
    profile_steps,
    callbacks,
    distribution,
    seen,
    best,
):
    """Trains `model` to the end of `epochs`, going on if the run has begun.

    A run that was killed, whenever that was, goes on from its newest
    checkpoint, also in the middle of an epoch: order and augmentation of the
    pictures are a function of the step, and the checkpoint holds all else.

    Args:
        model: Compiled model of this package.
        pipeline: Object with `steps_per_epoch` and `dataset(start_step)`.
        run: `RunFolder`.
        epochs: Integer, epochs in all.
        checkpoint_steps: Integer, steps between checkpoints; 0 for the ends
            of epochs, at most two in a minute.
        profile_steps: Integer, steps to profile for TensorBoard.
        callbacks: Keras callbacks, called before each checkpoint. Those that
            are `Instrument`s go on with the history of the run; their figures
            and alarms are saved with it.
        distribution: `Distribution` that `model` was built under.
        seen: What the callbacks are shown: `model`, or a copy that gets its
            weights when it is looked at.
        best: `best.Best`. Its best checkpoint is kept, and when it is over,
            so is the training.

    Returns:
        The history: a list of dictionaries, one per epoch.

    Raises:
        Stopped: If SIGINT or SIGTERM came; the state is saved.
        WorkerLost: If another machine is gone.
        FloatingPointError: If a loss or gradient is not finite.
        keras_gans.data.ImageError: If a picture cannot be read.
    """
    with distribution.naming_lost_workers(), naming_bad_pictures():
        distribution.share_checkpoint(run.checkpoints)
        progress = _restore(run, model)
        best.restore(progress.best)
        instruments = [c for c in callbacks if isinstance(c, Instrument)]
        for instrument in instruments:
            instrument.history = list(progress.history)
        if seen is not model:
            callbacks = [_OnCopy(model, seen, callbacks)]
        recorder = _Recorder(
            run,
            progress,
            pipeline.steps_per_epoch,
            epochs,
            checkpoint_steps,
            instruments,
            distribution,
            best,
        )
        callbacks = [StopOnNonFinite(), *callbacks, recorder]
        if distribution.is_chief:
            callbacks.append(ProgressBar())
        profile = profiling.profile(
            profile_steps if distribution.is_chief else 0, run.logs
        )
        with recorder.listening(), profile as profilers:
            callbacks = [*profilers, *callbacks]
            _fit_with(
                model, pipeline, recorder, epochs, callbacks, distribution
            )
    if seen is not model:
        _copy_weights(model, seen)
    return progress.history


def _fit_with(model, pipeline, recorder, epochs, callbacks, distribution):
    progress = recorder.progress

    def fit_to(last_epoch, *more_callbacks):
        epoch, steps_done = divmod(progress.step, pipeline.steps_per_epoch)
        model.fit(
            distribution.dataset(pipeline, progress.step),
            epochs=last_epoch,
            initial_epoch=epoch,
            steps_per_epoch=pipeline.steps_per_epoch - steps_done,
            callbacks=[*more_callbacks, *callbacks],
            # The pipeline shuffles; Keras would warn that it cannot.
            shuffle=False,
            verbose=_verbosity(distribution),
        )

    epoch, steps_done = divmod(progress.step, pipeline.steps_per_epoch)
    if steps_done:
        # The rest of the epoch in which the run was stopped.
        logs = [variable.numpy() for variable in model.metrics_variables]
        rest = pipeline.steps_per_epoch - steps_done
        with _executions_that_divide(rest, model):
            fit_to(epoch + 1, _RestoreLogs(logs))
    is_over = recorder.is_over
    if not is_over and progress.step < epochs * pipeline.steps_per_epoch:
        fit_to(epochs)


@contextlib.contextmanager
def _executions_that_divide(num_steps, model):
    """Shortens executions of several steps that would go beyond `num_steps`.

    The flag divides epochs, but a rest of one only if it was the same when
    the run was stopped.
    """
    given = model.steps_per_execution
    fitting = math.gcd(given, num_steps)
    if fitting == given:
        yield
        return
    try:
        model.steps_per_execution, model.train_function = fitting, None
        yield
    finally:
        model.steps_per_execution, model.train_function = given, None


def _verbosity(distribution):
    if not distribution.is_chief:
        return 0
    return "auto" if sys.stdout.isatty() else 2


@contextlib.contextmanager
def naming_bad_pictures():
    """Brings the error of a picture that is read on demand out of TensorFlow.

    Sets that fit in memory have been read by now; larger ones are not.
    """
    try:
        yield
    except tf.errors.OpError as error:
        match = re.search(r"ImageError: (.+)", error.message)
        if match is None:
            raise
        raise data.ImageError(match[1]) from error


@dataclasses.dataclass
class _Progress:
    """How far a run is.

    Attributes:
        step: Integer, training steps done.
        history: List of dictionaries, one per finished epoch.
        seconds: Float, time of training so far.
        best: Record of a `best.Best`, or `None`.
    """

    step: int = 0
    history: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    best: dict | None = None


def _restore(run, model):
    checkpoint = run.restore(model)
    if checkpoint is None:
        return _Progress()
    for sentence in checkpoint.skipped:
        say("warning", sentence)
    say("resume", f"from step {checkpoint.step}, in {checkpoint.path}")
    return _Progress(checkpoint.step, **checkpoint.state)


class _RestoreLogs(keras.callbacks.Callback):
    """Puts the running logs of an interrupted epoch back: `fit` resets them."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_begin(self, epoch, logs=None):
        for variable, value in zip(self.model.metrics_variables, self.values):
            variable.assign(value)


class _OnCopy(keras.callbacks.Callback):
    """Shows other callbacks a copy of the model that is trained."""

    def __init__(self, model, seen, callbacks):
        super().__init__()
        self._original, self._seen = model, seen
        self._callbacks = keras.callbacks.CallbackList(callbacks, model=seen)

    def set_params(self, params):
        super().set_params(params)
        self._callbacks.set_params(params)

    def on_epoch_begin(self, epoch, logs=None):
        _copy_weights(self._original, self._seen)
        self._callbacks.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        _copy_weights(self._original, self._seen)
        # Not by the list, which would hand on a copy of the logs: the history
        # would lack what these callbacks have measured.
        for callback in self._callbacks.callbacks:
            callback.on_epoch_end(epoch, logs)


def _copy_weights(model, other):
    for weight, same in zip(model.weights, other.weights):
        same.assign(weight.numpy())


class _Recorder(keras.callbacks.Callback):
    """Writes history, curves and checkpoints; stops on a signal."""

    def __init__(
        self,
        run,
        progress,
        steps_per_epoch,
        epochs,
        checkpoint_steps,
        instruments,
        distribution,
        best,
    ):
        super().__init__()
        self.run = run
        self.progress = progress
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.checkpoint_steps = checkpoint_steps
        self.instruments = instruments
        self.distribution = distribution
        self.best = best
        self.is_over = best.is_over(len(progress.history))
        self.saved_step = progress.step
        self.saved_at = time.monotonic()
        self.started = time.monotonic() - progress.seconds
        self.signal = None
        self.first_step_done = None
        self.is_estimated = False
        self.summary_writer = tf.summary.create_file_writer(str(run.logs))

    def listening(self):
        """A context in which signals stop the training after their step."""
        return _Listening(self)

    def on_epoch_begin(self, epoch, logs=None):
        # Now: the schedule moves on with the last step of the epoch.
        self.learning_rates = {
            f"{name.removesuffix('optimizer')}learning_rate": float(
                optimizer.learning_rate
            )
            for name, optimizer in self.model.optimizers().items()
        }

    def on_train_batch_begin(self, batch, logs=None):
        self.epoch_start = self.progress.step - batch

    def on_train_batch_end(self, batch, logs=None):
        self.progress.step = self.epoch_start + batch + 1
        self._estimate_time()
        # The end of an epoch has a row of the history to save first.
        if self.progress.step % self.steps_per_epoch:
            self._save_or_stop(is_last=False)

    def on_epoch_end(self, epoch, logs=None):
        row = {**logs, **self.learning_rates}
        self.progress.history.append({"epoch": epoch + 1, **row})
        with self.summary_writer.as_default():
            for name, value in row.items():
                tf.summary.scalar(name, value, epoch + 1)
        self.summary_writer.flush()
        is_best = is_over = False
        # Only the chief's rows have what its callbacks have seen.
        if self.distribution.is_chief:
            is_best = self.best.update(
                self.progress.history[-1], self.progress.step
            )
            is_over = self.best.is_over(epoch + 1)
        self._save_or_stop(epoch + 1 == self.epochs, is_best, is_over)

    def _save_or_stop(self, is_last, is_best=False, is_over=False):
        if self.checkpoint_steps:
            is_due = (
                self.progress.step - self.saved_step >= self.checkpoint_steps
            )
        else:
            is_due = (
                self.progress.step % self.steps_per_epoch == 0
                and time.monotonic() - self.saved_at
                >= _LEAST_SECONDS_BETWEEN_SAVES
            )
        # Workers save and stop together; the clock that counts is the chief's.
        is_due, is_stopped, is_over = self.distribution.any(
            (is_due and self.distribution.is_chief) or is_best,
            self.signal is not None,
            is_over,
        )
        if is_over:
            self.is_over = is_last = True
            self.model.stop_training = True
        if is_due or is_last or is_stopped:
            self._save()
        if is_stopped and not is_last:
            raise Stopped(
                f"stopped by {self._name_signal()} at step "
                f"{self.progress.step}; everything is saved. Go on with\n  "
                + self.distribution.command_to_go_on(self.run)
            )

    def _name_signal(self):
        if self.signal is None:
            return "another worker"
        return signal.Signals(self.signal).name

    def _save(self):
        if self.progress.history:
            history.write(self.run, self.progress.history, self.instruments)
        self.progress.seconds = round(time.monotonic() - self.started, 3)
        self.progress.best = self.best.record
        state = dataclasses.asdict(self.progress)
        step = state.pop("step")
        checkpoints.write(self.run.checkpoints, self.model, step, state)
        self.saved_step = step
        self.saved_at = time.monotonic()

    def _estimate_time(self):
        now = time.monotonic()
        if self.first_step_done is None:
            # The first step also traces the graph.
            self.first_step_done = (self.progress.step, now)
            return
        first_step, then = self.first_step_done
        num_steps = self.progress.step - first_step
        is_due = num_steps >= _STEPS_BEFORE_ESTIMATE and not self.is_estimated
        if is_due and self.distribution.is_chief:
            self.is_estimated = True
            seconds_per_step = (now - then) / num_steps
            steps_left = self.epochs * self.steps_per_epoch - self.progress.step
            print()  # The progress bar has not ended its line.
            say(
                "time",
                f"about {duration(seconds_per_step * steps_left)} for the "
                f"rest of {self.epochs} epochs",
            )


class _Listening:
    """Notes the first signal in the recorder; a second one ends at once."""

    def __init__(self, recorder):
        self.recorder = recorder

    def __enter__(self):
        try:
            self.previous = {
                number: signal.signal(number, self._note) for number in _SIGNALS
            }
        except ValueError:  # Not the main thread: signals go elsewhere.
            self.previous = {}

    def _note(self, number, frame):
        self.recorder.signal = number
        signal.signal(number, signal.SIG_DFL)

    def __exit__(self, *exception):
        for number, handler in self.previous.items():
            signal.signal(number, handler)
