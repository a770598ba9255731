"""Pairs of pictures, for pix2pix and its relatives."""

import warnings

from keras_gans.data import (
    batching,
    embedded,
    image_source,
    labelled,
    paired_folders,
    paired_images,
    picture_cache,
    pixels,
    specs,
    tfds_images,
)
from keras_gans.data.edge_images import EdgeImages
from keras_gans.data.image_views import ImageView, align
from keras_gans.data.label_maps import LabelMaps, find_label_map

DIRECTIONS = ("a_to_b", "b_to_a")
_EDGES = "edges:"
INPUT_RESIZES = ("bicubic", "nearest")


def open_paired(spec, direction="a_to_b", channels_in=3, channels_target=3):
    """Opens pairs of pictures, wherever they are.

    Args:
        spec: `"embedded:NAME"` (see `open_embedded_pairs`), `"tfds:NAME"` (see
            `open_tfds_pairs`), the path of a folder (see
            `open_folder_pairs`), or `"edges:SPEC"`: outlines (a) of pictures
            (b), which are opened by `open_images(SPEC)`.
        direction: `"a_to_b"` (default): a is the input and b is the target;
            or `"b_to_a"`.
        channels_in: Integer. Channels of the inputs. Defaults to 3.
        channels_target: Integer. Channels of the targets. Defaults to 3.

    Returns:
        A `PairedImages`.

    Raises:
        FileNotFoundError: If `spec` is none of the four.
        ValueError: If `direction` is another value.
    """
    if direction not in DIRECTIONS:
        raise ValueError(
            f"`direction` must be one of {', '.join(DIRECTIONS)}. "
            f"Received: direction={direction!r}."
        )
    if direction == "a_to_b":
        return _open(spec, channels_in, channels_target)
    return _open(spec, channels_target, channels_in).reversed()


class PairedPipeline:
    """Endless batches of pairs, a pure function of seed and step.

    Each epoch walks through all pairs once, in a new order. Input and target
    are cut at the same place and mirrored together. Samples are numbered on
    across epochs: the batch size does not change their sequence, and the pairs
    which fill no batch open the next epoch.

    Reference:

    - [Isola et al., 2017, section 6.2](https://arxiv.org/abs/1611.07004)

    Args:
        inputs: `ImageSet` of what a network is given.
        targets: `ImageSet` of what it is to make of them, of equal length.
        image_size: `(height, width)` of the batches.
        load_size: `(height, width)` to resize to before a random window is
            cut out; the paper has 286 for 256. Defaults to `image_size`.
        batch_size: Integer. Defaults to 1.
        seed: Integer. Defaults to 0.
        flip: Whether to mirror half of the pairs. Defaults to True.
        input_resize: `"bicubic"` (default), or `"nearest"` for label maps:
            the inputs are read as `LabelMaps`.
        cache: `"memory"`, `"file"`, `"none"`, or `"auto"` (default): resized
            pictures are kept in memory if all pairs together take at most
            2 GiB, else in files if there is a `cache_dir`, else they are read
            anew in each epoch.
        cache_dir: Folder where files of resized pictures are written, and
            found again; runs can share it. Defaults to None.
        on_read: Function of two integers, called after each picture that is
            read to be kept: how many are, and how many there are to read.
            Defaults to None.

    Raises:
        ValueError: If there are more inputs than targets, or fewer, or if the
            sizes do not fit, or the batch is larger than the set.
        ImageError: If pictures can not be read, or an input and its target
            are not of equal size.
        OSError: If the disk refuses to keep them.
    """

    def __init__(
        self,
        inputs,
        targets,
        image_size,
        load_size=None,
        batch_size=1,
        seed=0,
        flip=True,
        input_resize="bicubic",
        cache="auto",
        cache_dir=None,
        on_read=None,
    ):
        image_size, load_size = batching.check_sizes(image_size, load_size)
        paired_images.check_pairs(inputs, targets, "inputs", "targets")
        batching.check_batch_size(batch_size, len(inputs), "pairs")
        self.batch_size = batch_size
        self.steps_per_epoch = len(inputs) // batch_size
        if not any(isinstance(side, ImageView) for side in (inputs, targets)):
            # Views of pairs are aligned, or halves, since they were opened.
            inputs, targets = align(inputs, targets)
        inputs = _choose_resize(inputs, input_resize, load_size)
        sets = [inputs, targets]
        kept = picture_cache.keep(sets, load_size, cache, cache_dir, on_read)
        # Of one stream: each pair is drawn, cut and mirrored as one.
        self._sources = [
            image_source.ImageSource(
                images, image_size, load_size, seed, "pairs", flip, pictures
            )
            for images, pictures in zip(sets, kept)
        ]

    def dataset(self, start_step=0, shard=(0, 1)):
        """Returns the endless dataset of batches from a global step on.

        Args:
            start_step: Integer, >= 0. The dataset is that of step 0 without
                its first `start_step` batches. Defaults to 0.
            shard: `(index, count)`: of each batch, only this part of `count`
                equal ones in a row, for one of as many workers. Defaults to
                (0, 1), the whole.

        Returns:
            A `tf.data.Dataset` of `(input_images, target_images)`: float32
            tensors `(batch_size, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `start_step` is negative, or if there is no such
                shard.
        """
        return batching.endless_batches(
            self._draw,
            self._make_batch,
            self.batch_size,
            start_step,
            shard,
            len(self._sources[0]),
        )

    def _draw(self, first_number, count):
        return tuple(
            source.draw(first_number, count) for source in self._sources
        )

    def _make_batch(self, *sides):
        return tuple(
            pixels.to_float(source.make(*drawn))
            for source, drawn in zip(self._sources, sides)
        )


