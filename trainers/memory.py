"""What this process has taken of the memory."""

import pathlib
import resource
import sys

import tensorflow as tf

_STATUS = pathlib.Path("/proc/self/status")


def now():
    """Bytes that this process has in memory."""
    if _STATUS.exists():
        return _read("VmRSS")
    return peak()


def peak():
    """Bytes that this process had in memory at most."""
    # `getrusage` would count what the process that started this one had.
    if _STATUS.exists():
        return _read("VmHWM")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def peak_of_devices():
    """Bytes of the fullest GPU at most, or `None` without a GPU."""
    return max(
        (
            tf.config.experimental.get_memory_info(gpu.name)["peak"]
            for gpu in tf.config.list_logical_devices("GPU")
        ),
        default=None,
    )


def _read(name):
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"{_STATUS} has no {name}.")
