"""Which curves a run has, and how to read them, in the lecture's words."""

import math

from trainers.plots import BALANCED
from trainers.report.charts import Chart, Curve

_TITLES = {
    "answer_deviation": "Swing of the answers",
    "copied_share": "Copies among the samples",
    "kl_loss": "Divergence from the prior",
    "l1_loss": "L1 loss",
    "label_accuracy": "Samples recognised as their label",
    "mse": "Squared error of a pixel",
}
_NOTES = {
    "reconstruction_loss": (
        "What is lost between a picture and its reconstruction."
    ),
    "cycle_loss": (
        "There and back again: how far a picture is from what both generators "
        "in turn make of it."
    ),
    "identity_loss": (
        "How much a generator changes a picture that is of its target domain "
        "already."
    ),
    "l1_loss": "How far translations are from their targets, pixel by pixel.",
    "kl_loss": (
        "How much a picture's code tells, in nats: its divergence from the "
        "prior. Near zero, the code is unused."
    ),
    "generator_loss": (
        "What the generator minimises. It is no measure of quality: it rises "
        "as the discriminator gets better."
    ),
    "discriminator_loss": (
        "What the discriminator minimises. A falling line means that it wins."
    ),
    "penalty_loss": "How far the discriminator is from what the penalty asks.",
    "sample_diversity": (
        "Distances between samples, against those between real pictures: 1 is "
        "as diverse as they are. A fall is a sign of mode collapse."
    ),
    "answer_deviation": (
        "How much the discriminator's answers swing from epoch to epoch. Above "
        "the line, the game goes in circles."
    ),
    "classes_found": "Classes that the samples show, of all there are.",
    "modes_found": "Modes that the samples find, of all there are.",
    "good_share": "Share of the points that are near to a mode.",
    "label_accuracy": (
        "Share of the samples that a classifier recognises as their label."
    ),
    "copied_share": (
        "Share of the samples that are suspiciously near to a training picture."
    ),
}
_EVEN_LOSS = 2 * math.log(2)


def charts_of(record):
    """Returns the charts of a run, a list of `Chart`, the game's first."""
    history = record.history
    if not history:
        return []
    alarms = [epoch for epoch, _ in record.alarms]
    names = list(dict.fromkeys(name for row in history for name in row))
    charts = []
    if "real_probability" in names and _has_probabilities(record.config):
        charts.append(_answers(history, alarms))
    for name in names:
        if name.endswith("_loss") or name in ("loss", "mse"):
            charts += _losses(record, name)
    for name in names:
        if name in record.limits and not name.endswith("_probability"):
            limit = record.limits[name]
            charts.append(
                Chart(
                    _title(name),
                    [Curve.of(history, name)],
                    _NOTES.get(name, ""),
                    levels=[(f"limit {limit:.3g}", limit)],
                    limits=(0, None),
                )
            )
    for name in names:
        # Those of a loss are in its chart already.
        if name.startswith("val_") and name.removeprefix("val_") not in names:
            charts.append(
                Chart(
                    f"{_title(name.removeprefix('val_'))}, held out",
                    [Curve.of(history, name)],
                    "Measured on held-out pictures during the training.",
                )
            )
    rates = [name for name in names if name.endswith("learning_rate")]
    if rates:
        charts.append(
            Chart(
                "Learning rate",
                [
                    Curve.of(history, name, name.removesuffix("_learning_rate"))
                    for name in rates
                ],
                "The schedule of the optimizers.",
                limits=(0, None),
            )
        )
    return [chart for chart in charts if any(c.points for c in chart.curves)]


def _title(name):
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def _has_probabilities(config):
    return getattr(config, "has_probabilities", True)


def _answers(history, alarms):
    return Chart(
        "What the discriminator answers",
        [
            Curve.of(history, "real_probability", "to real pictures"),
            Curve.of(history, "fake_probability", "to generated pictures"),
        ],
        "The probability that it gives a picture of being real. In balance it "
        "cannot tell and answers 0.5; the shaded band counts as near. Two "
        "lines far apart: it wins, and the generator learns little.",
        levels=[("cannot tell: 0.5", 0.5)],
        band=BALANCED,
        limits=(0, 1),
        alarms=alarms,
    )


def _losses(record, name):
    """The chart of a loss, with its held-out twin; none for one that is off."""
    history = record.history
    if name.startswith("val_") or not any(row.get(name) for row in history):
        return []
    if name == "loss" and _is_same(history, "reconstruction_loss"):
        return []
    curves = [Curve.of(history, name)]
    note = _NOTES.get(name, "")
    if any(f"val_{name}" in row for row in history):
        curves = [
            Curve.of(history, name, "training pictures"),
            Curve.of(history, f"val_{name}", "held-out pictures"),
        ]
        note = (
            f"{note} Where held-out pictures stay behind, the model learns its "
            "training pictures by heart."
        ).strip()
    levels = []
    if name == "discriminator_loss" and _is_log_loss(record):
        levels = [("cannot tell: 2 log 2", _EVEN_LOSS)]
    is_positive = all(y >= 0 for curve in curves for _, y in curve.points)
    return [
        Chart(
            _title(name),
            curves,
            note,
            levels,
            limits=(0 if is_positive else None, None),
        )
    ]


def _is_same(history, name):
    """Whether a loss is the whole of `loss`, whose chart then says no more."""
    return all(
        name in row and math.isclose(row["loss"], row[name], rel_tol=1e-4)
        for row in history
    )


def _is_log_loss(record):
    """Whether a discriminator that cannot tell has a loss of 2 log 2."""
    config = record.config
    return (
        record.trainer in ("gan", "conditional_gan")
        and config.adversarial_loss in ("minimax", "non_saturating")
        and config.penalty == "none"
        and not config.label_smoothing
    )
