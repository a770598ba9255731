"""Where tiles lie, what each has to say, and how they are put together."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Span:
    """A tile's part of one axis.

    Args:
        start: Integer, where it begins.
        stop: Integer, where it ends.
        core: Pair of integers from `start` to `stop`. The cores of all spans
            are the axis, each part of it once.
        weights: Float array `(stop - start,)` in [0, 1]. Of all spans on one
            place, they add up to one.
    """

    start: int
    stop: int
    core: tuple[int, int]
    weights: np.ndarray

    @property
    def place(self):
        """The span as a slice of the axis."""
        return slice(self.start, self.stop)

    def core_of(self, side):
        """Returns the core as a slice of features with `side` rows."""
        begin, end = (
            (border - self.start) * side // (self.stop - self.start)
            for border in self.core
        )
        return slice(begin, end)


def split_axis(length, longest, overlap, multiple):
    """Splits an axis into spans of equal length, as few as can be.

    From one span to the next, the weights pass in the middle half of the
    overlap. In its outer quarters a span says nothing: there its features come
    from the padding of the tile and not from the picture.

    Args:
        length: Integer, of the axis, a multiple of `multiple`.
        longest: Integer, the longest span, at least `least_tile_size`.
        overlap: Integer, the least that neighbours share.
        multiple: Integer: spans begin and end at multiples of it.

    Returns:
        A list of `Span`.
    """
    if length <= longest:
        return [Span(0, length, (0, length), np.ones(length, "float32"))]
    overlap = _round_up(overlap, multiple)
    longest = longest // multiple * multiple
    count = -(-(length - overlap) // (longest - overlap))
    # No longer than need be: what is shared is work that is done twice.
    size = overlap + _round_up(-(-(length - overlap) // count), multiple)
    places = (length - size) // multiple
    starts = [i * places // (count - 1) * multiple for i in range(count)]
    middles = [
        (start + size + following) // 2
        for start, following in zip(starts, starts[1:])
    ]
    rises = [_rise(length, middle, overlap / 2) for middle in middles]
    # The first begins, and the last ends, beyond the axis.
    rises = [np.ones(length), *rises, np.zeros(length)]
    borders = [0, *middles, length]
    # Differences, so that the sum over all spans is the first rise: one.
    return [
        Span(
            start,
            start + size,
            (borders[i], borders[i + 1]),
            np.float32(rises[i] - rises[i + 1])[start : start + size],
        )
        for i, start in enumerate(starts)
    ]


def least_tile_size(overlap, multiple):
    """The smallest tiles that share `overlap` and get ahead."""
    return _round_up(overlap, multiple) + multiple


def _round_up(number, multiple):
    return -(-number // multiple) * multiple


def _rise(length, middle, width):
    """From 0 to 1 around `middle`, at the centres of pixels."""
    places = (np.arange(length) + 0.5 - middle) / max(width, 1) + 0.5
    places = np.clip(places, 0, 1)
    return places**2 * (3 - 2 * places)
