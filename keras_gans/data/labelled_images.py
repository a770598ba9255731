"""Pictures of one kind, with or without labels, opened and not yet read."""

import dataclasses

import numpy as np

from keras_gans.data import image_set, pixels
from keras_gans.data.sampling import spread


@dataclasses.dataclass(frozen=True, eq=False)  # `==` of arrays is an array.
class LabelledImages:
    """Training and test pictures, and the classes that they belong to.

    Args:
        train: `ImageSet`.
        train_labels: Integer array `(n,)` in [0, num_classes), or None.
        test: `ImageSet`, or None.
        test_labels: As `train_labels`, of the pictures of `test`.
        class_names: Tuple of strings, in the order of the labels; empty if
            the training pictures have no labels.
        name: String for messages and reports.

    Raises:
        ValueError: If labels and pictures, or labels and classes, do not fit.
    """

    train: image_set.ImageSet
    train_labels: np.ndarray | None
    test: image_set.ImageSet | None
    test_labels: np.ndarray | None
    class_names: tuple[str, ...]
    name: str

    def __post_init__(self):
        if self.train_labels is None and self.class_names:
            raise ValueError(
                "`class_names` must be empty if there are no `train_labels`. "
                f"Received: class_names={self.class_names}."
            )
        for split in ("train", "test"):
            images = getattr(self, split)
            labels = getattr(self, f"{split}_labels")
            if labels is not None:
                count = 0 if images is None else len(images)
                check_labels(labels, count, self.num_classes, f"{split}_labels")

    @property
    def num_classes(self):
        """The number of classes; 0 without labels."""
        return len(self.class_names)

    def load(self, split, size, most=None):
        """Reads the pictures of a split, with their labels.

        Args:
            split: `"train"` or `"test"`.
            size: `(height, width)` to resize to.
            most: Integer >= 1. Of more pictures, as many are read, evenly
                spread over all. Defaults to all.

        Returns:
            `(images, labels)`: a float32 array `(n, height, width, channels)`
            in [-1, 1] and an integer array `(n,)`, or None without labels;
            `(None, None)` if there is no such split.

        Raises:
            ImageError: If files can not be used.
        """
        images = getattr(self, split)
        if images is None:
            return None, None
        labels = getattr(self, f"{split}_labels")
        if labels is not None:
            labels = labels[spread(len(images), most)]
        return pixels.to_float(images.load(size, most)), labels


def check_labels(labels, num_images, num_classes, argument="labels"):
    """Refuses labels that do not fit their pictures and classes.

    Args:
        labels: Array-like.
        num_images: Integer. Number of pictures.
        num_classes: Integer.
        argument: String. What the caller calls the labels.

    Returns:
        The labels as an int32 array `(num_images,)`.

    Raises:
        ValueError: If they are not one integer per picture, or not in
            [0, num_classes).
    """
    labels = np.asarray(labels)
    if labels.shape != (num_images,):
        raise ValueError(
            f"`{argument}` must hold one label per picture. "
            f"Received: shape {labels.shape}, for {num_images} pictures."
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"`{argument}` must be integers. Received: dtype={labels.dtype}."
        )
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if outside.size:
        raise ValueError(
            f"`{argument}` must be at least 0 and less than the number of "
            f"classes, {num_classes}. Received: {outside[0]}."
        )
    return labels.astype("int32")
