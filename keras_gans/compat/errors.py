"""What is raised about files of weights."""


class WeightsError(ValueError):
    """A file of weights cannot be used, or does not fit the network."""
