"""Whether images lie in each other's neighbourhoods: fidelity and coverage."""

import numpy as np

from keras_gans.metrics.distances import flatten, squared_distances

# Rows of a block: with 10,000 others its distances are 80 MB.
_BLOCK = 1000
# Of squared distances that are equal but for rounding.
_ROUNDING = 1e-9


def precision_recall(real_features, fake_features, num_neighbors=3):
    """Improved precision and recall.

    Precision is the share of fakes that lie in the neighbourhood of a real
    image, the closed ball as far as its k-th nearest real neighbour: how
    good the fakes are. Recall is the same with the sets exchanged: how much of
    the real images is there.

    Reference:

    - [Kynkaanniemi et al., 2019, eq. 1-2](https://arxiv.org/abs/1904.06991)

    Args:
        real_features: Finite array `(n, dim)`.
        fake_features: Finite array `(m, dim)`.
        num_neighbors: Integer k >= 1, less than n and m. Defaults to 3, the
            paper's.

    Returns:
        `(precision, recall)`: floats in [0, 1].

    Raises:
        ValueError: If there are too few rows.
    """
    real, fake = _rows(real_features, fake_features, num_neighbors)
    real_radii = _squared_radii(real, num_neighbors) * (1 + _ROUNDING)
    fake_radii = _squared_radii(fake, num_neighbors) * (1 + _ROUNDING)
    is_good = np.zeros(len(fake), bool)
    is_met = np.zeros(len(real), bool)
    for block, squares in _blocks(real, fake):
        is_good |= np.any(squares <= real_radii[block, None], axis=0)
        is_met[block] = np.any(squares <= fake_radii, axis=1)
    return float(is_good.mean()), float(is_met.mean())


def density_coverage(real_features, fake_features, num_neighbors=5):
    """Density and coverage, which outliers cannot deceive.

    Density counts in how many neighbourhoods of real images a fake lies,
    divided by k: about 1 for fakes like the real ones, more where they crowd.
    Coverage is the share of real images that have a fake in their
    neighbourhood. The neighbourhoods are open balls, so that a real set is of
    density 1 to itself.

    Reference:

    - [Naeem et al., 2020, eq. 3-4](https://arxiv.org/abs/2002.09797)

    Args:
        real_features: Finite array `(n, dim)`.
        fake_features: Finite array `(m, dim)`.
        num_neighbors: Integer k >= 1, less than n and m. Defaults to 5, the
            paper's.

    Returns:
        `(density, coverage)`: floats, >= 0 and in [0, 1].

    Raises:
        ValueError: If there are too few rows.
    """
    real, fake = _rows(real_features, fake_features, num_neighbors)
    radii = _squared_radii(real, num_neighbors) * (1 - _ROUNDING)
    num_inside = num_covered = 0
    for block, squares in _blocks(real, fake):
        is_inside = squares < radii[block, None]
        num_inside += np.count_nonzero(is_inside)
        num_covered += np.count_nonzero(is_inside.any(axis=1))
    return num_inside / (num_neighbors * len(fake)), num_covered / len(real)


def _rows(real_features, fake_features, num_neighbors):
    real, fake = flatten(real_features), flatten(fake_features)
    if not 1 <= num_neighbors < min(len(real), len(fake)):
        raise ValueError(
            "`num_neighbors` must be at least 1 and less than the number of "
            f"images. Received: num_neighbors={num_neighbors} for {len(real)} "
            f"real and {len(fake)} fake images."
        )
    # Distances do not see the mean; without it, less cancels out.
    mean = real.mean(axis=0)
    return real - mean, fake - mean


def _squared_radii(rows, num_neighbors):
    """Squared distance of each row to its k-th nearest other row."""
    # The row itself is the nearest, at 0.
    return np.concatenate(
        [
            np.partition(squares, num_neighbors, axis=1)[:, num_neighbors]
            for _, squares in _blocks(rows, rows)
        ]
    )


def _blocks(rows, others):
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        yield block, squared_distances(rows[block], others)
