"""A full pass over a set of pictures, and what it found."""

import collections
import concurrent.futures
import dataclasses

import numpy as np

from keras_gans.data import images
from keras_gans.data.image_views import ImageView
from keras_gans.data.label_maps import looks_like_label_map


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a full pass over an `ImageSet` found.

    Args:
        sizes: `collections.Counter` of the `(height, width)` of the pictures
            that were decoded.
        dtype: NumPy dtype of the pictures.
        num_grey: Integer. How many have three or four channels and no colour.
        num_label_maps: Integer. How many look like label maps.
        errors: Tuple of strings: why pictures can not be used, one each.
    """

    sizes: collections.Counter
    dtype: np.dtype
    num_grey: int
    num_label_maps: int
    errors: tuple[str, ...]


def survey_images(images_of_set, on_read=None):
    """Reads every picture of a set once, in parallel.

    Args:
        images_of_set: `ImageSet`.
        on_read: Function without arguments, called after each picture; or
            None.

    Returns:
        A `Survey`. Bad pictures raise nothing: they are in its `errors`.
    """
    recorder = _Recorder(images_of_set)

    def find_error(index):
        try:
            # Any size: what a training would refuse is refused here.
            recorder.read(index, (1, 1))
        except images.ImageError as error:
            return str(error)

    errors = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for error in pool.map(find_error, range(len(images_of_set))):
            if error is not None:
                errors.append(error)
            if on_read is not None:
                on_read()
    records = recorder.records.values()
    return Survey(
        sizes=collections.Counter(size for size, _, _ in records),
        dtype=recorder.dtype,
        num_grey=sum(is_grey for _, is_grey, _ in records),
        num_label_maps=sum(is_label_map for _, _, is_label_map in records),
        errors=tuple(errors),
    )


class _Recorder(ImageView):
    """Notes the size and the kind of each picture that is decoded."""

    def __init__(self, images_of_set):
        super().__init__(images_of_set)
        self.records = {}

    def _decode(self, index):
        image = super()._decode(index)
        self.records[index] = (
            image.shape[:2],
            _is_grey(image),
            looks_like_label_map(image),
        )
        return image


def _is_grey(image):
    colours = image[..., :3]
    return image.shape[-1] in (3, 4) and np.array_equal(
        colours[..., 1:], colours[..., :-1]
    )
