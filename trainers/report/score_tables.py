"""Scores as tables, each with the protocol that its figures hold under."""

import dataclasses

_LOWER, _HIGHER = "lower is better", "higher is better"
_YARDSTICK = "a yardstick"
# Key of a score -> what it is called, and which way is better.
_WORDS = {
    "active_share": ("active units of a picture", ""),
    "active_units": ("numbers of the code in use", ""),
    "activity": ("activity of a unit", ""),
    "classes_found": ("classes found", _HIGHER),
    "code": ("codes", _HIGHER),
    "copied_share": ("share of copies", _LOWER),
    "corrupted_psnr": ("PSNR corrupted, dB", ""),
    "cycle": ("there and back", _LOWER),
    "elbo": ("ELBO, nats", _HIGHER),
    "frechet_distance": ("Frechet distance", _LOWER),
    "frechet_distance_of_real": ("that of real pictures", _YARDSTICK),
    "good_share": ("share of good points", _HIGHER),
    "kl_loss": ("divergence from the prior, nats", ""),
    "l1": ("L1", _LOWER),
    "label_accuracy": ("samples recognised as their label", _HIGHER),
    "modes_found": ("modes found", _HIGHER),
    "mse": ("squared error of a pixel", _LOWER),
    "negative_log_likelihood": ("negative log-likelihood, nats", _LOWER),
    "psnr": ("PSNR, dB", _HIGHER),
    "restored_psnr": ("PSNR restored, dB", _HIGHER),
    "sample_diversity": ("diversity, real pictures' being 1", ""),
    "squared_error": ("squared error of a picture", _LOWER),
    "ssim": ("SSIM", _HIGHER),
    "translated": ("translations, to the truth", _LOWER),
    "trustworthiness": ("neighbours kept (trustworthiness)", _HIGHER),
    "unchanged": ("the input unchanged", _YARDSTICK),
}
# What is told elsewhere on the page, or no number.
_NO_FIGURES = {"protocol", "likelihood_protocol", "alarms", "true_pairs"}


@dataclasses.dataclass(frozen=True)
class Table:
    """Figures with their names.

    Attributes:
        caption: String, the protocol.
        columns: List of `(name, better)`; `better` says which way, or "".
        rows: List of `(name, cells)`, strings, a cell for each column.
        notes: List of sentences.
    """

    caption: str
    columns: list
    rows: list
    notes: list = dataclasses.field(default_factory=list)


def tables_of(score):
    """Returns the tables of a `score.json`, a list of `Table`.

    Dictionaries with the same keys become the rows of one table, single
    figures those of another.
    """
    protocol = score.get("protocol", "")
    groups, singles = {}, []
    for name, value in _flat(score):
        if isinstance(value, dict):
            groups.setdefault(tuple(value), []).append((name, value))
        else:
            singles.append((name, value))
    tables = [
        Table(
            protocol,
            [words_for(key) for key in keys],
            [
                (words_for(name)[0], [number(row[key]) for key in keys])
                for name, row in rows
            ],
        )
        for keys, rows in groups.items()
    ]
    if singles:
        notes = [score[key] for key in ("likelihood_protocol",) if key in score]
        tables.append(
            Table(
                protocol,
                [("value", ""), ("better", "")],
                [
                    (words_for(name)[0], [number(value), words_for(name)[1]])
                    for name, value in singles
                ],
                notes,
            )
        )
    return tables


def _flat(score):
    """Yields figures, and dictionaries of figures, under their names."""
    for name, value in score.items():
        if name in _NO_FIGURES or isinstance(value, (list, str, bool)):
            continue
        if name == "denoising":
            for level, figures in value.items():
                yield f"at noise {level}", figures
        else:
            yield name, value


def flat_figures(score):
    """Yields `(keys, value)` of each single figure of a `score.json`."""
    for name, value in _flat(score):
        if isinstance(value, dict):
            for key, figure in value.items():
                yield (name, key), figure
        else:
            yield (name,), value


def evaluation_tables(evaluation):
    """Returns the scores of an evaluation, a `Table` for each protocol.

    Args:
        evaluation: `record.Evaluation`, or `None`.
    """
    if evaluation is None:
        return []
    groups = {}
    for name, score in evaluation.scores.items():
        groups.setdefault(str(score.protocol), {})[name] = score
    return [
        Table(
            protocol,
            [("value", ""), ("better", "")],
            [
                (
                    words_for(name)[0],
                    [
                        number(score.value),
                        _LOWER if score.lower_is_better else _HIGHER,
                    ],
                )
                for name, score in scores.items()
            ],
            list(
                dict.fromkeys(
                    note for score in scores.values() for note in score.notes
                )
            ),
        )
        for protocol, scores in groups.items()
    ]


def words_for(key):
    """What a figure is called, and which way is better, or ""."""
    return _WORDS.get(key, (str(key).replace("_", " "), ""))


def number(value):
    """A figure, in as many digits as mean something."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:#.3g}"