def _open(spec, channels_a, channels_b):
    """Opens pairs with a as inputs and b as targets."""
    if str(spec).startswith(_EDGES):
        return _open_edges(
            str(spec).removeprefix(_EDGES), channels_a, channels_b
        )
    kind, name = specs.parse_spec(
        spec,
        "emoji_edges",
        "oxford_iiit_pet",
        "train, or trainA and trainB, or A and B",
    )
    if kind == "embedded":
        return embedded.open_embedded_pairs(name, channels_a, channels_b)
    if kind == "tfds":
        return tfds_images.open_tfds_pairs(
            name, channels_a=channels_a, channels_b=channels_b
        )
    return paired_folders.open_folder_pairs(name, channels_a, channels_b)


def _open_edges(spec, channels_a, channels_b):
    pictures = labelled.open_images(spec, channels_b)

    def pair(images):
        if images is None:
            return None, None
        name = f"outlines of {images.name}"
        return EdgeImages(images, channels_a, name), images

    return paired_images.PairedImages(
        *pair(pictures.train), *pair(pictures.test), pictures.name
    )


def _choose_resize(inputs, input_resize, load_size):
    """Returns the inputs as they are to be read, or warns about them."""
    if input_resize not in INPUT_RESIZES:
        raise ValueError(
            f"`input_resize` must be one of {', '.join(INPUT_RESIZES)}. "
            f"Received: input_resize={input_resize!r}."
        )
    if isinstance(inputs, EdgeImages):
        if input_resize == "nearest":
            raise ValueError(
                "`input_resize` must be bicubic for outlines, which are drawn "
                f"in the size that is read. Received: {input_resize!r}."
            )
        return inputs
    if input_resize == "nearest":
        return LabelMaps(inputs)
    if not isinstance(inputs, LabelMaps):
        filename = find_label_map(inputs, load_size)
        if filename is not None:
            warnings.warn(
                f"The inputs look like label maps, such as {filename} of "
                f"{inputs.name}: they have few colours, which bicubic resizing "
                "mixes. If they are, pass input_resize='nearest'.",
                stacklevel=3,
            )
    return inputs
