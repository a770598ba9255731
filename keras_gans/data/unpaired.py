"""Two domains without correspondence, for CycleGAN and its relatives."""

from keras_gans.data import (
    batching,
    embedded,
    folders,
    image_source,
    picture_cache,
    pixels,
    specs,
    tfds_images,
)


def open_unpaired(spec, channels_a=3, channels_b=3):
    """Opens the pictures of two domains, wherever they are.

    Args:
        spec: `"embedded:NAME"` (see `open_embedded_domains`), `"tfds:NAME"`
            (see `open_tfds_domains`), or the path of a folder (see
            `open_folder_domains`).
        channels_a: Integer. Channels of domain a. Defaults to 3.
        channels_b: Integer. Channels of domain b. Defaults to 3.

    Returns:
        An `UnpairedDomains`.

    Raises:
        FileNotFoundError: If `spec` is none of the three.
    """
    kind, name = specs.parse_spec(
        spec, "emoji_outlines", "cycle_gan/horse2zebra", "trainA and trainB"
    )
    if kind == "embedded":
        return embedded.open_embedded_domains(name, channels_a, channels_b)
    if kind == "tfds":
        return tfds_images.open_tfds_domains(
            name, channels_a=channels_a, channels_b=channels_b
        )
    return folders.open_folder_domains(name, channels_a, channels_b)


class UnpairedPipeline:
    """Endless batches of two domains, a pure function of seed and step.

    The longer domain is walked through once per epoch, in a new order each
    time; the shorter goes through shuffled passes of its own, so that pairs
    are fresh in each epoch. Each domain is cut and mirrored by draws of its
    own. Samples are numbered on across epochs: the batch size does not change
    their sequence, and the pictures which fill no batch open the next epoch.

    Reference:

    - [Zhu et al., 2017, section 7.1](https://arxiv.org/abs/1703.10593)

    Args:
        images_a: `ImageSet` of domain a.
        images_b: `ImageSet` of domain b.
        image_size: `(height, width)` of the batches.
        load_size: `(height, width)` to resize to before a random window is
            cut out; the paper has 286 for 256. Defaults to `image_size`.
        batch_size: Integer. Defaults to 1.
        seed: Integer. Defaults to 0.
        flip: Whether to mirror half of the pictures. Defaults to True.
        cache: `"memory"`, `"file"`, `"none"`, or `"auto"` (default): resized
            pictures are kept in memory if both domains together take at most
            2 GiB, else in files if there is a `cache_dir`, else they are read
            anew in each epoch.
        cache_dir: Folder where files of resized pictures are written, and
            found again; runs can share it. Defaults to None.
        on_read: Function of two integers, called after each picture that is
            read to be kept: how many are, and how many there are to read.
            Defaults to None.

    Raises:
        ValueError: If the sizes do not fit, or the batch is larger than the
            longer domain.
        ImageError: If pictures can not be read.
        OSError: If the disk refuses to keep them.
    """

    def __init__(
        self,
        images_a,
        images_b,
        image_size,
        load_size=None,
        batch_size=1,
        seed=0,
        flip=True,
        cache="auto",
        cache_dir=None,
        on_read=None,
    ):
        image_size, load_size = batching.check_sizes(image_size, load_size)
        longer = max(len(images_a), len(images_b))
        batching.check_batch_size(
            batch_size, longer, "pictures of the longer domain"
        )
        self.batch_size = batch_size
        self.steps_per_epoch = longer // batch_size
        sets = [images_a, images_b]
        kept = picture_cache.keep(sets, load_size, cache, cache_dir, on_read)
        self._sources = [
            image_source.ImageSource(
                images, image_size, load_size, seed, stream, flip, pictures
            )
            for images, stream, pictures in zip(sets, "ab", kept)
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
            A `tf.data.Dataset` of `(images_a, images_b)`: float32 tensors
            `(batch_size, height, width, channels)` in [-1, 1].

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
            min(len(source) for source in self._sources),
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
