"""Errors whose message is one line for the user."""


class ExportError(ValueError):
    """A network, run or picture that cannot be exported, in one sentence."""


class UsageError(Exception):
    """A wrong flag, in one sentence that names it."""


def one_line(error):
    """Returns the first sentence of a foreign error, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text.split('. ')[0][:200]}"
