"""Two sets of pictures in correspondence, opened and not yet read."""

import dataclasses

from keras_gans.data import image_set


@dataclasses.dataclass(frozen=True)
class PairedImages:
    """Training and test pairs: picture i of the inputs and of the targets.

    Args:
        train_inputs: `ImageSet` of what a network is given.
        train_targets: `ImageSet` of what it is to make of them.
        test_inputs: `ImageSet`, or None.
        test_targets: `ImageSet`, or None.
        name: String for messages and reports.

    Raises:
        ValueError: If there are more inputs than targets, or fewer.
    """

    train_inputs: image_set.ImageSet
    train_targets: image_set.ImageSet
    test_inputs: image_set.ImageSet | None
    test_targets: image_set.ImageSet | None
    name: str

    def __post_init__(self):
        for split in ("train", "test"):
            check_pairs(
                getattr(self, f"{split}_inputs"),
                getattr(self, f"{split}_targets"),
                f"{split}_inputs",
                f"{split}_targets",
            )

    def reversed(self):
        """The same pairs, with inputs and targets in each other's place."""
        return PairedImages(
            train_inputs=self.train_targets,
            train_targets=self.train_inputs,
            test_inputs=self.test_targets,
            test_targets=self.test_inputs,
            name=self.name,
        )


def check_pairs(inputs, targets, inputs_argument, targets_argument):
    """Refuses sets that are not of equal length.

    Args:
        inputs: `ImageSet`, or None for an empty one.
        targets: As `inputs`.
        inputs_argument: String. What the caller calls the inputs.
        targets_argument: String. What the caller calls the targets.

    Raises:
        ValueError: If the lengths differ.
    """
    lengths = [0 if side is None else len(side) for side in (inputs, targets)]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"`{inputs_argument}` and `{targets_argument}` must be pairs, and "
            f"so of equal number. Received: {lengths[0]} inputs, {lengths[1]} "
            "targets."
        )
