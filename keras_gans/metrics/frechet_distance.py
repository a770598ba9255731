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
    moments = [
        (rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False)))
        for rows in (features, other_features)
    ]
    return frechet_distance_of_moments(*moments[0], *moments[1])


def frechet_distance_of_moments(mean, covariance, other_mean, other_covariance):
    """The same of means and covariances that are known already.

    Args:
        mean: Float64 array `(dim,)`.
        covariance: Float64 array `(dim, dim)`; it may be singular.
        other_mean: As `mean`.
        other_covariance: As `covariance`.

    Returns:
        A float >= 0.
    """
    gap = mean - other_mean
    # With C = F F' and D = G G', the roots of the eigenvalues of C D are the
    # singular values of F'G: no root is taken of what is only rounding.
    product = _factor(covariance).T @ _factor(other_covariance)
    trace_of_root = np.sum(np.linalg.svd(product, compute_uv=False))
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


def _factor(covariance):
    """F `(dim, rank)` with F F' = covariance, of which F spans the range."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    rounding = len(covariance) * np.finfo("float64").eps * eigenvalues[-1]
    is_more = eigenvalues > max(rounding, 0)
    return vectors[:, is_more] * np.sqrt(eigenvalues[is_more])
