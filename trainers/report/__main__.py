"""Writes the page of a run again, report.html, of what its folder holds now.

python -m trainers.report --run_dir=runs/cyclegan-001

A run that is not finished gets a page too. Trainers write theirs at the end;
files that came later, of an export, an evaluation or a benchmark, join it so.

Exit codes: 0 done, 2 wrong usage, 65 a file of the run is damaged, 74 the disk
refused.
"""

import dataclasses

from trainers import cli, report
from trainers.config import UsageError, option
from trainers.environment import say


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    run_dir: str = option("", "Run folder of any trainer. Needed.")

    def __post_init__(self):
        if not self.run_dir:
            raise UsageError(
                "--run_dir must be a run folder, such as runs/gan-001."
            )


def write(config):
    """Writes the page of the run that `config` names."""
    say("look", str(report.write(config.run_dir)))


def main(arguments=None):
    """Writes the page that the flags in `arguments` ask for, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, write, __doc__, arguments)


if __name__ == "__main__":
    main()
