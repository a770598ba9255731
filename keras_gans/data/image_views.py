"""Pictures of an `ImageSet`, seen in another way: halves, and aligned pairs."""

from keras_gans.data import image_set, images

_HALVES = ("left", "right")


class ImageView(image_set.ImageSet):
    """Pictures of another `ImageSet`.

    A subclass changes how they are decoded or read. Errors name the pictures
    as the other set does.

    Args:
        images: `ImageSet`.
        name: String for messages. Defaults to that of `images`.
    """

    def __init__(self, images, name=None):
        super().__init__(name or images.name, images.channels, images.filenames)
        self._images = images

    def decode(self, index):
        """Reads one picture in its own size.

        Args:
            index: Integer in [0, len).

        Returns:
            An array `(height, width, channels)`.

        Raises:
            ImageError: If the file can not be used.
        """
        return self._decode(index)

    def _identity(self, *options):
        """The identity of a view that has these options."""
        identity = self._images.identity()
        if identity is None:
            return None
        return [type(self).__name__, *options, identity]

    def _location(self, index):
        return self._images._location(index)

    def _decode(self, index):
        return self._images._decode(index)


class HalfImages(ImageView):
    """The left or the right halves of pictures that stand side by side.

    Args:
        images: `ImageSet` of pictures with A on the left and B on the right.
        half: `"left"` or `"right"`.
        name: String for messages, such as `"train"`.

    Raises:
        ValueError: If `half` is another value.
    """

    def __init__(self, images, half, name):
        if half not in _HALVES:
            raise ValueError(
                f"`half` must be one of {', '.join(_HALVES)}. "
                f"Received: half={half!r}."
            )
        super().__init__(images, f"{name} ({half} halves)")
        self._half = half

    def identity(self):
        return self._identity(self._half)

    def _decode(self, index):
        image = super()._decode(index)
        middle, odd = divmod(image.shape[1], 2)
        if odd:
            raise images.ImageError(
                f"{self._location(index)}: is {image.shape[1]} pixels wide, "
                "an odd number, and so has no two equal halves. Save A and B "
                "side by side at one size."
            )
        return image[:, :middle] if self._half == "left" else image[:, middle:]


class AlignedImages(ImageView):
    """One side of pairs whose files must be of equal size; see `align`.

    Args:
        images: `ImageSet`.
        partners: `ImageSet` of the other side.
        sizes: Dict that both sides share: the size of that picture of each
            pair which was read first, its set and its place.
    """

    def __init__(self, images, partners, sizes):
        super().__init__(images)
        self._partners = partners
        self._sizes = sizes

    def identity(self):
        # What is found again is not compared: both sides must be as they were.
        partners = self._partners.identity()
        return None if partners is None else self._identity(partners)

    def _decode(self, index):
        image = super()._decode(index)
        size, location = image.shape[:2], self._location(index)
        # Atomic: of two threads, one is the first, and the other compares.
        expected, partner_set, partner = self._sizes.setdefault(
            index, (size, self.name, location)
        )
        if size != expected:
            raise images.ImageError(
                f"{location}: is {_describe(size)}, but its partner in "
                f"{partner_set}, {partner}, is {_describe(expected)}. Bring "
                "both to one size."
            )
        return image


def align(images_a, images_b):
    """Makes two sets refuse pairs of unequal size as soon as both are read.

    Args:
        images_a: `ImageSet`.
        images_b: `ImageSet` of equal length; picture i of both is a pair.

    Returns:
        Two `AlignedImages`.
    """
    sizes = {}
    return (
        AlignedImages(images_a, images_b, sizes),
        AlignedImages(images_b, images_a, sizes),
    )


def _describe(size):
    return f"{size[1]} wide and {size[0]} high"
