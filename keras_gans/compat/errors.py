"""What is raised about files of weights."""

import contextlib


class WeightsError(ValueError):
    """A file of weights cannot be used, or does not fit the network."""


@contextlib.contextmanager
def about(path):
    """Puts the file in front of the sentences of errors about it."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(f"{path} cannot be imported: {error}.") from error
