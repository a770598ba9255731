"""Two domains without correspondence, for CycleGAN and its relatives."""

import os

import tensorflow as tf

from keras_gans.data import embedded, folders, image_source, pixels, tfds_images


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
    spec = os.fspath(spec)
    kind, colon, name = spec.partition(":")
    if colon and kind == "embedded":
        return embedded.open_embedded_domains(name, channels_a, channels_b)
    if colon and kind == "tfds":
        return tfds_images.open_tfds_domains(
            name, channels_a=channels_a, channels_b=channels_b
        )
    if not os.path.isdir(os.path.expanduser(spec)):
        raise FileNotFoundError(
            "`spec` must be embedded:NAME, such as embedded:emoji_outlines, "
            "or tfds:NAME, such as tfds:cycle_gan/horse2zebra, or the path of "
            "a folder that holds trainA and trainB. "
            f"Received: spec={spec!r}, which is not there."
        )
    return folders.open_folder_domains(spec, channels_a, channels_b)


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
        cache: `"memory"`, `"none"`, or `"auto"` (default): resized pictures
            are kept in memory if both domains together take at most 2 GiB.

    Raises:
        ValueError: If the sizes do not fit, or the batch is larger than the
            longer domain.
        ImageError: If pictures can not be read.
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
    ):
        image_size = _to_size(image_size, "image_size")
        load_size = _to_size(
            image_size if load_size is None else load_size, "load_size"
        )
        if load_size[0] < image_size[0] or load_size[1] < image_size[1]:
            raise ValueError(
                "`load_size` must not be smaller than `image_size`. "
                f"Received: load_size={load_size}, image_size={image_size}."
            )
        longer = max(len(images_a), len(images_b))
        if not 1 <= batch_size <= longer:
            raise ValueError(
                "`batch_size` must be at least 1 and at most the number of "
                f"pictures of the longer domain, {longer}. "
                f"Received: batch_size={batch_size}."
            )
        self.batch_size = batch_size
        self.steps_per_epoch = longer // batch_size
        in_memory = image_source.use_memory(
            cache, [images_a, images_b], load_size
        )
        self._sources = [
            image_source.ImageSource(
                images, image_size, load_size, seed, stream, flip, in_memory
            )
            for stream, images in (("a", images_a), ("b", images_b))
        ]

    def dataset(self, start_step=0):
        """Returns the endless dataset of batches from a global step on.

        Args:
            start_step: Integer, >= 0. The dataset is that of step 0 without
                its first `start_step` batches. Defaults to 0.

        Returns:
            A `tf.data.Dataset` of `(images_a, images_b)`: float32 tensors
            `(batch_size, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `start_step` is negative.
        """
        if start_step < 0:
            raise ValueError(
                "`start_step` must not be negative. "
                f"Received: start_step={start_step}."
            )
        numbers = tf.data.Dataset.counter(start_step * self.batch_size)
        samples = numbers.map(
            self._sample,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        # Cut and stacked as uint8: only whole batches become float.
        batches = samples.batch(self.batch_size, drop_remainder=True).map(
            _to_floats, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        return batches.prefetch(tf.data.AUTOTUNE)

    @tf.autograph.experimental.do_not_convert
    def _sample(self, number):
        return tuple(source.sample(number) for source in self._sources)


@tf.autograph.experimental.do_not_convert
def _to_floats(images_a, images_b):
    return pixels.to_float(images_a), pixels.to_float(images_b)


def _to_size(size, argument):
    try:
        height, width = size
    except TypeError:
        height = width = None
    sides = (height, width)
    if not all(isinstance(side, int) and side > 0 for side in sides):
        raise ValueError(
            f"`{argument}` must be (height, width), two positive integers. "
            f"Received: {argument}={size!r}."
        )
    return sides
