"""One page that sets runs of a trainer side by side."""

from trainers.compare.page import write

__all__ = ["write"]
