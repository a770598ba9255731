"""The machine a run is on: device, seeds, reproducibility, versions."""

import contextlib
import os
import platform
import sys
import warnings

import keras
import tensorflow as tf

from keras_gans.version import __version__
from trainers import precision


def set_up(config, distribution):
    """Seeds everything, before any initializer exists, and names the device."""
    # Its warnings are about traces of `predict`, for those who write models.
    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(config.seed)
    if config.reproducible:
        be_reproducible()
    say(
        "device",
        f"{device()}; keras_gans {__version__}, TensorFlow {tf.__version__}, "
        f"Keras {keras.__version__}",
    )
    spread = distribution.describe()
    if spread:
        say("spread", spread)
    for label, text in precision.set_up(config.precision):
        say(label, text)


def be_reproducible():
    """Makes operations deterministic, and turns TensorFlow's rewriter off.

    The rewriter's graph differs from process to process, which changes the
    last bits of every number.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )


def device():
    """One line on what computes here."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return f"{len(gpus)} GPU"
    return f"CPU, {os.cpu_count()} cores (no GPU found)"


def describe():
    """Versions and devices, for `environment.json`."""
    return {
        "keras_gans": __version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device(),
        "command": sys.argv,
    }


def say(label, text):
    """Prints one line of a run's report, at once."""
    print(f"{label:<9}{text}", flush=True)


@contextlib.contextmanager
def plain_warnings(translate=str):
    """Prints warnings as lines of the report, not as lines of Python.

    Args:
        translate: Function from the text of a warning to what is printed:
            what arguments are called may not be what flags are called.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        say("warning", translate(str(warning.message)))


def report_alarm(sentence):
    """Prints an alarm below the progress bar, which has not ended its line."""
    print()
    say("alarm", sentence)
