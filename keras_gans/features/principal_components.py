"""Principal components: the best code that is linear."""

import numpy as np


class PrincipalComponents:
    """Codes images by their principal components.

    What an autoencoder has to beat: of all linear encoders and decoders with
    codes of `code_dim` numbers, none leaves a smaller squared error on the
    images it was fitted to, and a linear autoencoder that is trained to the end
    spans the same components. It has the same words as one.

    The components are orthogonal, of length one, and in the order of the
    variance that they explain; the largest value of each is positive.
    Computed in float64.

    Reference:

    - [Baldi & Hornik, 1989](https://doi.org/10.1016/0893-6080(89)90014-2)
    - [Goodfellow et al., 2016, section 14.1](https://www.deeplearningbook.org/contents/autoencoders.html)

    Args:
        code_dim: Integer >= 1, numbers in a code.

    Attributes:
        mean: Float64 array `(height, width, channels)`, `None` before `fit`.
        components: Float64 array `(code_dim, height, width, channels)`,
            `None` before `fit`.

    Raises:
        ValueError: If `code_dim` is out of range.
    """

    def __init__(self, code_dim):
        if code_dim < 1:
            raise ValueError(
                f"`code_dim` must be >= 1. Received: code_dim={code_dim}."
            )
        self.code_dim = code_dim
        self.mean = None
        self.components = None

    def fit(self, images):
        """Finds the components.

        Args:
            images: Float array `(n, height, width, channels)`, of at least
                `code_dim` images with as many values each.

        Returns:
            This object.

        Raises:
            ValueError: If the images are not finite or have another shape, or
                if they are too few or too small for `code_dim`.
        """
        images = np.asarray(images)
        if images.ndim != 4 or not np.all(np.isfinite(images)):
            raise ValueError(
                "`images` must be a finite array `(n, height, width, "
                f"channels)`. Received: shape {images.shape}, "
                f"{np.count_nonzero(~np.isfinite(images))} values that are "
                "NaN or infinite."
            )
        rows = _flatten(images)
        if self.code_dim > min(rows.shape):
            raise ValueError(
                "`code_dim` must be at most the number of images and the "
                f"number of their values. Received: code_dim={self.code_dim}, "
                f"{rows.shape[0]} images of {rows.shape[1]} values."
            )
        mean = rows.mean(axis=0)
        components = _directions(rows - mean)[: self.code_dim]
        self.mean = mean.reshape(images.shape[1:])
        self.components = components.reshape(-1, *images.shape[1:])
        return self

    def encode(self, images):
        """Returns the codes of images.

        Args:
            images: Float array `(n, height, width, channels)`, the sizes those
                of `fit`.

        Returns:
            A float32 array `(n, code_dim)`.

        Raises:
            ValueError: If nothing is fitted or the shape is another one.
        """
        self._check("images", images, self._fitted().shape[1:])
        rows = _flatten(images) - self.mean.ravel()
        return (rows @ _flatten(self.components).T).astype("float32")

    def decode(self, codes):
        """Returns the images of codes.

        Args:
            codes: Float array `(n, code_dim)`.

        Returns:
            A float32 array `(n, height, width, channels)`; its values may
            lie outside of the range of the images of `fit`.

        Raises:
            ValueError: If nothing is fitted or the shape is another one.
        """
        components = self._fitted()
        self._check("codes", codes, (self.code_dim,))
        images = np.tensordot(np.asarray(codes, "float64"), components, 1)
        return (images + self.mean).astype("float32")

    def reconstruct(self, images):
        """Returns what is left of images on the way through their codes.

        Args:
            images: As of `encode`.

        Returns:
            As of `decode`.

        Raises:
            ValueError: If nothing is fitted or the shape is another one.
        """
        return self.decode(self.encode(images))

    def _fitted(self):
        if self.components is None:
            raise ValueError(
                "The components must be found before they are used. "
                "Call `fit` first."
            )
        return self.components

    def _check(self, name, values, shape):
        if np.ndim(values) == 0 or np.shape(values)[1:] != shape:
            sizes = ", ".join(map(str, ("n", *shape)))
            raise ValueError(
                f"`{name}` must have the shape ({sizes}) that was fitted. "
                f"Received: shape {np.shape(values)}."
            )


def _flatten(images):
    images = np.asarray(images, "float64")
    return images.reshape(len(images), -1)


def _directions(rows):
    """Orthonormal rows in the order of the variance along them."""
    if len(rows) > rows.shape[1]:
        # Several times faster, where there are many small images.
        _, columns = np.linalg.eigh(rows.T @ rows)
        directions = columns.T[::-1]
    else:
        _, _, directions = np.linalg.svd(rows, full_matrices=False)
    largest = np.argmax(np.abs(directions), axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return directions * signs[:, None]
