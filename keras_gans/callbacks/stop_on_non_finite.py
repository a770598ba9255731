"""Stops a training that has gone wrong, before it is saved."""

import math

import keras


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `FloatingPointError` as soon as any log is NaN or infinite.

    `keras.callbacks.TerminateOnNaN` looks only at a log called `loss`, which
    GANs do not have, and lets the last epoch end, which then overwrites good
    checkpoints. The models of this package log NaN also where only a gradient
    was not finite, and do not apply that gradient.
    """

    def on_train_batch_end(self, batch, logs=None):
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"`{name}` is {value} at batch {batch + 1} of this epoch. "
                    "The weights before this step are unharmed. Lower the "
                    "learning rate, or look for broken pictures."
                )
