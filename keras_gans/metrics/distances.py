"""Euclidean distances between images, or points: among and to others."""

import numpy as np

# Rows of a block: 1,000 images of 64x64x3 are 100 MB in float64.
_BLOCK = 1000


def mean_pairwise_distance(images, labels=None):
    """How much the images of a set differ from each other.

    The mean Euclidean distance between two different images, divided by the
    root of their number of values: a root-mean-square difference, in the unit
    of the values whatever the size of the images. 0 if all are equal.

    Args:
        images: Array `(n, ...)`, walked through in blocks.
        labels: Integers `(n,)`, to look only at pairs of one label, or `None`.

    Returns:
        A float >= 0, computed in float64.

    Raises:
        ValueError: If there is no pair, or another number of labels.
    """
    rows = flatten(images)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != (len(rows),):
            raise ValueError(
                "`labels` must be one integer for each image. Received: "
                f"shape {labels.shape} for {len(rows)} images."
            )
    # Distances do not see the mean; without it, less cancels out below.
    rows = rows - rows.mean(axis=0) if len(rows) else rows
    total = num_pairs = 0
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        positions = np.arange(len(rows))
        is_pair = positions[block, None] != positions
        if labels is not None:
            is_pair &= labels[block, None] == labels
        distances = np.sqrt(squared_distances(rows[block], rows))
        total += distances[is_pair].sum()
        num_pairs += np.count_nonzero(is_pair)
    if not num_pairs:
        raise ValueError(
            "`images` must have two images of one label. "
            f"Received: {len(rows)} images, labels={labels}."
        )
    return float(total / num_pairs / np.sqrt(rows.shape[1]))


def nearest_distances(images, references):
    """Finds the nearest of some references to each image.

    Args:
        images: Array `(n, ...)`.
        references: Array `(m, ...)` of images of the same shape, m >= 1.

    Returns:
        `(distances, indices)`: float64 Euclidean distances `(n,)`, exactly 0
        for copies, and the integer positions `(n,)` of the nearest ones. Both
        arrays are walked through in blocks, so memory stays bounded.

    Raises:
        ValueError: If there is no reference or the shapes differ.
    """
    images, references = np.asarray(images), np.asarray(references)
    if images.shape[1:] != references.shape[1:] or not len(references):
        raise ValueError(
            "`references` must be at least one image of the shape of "
            f"`images`. Received: shapes {images.shape} and "
            f"{references.shape}."
        )
    distances = np.empty(len(images))
    indices = np.empty(len(images), dtype="int64")
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        distances[block], indices[block] = _nearest(images[block], references)
    return distances, indices


def _nearest(images, references):
    rows = flatten(images)
    squares = np.full(len(rows), np.inf)
    indices = np.zeros(len(rows), dtype="int64")
    for start in range(0, len(references), _BLOCK):
        block = flatten(references[start : start + _BLOCK])
        block_squares = squared_distances(rows, block)
        nearest = np.argmin(block_squares, axis=1)
        nearest_squares = block_squares[np.arange(len(rows)), nearest]
        is_nearer = nearest_squares < squares
        squares = np.where(is_nearer, nearest_squares, squares)
        indices = np.where(is_nearer, start + nearest, indices)
    # Once more by differences, in which nothing cancels out.
    gaps = rows - flatten(references[indices])
    return np.linalg.norm(gaps, axis=1), indices


def flatten(images):
    """Returns images `(n, ...)` as float64 rows `(n, values)`."""
    images = np.asarray(images, "float64")
    return images.reshape(len(images), int(np.prod(images.shape[1:])))


def squared_distances(rows, others):
    """|a - b|^2 = |a|^2 + |b|^2 - 2 ab, from the Gram matrix."""
    squares = np.sum(rows**2, axis=1)[:, None] + np.sum(others**2, axis=1)
    return np.maximum(squares - 2 * rows @ others.T, 0)
