"""Kernel distance between two sets of features, the "KID" of a network."""

import numpy as np


def kernel_distance(
    features, other_features, subset_size=1000, num_subsets=100, seed=0
):
    """Squared maximum mean discrepancy, without bias, over subsets.

    With the kernel k(x, y) = (x'y / dim + 1)^3, for each pair of subsets,

        mean of k(x, x') + mean of k(y, y') - 2 * mean of k(x, y)

    where no point is paired with itself. It has no bias, so that it may be
    negative, and its mean does not depend on how many images there are.

    Reference:

    - [Binkowski et al., 2018, section 4](https://arxiv.org/abs/1801.01401)

    Args:
        features: Finite array `(n, dim)`, n >= 2.
        other_features: Finite array `(m, dim)`, m >= 2.
        subset_size: Integer >= 2, rows of either set in a subset, at most as
            many as there are. Defaults to 1000.
        num_subsets: Integer >= 1, drawn without replacement each. Defaults to
            100. If a subset is all of both sets, there is but one.
        seed: Integer, of the subsets.

    Returns:
        `(mean, deviation)`: floats, over the subsets, computed in float64.

    Raises:
        ValueError: If a set has less than two rows.
    """
    subset_size, num_subsets = subsets_of(
        len(features), len(other_features), subset_size, num_subsets
    )
    rng = np.random.default_rng(seed)
    values = [
        _discrepancy(
            *(
                np.asarray(
                    rows[rng.choice(len(rows), subset_size, replace=False)],
                    "float64",
                )
                for rows in (np.asarray(features), np.asarray(other_features))
            )
        )
        for _ in range(num_subsets)
    ]
    return float(np.mean(values)), float(np.std(values))


def subsets_of(num_rows, num_others, subset_size, num_subsets):
    """Returns the size and number of subsets that so many rows allow."""
    fewest = min(num_rows, num_others)
    if min(fewest, subset_size) < 2 or num_subsets < 1:
        raise ValueError(
            "Both sets and `subset_size` must have at least two rows, and "
            f"there must be a subset. Received: {num_rows} and {num_others} "
            f"rows, subset_size={subset_size}, num_subsets={num_subsets}."
        )
    if subset_size >= max(num_rows, num_others) == fewest:
        return fewest, 1
    return min(subset_size, fewest), num_subsets


def _discrepancy(rows, others):
    size = len(rows)
    within = [
        (kernel.sum() - np.trace(kernel)) / (size * (size - 1))
        for kernel in (_kernel(rows, rows), _kernel(others, others))
    ]
    return sum(within) - 2 * _kernel(rows, others).mean()


def _kernel(rows, others):
    return (rows @ others.T / rows.shape[1] + 1) ** 3
