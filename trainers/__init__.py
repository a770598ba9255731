"""Commands that train: `python -m trainers.cyclegan --help`."""

import os
import sys

# TensorFlow reports a missing GPU, and graph rewrites that it gave up, as
# errors, in the middle of the progress lines. Set it to 0 to see them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _import_tensorflow_without_chatter():
    """Imports TensorFlow, whose libraries talk before they read the above.

    They write to the file descriptor of the standard error. Errors arrive as
    exceptions all the same.
    """
    visible = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(visible, 2)
        os.close(nowhere)
        os.close(visible)


if "tensorflow" not in sys.modules:
    _import_tensorflow_without_chatter()
