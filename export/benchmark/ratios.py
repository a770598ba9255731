"""Statistics of repeated timings: medians and quartiles."""

import numpy as np


def summarise(values):
    """Describes numbers by their middle and their spread.

    Args:
        values: Sequence of floats, at least one.

    Returns:
        Dict of floats: `median`, `lower_quartile`, `upper_quartile` and
        `minimum`.
    """
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    return {
        "median": float(median),
        "lower_quartile": float(lower),
        "upper_quartile": float(upper),
        "minimum": float(min(values)),
    }


def speed(baseline, values):
    """Describes how many times as fast as a baseline something is.

    Each time is set beside that of the baseline in the same round: what else
    the machine does in that moment slows both.

    Args:
        baseline: Sequence of seconds > 0, one for each round.
        values: As `baseline`, of what is compared.

    Returns:
        As `summarise`; above 1 is faster than the baseline.
    """
    if len(baseline) != len(values):
        raise ValueError(
            "`baseline` and `values` must be of the same rounds. Received: "
            f"{len(baseline)} and {len(values)}."
        )
    return summarise([x / y for x, y in zip(baseline, values)])
