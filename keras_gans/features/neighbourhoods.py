"""Whether codes keep the neighbourhoods of the images."""

import numpy as np

from keras_gans.features import scikit_learn


def trustworthiness(images, codes, num_neighbors=5, max_images=3000):
    """How far neighbours by their codes are neighbours as images.

    With r(i, j), the place of image j among the others in the order of their
    distances from image i, and the k nearest N(i) of i by the codes,

        1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j in N(i)} max(0, r(i, j) - k)

    1 if the codes bring nothing together that was not; about 0.5 for codes
    that have nothing to do with the images. The distances are Euclidean. It
    depends on n and on k: compare equal ones.

    Reference:

    - [Venna & Kaski, 2001](https://doi.org/10.1007/3-540-44668-0_68)

    Args:
        images: Array `(n, ...)`.
        codes: Array `(n, ...)`.
        num_neighbors: Integer >= 1, below half the number of images, k.
            Defaults to 5.
        max_images: Integer >= 2. Of more images, so many are taken, evenly
            spread: all distances are in memory at once, some 300 MB for the
            default of 3,000.

    Returns:
        A float in [0, 1].

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is out of range, or there are not as many
            codes as images.
    """
    if len(images) != len(codes):
        raise ValueError(
            "There must be one code for each image. "
            f"Received: {len(images)} images and {len(codes)} codes."
        )
    count = min(len(images), max_images)
    if not 1 <= num_neighbors < count / 2:
        raise ValueError(
            "`num_neighbors` must be >= 1 and below half the number of images "
            f"that are looked at. Received: num_neighbors={num_neighbors} for "
            f"{count} images."
        )
    chosen = np.linspace(0, len(images) - 1, count).astype(int)
    manifold = scikit_learn.load("sklearn.manifold")
    return float(
        manifold.trustworthiness(
            np.asarray(images)[chosen].reshape(count, -1),
            np.asarray(codes)[chosen].reshape(count, -1),
            n_neighbors=num_neighbors,
        )
    )
