"""Trainers in this process, as their command line starts them."""

import importlib

import pytest

from trainers import cli


def run(trainer, *arguments):
    """Exit code of `python -m trainers.TRAINER ARGUMENTS`."""
    module = importlib.import_module(f"trainers.{trainer}")
    with pytest.raises(SystemExit) as exit:
        cli.main(
            trainer,
            module.Config,
            module.train,
            module.__doc__,
            list(map(str, arguments)),
        )
    return exit.value.code
