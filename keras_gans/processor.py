"""What the processor of this machine can do."""

import pathlib

_DESCRIPTION = pathlib.Path("/proc/cpuinfo")


def instructions():
    """Returns the sets of instructions of the first processor.

    Returns:
        A set of strings, by the names that Linux has for them, such as
        `"avx2"`; empty if nobody knows.
    """
    try:
        lines = _DESCRIPTION.read_text().splitlines()
    except OSError:
        return set()
    for line in lines:
        label, _, words = line.partition(":")
        if label.strip() in ("flags", "Features"):  # On x86-64, on ARM.
            return set(words.split())
    return set()
