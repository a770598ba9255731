"""Commands that train: `python -m trainers.cyclegan --help`."""

import os

# TensorFlow reports a missing GPU, and graph rewrites that it gave up, as
# errors, in the middle of the progress lines. Set it to 0 to see them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
