"""Brings images to sides that a network takes."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Sides:
    """The sides that a network takes.

    Args:
        multiple: Integer >= 1: sides must be multiples of it.
        least: Integer, the shortest side, a multiple of `multiple`.
    """

    multiple: int
    least: int

    def round_up(self, side):
        """Returns the shortest side that is taken and not below `side`."""
        return max(self.least, -(-side // self.multiple) * self.multiple)

    def pad(self, image):
        """Continues an image at its right and its lower side, if need be.

        It goes on as its own mirror image, and then as the mirror image of
        that: whatever is as large as the image has its mean and variance. At
        the far sides alone, because then the pixels lie on the grid of strided
        convolutions as they would without padding, and the two other sides
        stay what they were in training, the border of the image.

        Args:
            image: Array `(height, width, channels)`.

        Returns:
            An array `(height, width, channels)` of sides that are taken;
            `image` itself if it has them.
        """
        height, width = image.shape[:2]
        bottom = self.round_up(height) - height
        right = self.round_up(width) - width
        if not bottom and not right:
            return image
        return np.pad(image, ((0, bottom), (0, right), (0, 0)), "reflect")
