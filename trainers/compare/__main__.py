"""Sets runs of one trainer side by side, on one page.

python -m trainers.compare runs/gan-001 runs/gan-002
python -m trainers.compare runs/pix2pix-* --out=sizes.html

First in which flags they differ, then scores, curves, and what the newest
checkpoint of each makes of the same inputs: those of the first run, a row for
each. Figures that were not measured alike are marked.

Exit codes: 0 done, 2 wrong usage, 65 a file of a run is damaged, 74 the disk
refused.
"""

import dataclasses
import pathlib

from trainers import cli, compare, report
from trainers.config import UsageError, option
from trainers.environment import say


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    out: str = option("compare.html", "File for the page.")


def compare_runs(config, run_dirs):
    """Writes the page that sets the runs in `run_dirs` side by side."""
    paths = {pathlib.Path(x).expanduser().resolve(): x for x in run_dirs}
    if len(paths) < 2:
        raise UsageError(
            "Name two run folders or more, such as runs/gan-001 runs/gan-002. "
            f"Received: {' '.join(run_dirs) or 'none'}."
        )
    runs = [report.read(run_dir) for run_dir in paths.values()]
    if len({run.trainer for run in runs}) > 1:
        made_by = ", ".join(f"{run.path} of {run.trainer}" for run in runs)
        raise UsageError(
            f"Runs must be of one trainer to be compared. Received: {made_by}."
        )
    out = pathlib.Path(config.out).expanduser()
    if not out.parent.is_dir():
        raise UsageError(
            f"--out must lie in a folder. There is no {out.parent}."
        )
    for run in runs:
        say("run", f"{run.path}: {run.trainer}, step {run.step}")
    compare.write(runs, out)
    say("look", str(out))


def main(arguments=None):
    """Compares the runs that `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, compare_runs, __doc__, arguments, takes_words=True)


if __name__ == "__main__":
    main()
