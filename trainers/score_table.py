"""Scores as a table for the screen, with the protocols they hold under."""


def table(scores):
    """Lines of a table: scores, then the protocols and notes they go with.

    Args:
        scores: Dictionary of `keras_gans.metrics.Score` by name.

    Returns:
        A list of strings.
    """
    width = max(map(len, scores))
    protocols = list(dict.fromkeys(s.protocol for s in scores.values()))
    lines = [f"{'score':<{width}}  {'value':>10}  better  protocol"]
    for name, score in scores.items():
        better = "lower" if score.lower_is_better else "higher"
        number = protocols.index(score.protocol) + 1
        lines.append(
            f"{name:<{width}}  {score.value:>10.4g}  {better:<6}  [{number}]"
        )
    lines += [
        f"[{number}] {protocol}"
        for number, protocol in enumerate(protocols, start=1)
    ]
    notes = dict.fromkeys(n for s in scores.values() for n in s.notes)
    return [*lines, *(f"note: {note}" for note in notes)]
