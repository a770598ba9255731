"""Two sets of pictures without correspondence, opened and not yet read."""

import dataclasses

from keras_gans.data import image_set


@dataclasses.dataclass(frozen=True)
class UnpairedDomains:
    """Training and test pictures of two domains.

    Args:
        train_a: `ImageSet` of domain a.
        train_b: `ImageSet` of domain b.
        test_a: `ImageSet`, or None.
        test_b: `ImageSet`, or None.
        test_is_paired: Whether `test_a[i]` and `test_b[i]` show the same.
        name: String for messages and reports.
    """

    train_a: image_set.ImageSet
    train_b: image_set.ImageSet
    test_a: image_set.ImageSet | None
    test_b: image_set.ImageSet | None
    test_is_paired: bool
    name: str
