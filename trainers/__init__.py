"""Commands that train: `python -m trainers.cyclegan --help`."""

import os
import sys

# TensorFlow reports a missing GPU, and graph rewrites that it gave up, as
# errors, in the middle of the progress lines. Set it to 0 to see them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Left to itself, TensorFlow uses oneDNN only where there is AVX-512. With AVX2
# alone, as on most AMD processors, a step of DCGAN takes three times as long
# without it. It has to be said before TensorFlow is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


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
