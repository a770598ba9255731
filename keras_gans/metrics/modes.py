"""Modes of a mixture of Gaussians that a generator has found."""

import numpy as np

# A normal point of the plane is that near to its centre 99 times in 100.
_GOOD_DEVIATIONS = 3


def count_modes(points, centers, deviation):
    """Counts the modes of a mixture that have points, and the good points.

    A point is good if it lies within three deviations of its nearest centre.

    Reference:

    - [Srivastava et al., 2017, section 4.1](https://arxiv.org/abs/1705.07761)
    - [Lin et al., 2018, section 4.1](https://arxiv.org/abs/1712.04086)

    Args:
        points: Array `(n, dim)`, n >= 1.
        centers: Array `(modes, dim)`.
        deviation: Float > 0, of every mode along each axis.

    Returns:
        `(found_modes, good_share)`: the number of modes with at least one
        good point, and the share of good points in [0, 1].

    Raises:
        ValueError: If a shape or `deviation` is wrong.
    """
    points = np.asarray(points, "float64")
    centers = np.asarray(centers, "float64")
    if (
        points.ndim != 2
        or points.shape[1:] != centers.shape[1:]
        or not points.size
        or not centers.size
    ):
        raise ValueError(
            "`points` and `centers` must be arrays of equally wide rows. "
            f"Received: shapes {points.shape} and {centers.shape}."
        )
    if not deviation > 0:
        raise ValueError(
            f"`deviation` must be > 0. Received: deviation={deviation}."
        )
    # (n, modes): there are few modes.
    distances = np.linalg.norm(points[:, None] - centers, axis=-1)
    is_good = distances.min(axis=1) <= _GOOD_DEVIATIONS * deviation
    found = np.unique(distances.argmin(axis=1)[is_good])
    return len(found), float(is_good.mean())
