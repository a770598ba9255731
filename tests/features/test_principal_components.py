import re

import numpy as np
import pytest

from keras_gans.features import PrincipalComponents

SHAPE = (3, 2, 2)
# More images than values, as many, and fewer: two ways to compute.
counts = pytest.mark.parametrize("count", [40, 12, 8])


def images_of(count, seed=0, shape=SHAPE):
    """Correlated values with another mean and deviation each."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    rows = rng.normal(size=(count, size)) @ rng.normal(size=(size, size))
    return (rows + rng.normal(size=size)).reshape(-1, *shape).astype("float32")


def left_error(components, images):
    return np.sum((components.reconstruct(images) - images) ** 2)


def test_hand_worked_line():
    # Four points on the line through (1, 2) in the direction (3, 4).
    steps = np.array([-2, -1, 1, 2])
    points = np.array([1, 2]) + steps[:, None] * np.array([3, 4])
    points = points.reshape(4, 1, 1, 2)
    components = PrincipalComponents(1).fit(points)
    np.testing.assert_allclose(components.mean.ravel(), [1, 2])
    np.testing.assert_allclose(components.components.ravel(), [0.6, 0.8])
    codes = components.encode(points)
    np.testing.assert_allclose(codes[:, 0], 5 * steps, rtol=1e-6)
    np.testing.assert_allclose(components.reconstruct(points), points)
    np.testing.assert_allclose(
        components.decode([[10.0]]).ravel(), [7, 10], rtol=1e-6
    )


@counts
def test_equals_scikit_learn(count):
    decomposition = pytest.importorskip("sklearn.decomposition")
    images, others = images_of(count), images_of(5, seed=1)
    ours = PrincipalComponents(4).fit(images)
    theirs = decomposition.PCA(4, svd_solver="full")
    theirs.fit(images.reshape(count, -1).astype("float64"))
    rows = others.reshape(5, -1)
    # The largest value of each component is positive there too.
    np.testing.assert_allclose(
        ours.components.reshape(4, -1), theirs.components_, atol=1e-7
    )
    np.testing.assert_allclose(
        ours.encode(others), theirs.transform(rows), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        ours.reconstruct(others).reshape(5, -1),
        theirs.inverse_transform(theirs.transform(rows)),
        atol=1e-4,
    )


@counts
def test_components_are_orthonormal_and_codes_uncorrelated(count):
    images = images_of(count)
    components = PrincipalComponents(5).fit(images)
    rows = components.components.reshape(5, -1)
    np.testing.assert_allclose(rows @ rows.T, np.eye(5), atol=1e-12)
    assert np.all(rows[np.arange(5), np.abs(rows).argmax(axis=1)] > 0)
    codes = components.encode(images)
    assert codes.dtype == np.float32 and codes.shape == (count, 5)
    covariance = np.cov(codes, rowvar=False)
    variances = np.diag(covariance)
    assert np.all(np.diff(variances) < 0)
    np.testing.assert_allclose(
        covariance, np.diag(variances), atol=1e-4 * variances[0]
    )


@counts
def test_no_other_plane_leaves_less(count):
    """Of random planes, and of those a small turn away."""
    images = images_of(count)
    components = PrincipalComponents(3).fit(images)
    least = left_error(components, images)
    best = components.components.reshape(3, -1)
    rng = np.random.default_rng(0)
    for size in (0.01, 0.1, 100):
        for _ in range(10):
            turned = best + size * rng.normal(size=best.shape)
            other = PrincipalComponents(3)
            other.mean = components.mean
            other.components = np.linalg.qr(turned.T)[0].T.reshape(3, *SHAPE)
            assert left_error(other, images) > least


def test_more_numbers_leave_less_and_all_leave_nothing():
    images = images_of(20)
    errors = [
        left_error(PrincipalComponents(code_dim).fit(images), images)
        for code_dim in range(1, 13)
    ]
    assert np.all(np.diff(errors) < 0)
    total = np.sum((images - images.mean(axis=0)) ** 2)
    assert errors[0] < total
    assert errors[-1] < 1e-9 * total


def test_images_without_differences_have_components_too():
    """Their code is 0; division by a deviation would give NaN."""
    images = np.repeat(images_of(1), 3, axis=0)
    components = PrincipalComponents(3).fit(images)
    np.testing.assert_allclose(components.encode(images), 0, atol=1e-6)
    np.testing.assert_allclose(components.reconstruct(images), images)


def test_bytes_are_images():
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 2, 1), "uint8")
    components = PrincipalComponents(4).fit(images)
    np.testing.assert_allclose(
        components.reconstruct(images), images, atol=1e-3
    )


def assert_refused(message, function, *args):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(*args)


def test_bad_arguments_are_refused():
    assert_refused(
        "`code_dim` must be >= 1. Received: code_dim=0.",
        PrincipalComponents,
        0,
    )
    for count in (12, 20):
        assert_refused(
            "`code_dim` must be at most the number of images and the number "
            f"of their values. Received: code_dim=13, {count} images of 12 "
            "values.",
            PrincipalComponents(13).fit,
            images_of(count),
        )
    assert_refused(
        "`images` must be a finite array `(n, height, width, channels)`. "
        "Received: shape (4, 12), 0 values that are NaN or infinite.",
        PrincipalComponents(2).fit,
        images_of(4).reshape(4, 12),
    )
    assert_refused(
        "`images` must be a finite array `(n, height, width, channels)`. "
        "Received: shape (4, 3, 2, 2), 12 values that are NaN or infinite.",
        PrincipalComponents(2).fit,
        np.where(np.arange(4).reshape(4, 1, 1, 1) == 1, np.nan, images_of(4)),
    )


@pytest.mark.parametrize("method", ["encode", "decode", "reconstruct"])
def test_what_is_not_fitted_is_refused(method):
    assert_refused(
        "The components must be found before they are used. Call `fit` first.",
        getattr(PrincipalComponents(2), method),
        images_of(4),
    )


def test_other_shapes_are_refused():
    components = PrincipalComponents(2).fit(images_of(4))
    # As many values, in another order.
    images = images_of(4).reshape(4, 2, 3, 2)
    for method in (components.encode, components.reconstruct):
        assert_refused(
            "`images` must have the shape (n, 3, 2, 2) that was fitted. "
            "Received: shape (4, 2, 3, 2).",
            method,
            images,
        )
    assert_refused(
        "`codes` must have the shape (n, 2) that was fitted. "
        "Received: shape (4, 3).",
        components.decode,
        np.zeros((4, 3)),
    )
