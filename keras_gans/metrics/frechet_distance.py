"""Frechet distance between two sets of features, the "FID" of a network."""

import numpy as np


def frechet_distance(features, other_features):
    """Squared Frechet distance between Gaussians fitted to two sets.

    With means m, m' and covariances C, C' (unbiased, over n - 1),

        |m - m'|^2 + Tr(C + C' - 2 (C C')^(1/2))

    The Frechet Inception Distance has this of Inception's features; it grows
    as the sets get smaller, so compare only distances of equally many rows.

    Reference:

    - [Heusel et al., 2017, eq. 6](https://arxiv.org/abs/1706.08500)
    - [Dowson & Landau, 1982, eq. 4](https://doi.org/10.1016/0047-259X(82)90077-X)

    Args:
        features: Array `(n, dim)`, n >= 2.
        other_features: Array `(m, dim)`, m >= 2.

    Returns:
        A float >= 0, computed in float64.

    Raises:
        ValueError: If an array is not finite or has another shape.
    """
    features = _check("features", features)
    other_features = _check("other_features", other_features)
    if features.shape[1] != other_features.shape[1]:
        raise ValueError(
            "`features` and `other_features` must be equally wide. "
            f"Received: shapes {features.shape} and {other_features.shape}."
        )
    gap = features.mean(axis=0) - other_features.mean(axis=0)
    covariance, other_covariance = (
        np.atleast_2d(np.cov(rows, rowvar=False))
        for rows in (features, other_features)
    )
    # C C' is not symmetric, but C^(1/2) C' C^(1/2) is, and has the same
    # eigenvalues; the trace of a root is the sum of their roots.
    root = _root(covariance)
    eigenvalues = np.linalg.eigvalsh(root @ other_covariance @ root)
    trace_of_root = np.sum(np.sqrt(np.maximum(eigenvalues, 0)))
    traces = np.trace(covariance) + np.trace(other_covariance)
    return max(float(gap @ gap + traces - 2 * trace_of_root), 0.0)


def _check(name, features):
    features = np.asarray(features, "float64")
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(
            f"`{name}` must be an array of at least two rows. "
            f"Received: shape {features.shape}."
        )
    if not np.all(np.isfinite(features)):
        raise ValueError(
            f"`{name}` must be finite. Received: "
            f"{np.count_nonzero(~np.isfinite(features))} of {features.size} "
            "values are NaN or infinite."
        )
    return features


def _root(covariance):
    """The symmetric square root; rounding can make eigenvalues negative."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T
