"""Scores of runs beside each other, where they were measured alike."""

import dataclasses

from trainers.report.score_tables import flat_figures, number, words_for

# Runs that differ in one of these were scored on other pictures.
_HELD_OUT = (
    "data",
    "image_size",
    "channels",
    "channels_a",
    "channels_b",
    "channels_in",
    "channels_target",
    "direction",
    "input_resize",
    "binarize",
)
# What scores have beside what was trained.
_YARDSTICKS = {"mean target", "principal_components", "unchanged"}
# So protocols call a classifier that each run trains for itself, by its seed.
_OWN_FEATURES = "the run's own small classifier"


@dataclasses.dataclass(frozen=True)
class Row:
    """A figure of all runs.

    Attributes:
        name: String.
        better: String, which way is better, or "".
        cells: List of strings, one for each run.
        best: Index of the best run, or `None` if that cannot be said.
        problem: String, why the figures cannot be compared, or "".
    """

    name: str
    better: str
    cells: list
    best: int | None
    problem: str


def rows_of(runs):
    """Returns a list of `Row`, of all figures that two runs or more have."""
    return [*_rows_of_scores(runs), *_rows_of_evaluations(runs)]


def _rows_of_scores(runs):
    figures = [dict(flat_figures(run.score or {})) for run in runs]
    keys = dict.fromkeys(key for values in figures for key in values)
    rows = []
    for key in keys:
        values = [of_run.get(key) for of_run in figures]
        name, better = words_for(key[-1])
        if key[:-1]:
            name = f"{words_for(key[0])[0]}: {name}"
        if key[0] in _YARDSTICKS:
            better = "a yardstick"
        rows.append(_row(name, better, values, _difference(runs, values)))
    return rows


def _difference(runs, values):
    """In what the scores of runs that have a value were measured unlike."""
    having = [run for run, value in zip(runs, values) if value is not None]
    protocols = {run.score["protocol"] for run in having}
    if len(protocols) > 1:
        return "protocols differ"
    for flag in _HELD_OUT:
        if len({getattr(run.config, flag, None) for run in having}) > 1:
            return f"scored on other pictures: {flag} differs"
    if any(_OWN_FEATURES in protocol for protocol in protocols):
        if len({run.config.seed for run in having}) > 1:
            return "each judged by a classifier of its own: seeds differ"
    return ""


def _rows_of_evaluations(runs):
    by_name = {}
    for i, run in enumerate(runs):
        if run.evaluation is not None:
            for name, score in run.evaluation.scores.items():
                by_name.setdefault(name, {})[i] = score
    rows = []
    for key, scores in by_name.items():
        first = next(iter(scores.values()))
        differences = [
            difference
            for score in scores.values()
            for difference in first.protocol.differences(score.protocol)
        ]
        name, _ = words_for(key)
        better = (
            "lower is better" if first.lower_is_better else ("higher is better")
        )
        values = [
            scores[i].value if i in scores else None for i in range(len(runs))
        ]
        problem = "; ".join(dict.fromkeys(differences))
        rows.append(_row(f"{name}, evaluated", better, values, problem))
    return rows


def _row(name, better, values, problem):
    known = [value for value in values if value is not None]
    best = None
    if better.endswith("is better") and not problem and len(set(known)) > 1:
        choose = min if better.startswith("lower") else max
        best = values.index(choose(known))
    cells = ["" if value is None else number(value) for value in values]
    return Row(name, better, cells, best, problem if len(known) > 1 else "")
