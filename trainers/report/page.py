"""Writes the page of a run."""

import functools
import time

import jinja2

from trainers import run_folder
from trainers.report import (
    curves,
    exported,
    papers,
    pictures,
    record,
    score_tables,
    words,
)

PAGE = "report.html"


def write(run_dir, config_cls=None):
    """Writes `report.html` into a run folder: one file that needs no other.

    All that it says is in the folder, so it can be written again after an
    export, an evaluation or a benchmark, and of a run that is not finished.

    Args:
        run_dir: Path of the run folder.
        config_cls: Config class of its trainer. By default the trainer is
            imported that made the folder.

    Returns:
        The path of the page.

    Raises:
        UsageError: If it is no run folder.
        DamagedRun: If a file in it cannot be read.
    """
    run = record.read(run_dir, config_cls)
    run_folder.write_text(run.path / PAGE, render(run))
    return run.path / PAGE


def render(run):
    """Returns the page of a `RunRecord` as text."""
    setting = papers.setting_of(run.trainer, run.config)
    flags = papers.compare(run.trainer, run.config, setting)
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            run=run,
            trainer=words.TRAINERS[run.trainer],
            facts=_facts(run),
            watched=words.describe_watch(run.limits),
            flipbook=pictures.flipbook(run.samples),
            figures=_figures(run),
            charts=curves.charts_of(run),
            score_tables=score_tables.tables_of(run.score or {}),
            evaluations=score_tables.evaluation_tables(run.evaluation),
            setting=setting,
            departures=[flag for flag in flags if flag.departs],
            others=[flag for flag in flags if not flag.departs],
            exports=exported.files_of(run),
            commands=words.next_commands(run),
        )
    )


@functools.cache
def environment():
    """The templates of this page, and of others in its style."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("trainers"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["setting"] = words.describe_value
    return made


def _facts(run):
    """What opens the page, beside the verdict: pairs of word and value."""
    epochs = run.config.epochs
    done = f"{len(run.history)}"
    facts = [
        (
            "epochs",
            done if len(run.history) == epochs else f"{done} of {epochs}",
        )
    ]
    if run.step is not None:
        facts.append(("steps", f"{run.step:,}"))
    if run.seconds:
        facts.append(("training", words.duration(run.seconds)))
    if run.limits or run.alarms:
        facts.append(("alarms", str(len(run.alarms) or "none")))
    if run.history:
        newest = run.path / "history.csv"
        date = time.localtime(newest.stat().st_mtime)
        facts.append(("trained", time.strftime("%Y-%m-%d", date)))
    return facts


def _figures(run):
    return [
        pictures.embed(figure.path, figure.title, figure.caption)
        for figure in run.figures
    ]
