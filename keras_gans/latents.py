"""Ways through the noise that a generator takes: paths and truncation.

NumPy in, float32 NumPy out, for any model of this package:

    path = latents.interpolate(start, end, num_steps=9)
    images = model.predict(path)
"""

import math
import statistics

import numpy as np

METHODS = ("linear", "spherical")

# Sine of an angle below which two directions count as one, or as opposite.
_LEAST_SINE = 1e-6

_quantile = np.vectorize(statistics.NormalDist().inv_cdf, otypes=["float64"])
_erfc = np.vectorize(math.erfc, otypes=["float64"])


def interpolate(start, end, num_steps, method="spherical"):
    """Returns paths from some latents to others, both ends included.

    Norms of standard normal vectors of many dimensions gather closely around
    sqrt(latent_dim). The middle of a straight line between two of them has a
    norm of about sqrt(latent_dim / 2), which the generator hardly ever saw in
    training; what it draws there is no fair sample of its skill. A spherical
    path turns by equal angles from one direction to the other, and its norm
    grows evenly from one to the other.

    For equal norms, and nearly so for any two normal vectors of many
    dimensions, this is White's slerp. His formula has no such bound between
    unequal norms in almost opposite directions, as happen in two dimensions.
    Opposite directions are joined by no single arc: there, the path is the
    straight line.

    Reference:

    - [White, 2016](https://arxiv.org/abs/1609.04468)

    Args:
        start: Float array `(..., latent_dim)`.
        end: The same shape.
        num_steps: Integer >= 2, points on each path.
        method: `"spherical"` or `"linear"`. Defaults to `"spherical"`.

    Returns:
        A float32 array `(num_steps, ..., latent_dim)`.

    Raises:
        ValueError: If shapes differ or an argument is out of range.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    if start.shape != end.shape or start.ndim == 0:
        raise ValueError(
            "`start` and `end` must have the same shape `(..., latent_dim)`. "
            f"Received: {start.shape} and {end.shape}."
        )
    if num_steps < 2:
        raise ValueError(
            f"`num_steps` must be >= 2. Received: num_steps={num_steps}."
        )
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {METHODS}. Received: method={method!r}."
        )
    # (num_steps, 1, ..., 1)
    part = np.linspace(0, 1, num_steps).reshape(-1, *[1] * start.ndim)
    mix = _mix_on_sphere if method == "spherical" else _mix
    return mix(start, end, part).astype("float32")


def truncate(latents, threshold):
    """Moves standard normal noise into [-threshold, threshold].

    The truncation trick: with less extreme noise, images are better and less
    diverse. BigGAN redraws the values that are out of range. Here each value
    goes to the same quantile of the normal distribution that is truncated to
    the range: the distribution is the same, and equal noise gives kindred
    images at all thresholds.

    Reference:

    - [Brock et al., 2019, section 3.1](https://arxiv.org/abs/1809.11096)

    Args:
        latents: Float array of any shape, standard normal noise.
        threshold: Float > 0. BigGAN's figures use 2 down to 0.04.

    Returns:
        A float32 array of the same shape.

    Raises:
        ValueError: If `threshold` is not positive.
    """
    if not threshold > 0:
        raise ValueError(
            f"`threshold` must be > 0. Received: threshold={threshold}."
        )
    latents = np.asarray(latents, "float64")
    # By the lower tail: tiny probabilities have digits that 1 - p loses.
    tail = _lower_tail(np.abs(latents))
    cut_off = _lower_tail(threshold)
    tail = cut_off + (1 - 2 * cut_off) * tail
    # Beyond 38 deviations a tail is 0, of which there is no quantile.
    distances = -_quantile(np.maximum(tail, np.finfo("float64").tiny))
    distances = np.minimum(distances, threshold)
    return np.copysign(distances, latents).astype("float32")


def _mix(start, end, part):
    return (1 - part) * start + part * end


def _mix_on_sphere(start, end, part):
    start_norm, start = _norm_and_direction(start)
    end_norm, end = _norm_and_direction(end)
    angle = _angle_between(start, end)
    is_arc = np.sin(angle) > _LEAST_SINE
    sine = np.where(is_arc, np.sin(angle), 1)
    start_weight, end_weight = (
        np.where(is_arc, np.sin(weight * angle) / sine, weight)
        for weight in (1 - part, part)
    )
    direction = start_weight * start + end_weight * end
    return _mix(start_norm, end_norm, part) * direction


def _norm_and_direction(vectors):
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return norms, vectors / np.where(norms > 0, norms, 1)


def _angle_between(directions, others):
    """Angles `(..., 1)` in [0, pi], precise also where they are small."""
    return 2 * np.arctan2(
        np.linalg.norm(others - directions, axis=-1, keepdims=True),
        np.linalg.norm(others + directions, axis=-1, keepdims=True),
    )


def _lower_tail(distances):
    """Probability that a standard normal value is below `-distances`."""
    return _erfc(distances / math.sqrt(2)) / 2
