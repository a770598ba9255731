"""Writes the page that sets runs side by side."""

import dataclasses
import math

from trainers import run_folder
from trainers.compare import same_inputs, score_rows
from trainers.report import curves, papers, pictures, words
from trainers.report.charts import Curve
from trainers.report.page import environment


@dataclasses.dataclass(frozen=True)
class Difference:
    """A flag in which runs differ, with its value in each."""

    name: str
    values: list
    help: str


def write(runs, out):
    """Writes one page that needs no other file.

    Args:
        runs: List of `RunRecord`, two or more of one trainer.
        out: Path of the page.

    Raises:
        OSError: If the disk refuses.
    """
    run_folder.write_text(out, render(runs))


def render(runs):
    """Returns the page as text; the arguments are those of `write`."""
    names = names_of(runs)
    tables, problems = same_inputs.tables_of(runs, names)
    return (
        environment()
        .get_template("compare.html.jinja")
        .render(
            runs=runs,
            names=names,
            trainer=words.TRAINERS[runs[0].trainer],
            differences=_differences(runs),
            scores=score_rows.rows_of(runs),
            charts=_charts(runs, names),
            tables=tables,
            problems=problems,
            samples=[
                pictures.embed(
                    run.samples[-1][1],
                    name,
                    f"After {run.samples[-1][0]} epochs.",
                )
                for run, name in zip(runs, names)
                if run.samples
            ],
        )
    )


def names_of(runs):
    """What the runs are called: their folders, with parents if need be."""
    names = [run.path.resolve().name for run in runs]
    if len(set(names)) < len(names):
        return [str(run.path) for run in runs]
    return names


def _differences(runs):
    fields = {x.name: x for x in dataclasses.fields(runs[0].config)}
    found = []
    for name in papers.names_of(runs[0].config):
        values = [getattr(run.config, name) for run in runs]
        if len(set(values)) > 1:
            found.append(
                Difference(name, values, fields[name].metadata["help"])
            )
    return found


def _charts(runs, names):
    """Curves of the same figure in one chart, a line for each run."""
    found = {}
    for run, name in zip(runs, names):
        for chart in curves.charts_of(run):
            for curve in chart.curves:
                title = chart.title
                if len(chart.curves) > 1:
                    title += f": {curve.label}"
                entry = found.setdefault(title, (chart, [], []))
                entry[1].append(Curve(name, curve.points))
                entry[2].append(chart.levels)
    return [
        dataclasses.replace(
            chart,
            title=title,
            curves=lines,
            levels=levels[0] if _are_equal(levels) else [],
            alarms=[],
        )
        for title, (chart, lines, levels) in found.items()
        if any(line.points for line in lines)
    ]


def _are_equal(levels):
    """Whether the limits of all runs are the same."""
    return all(
        [label for label, _ in one] == [label for label, _ in levels[0]]
        and all(
            math.isclose(value, first)
            for (_, value), (_, first) in zip(one, levels[0])
        )
        for one in levels
    )
