"""Batches of pictures, with or without labels, for GANs of one domain."""

import tensorflow as tf

from keras_gans.data import (
    batching,
    binarization,
    image_source,
    labelled_images,
    picture_cache,
    pixels,
)


class ImagePipeline:
    """Endless batches of pictures, a pure function of seed and step.

    Each epoch walks through all pictures once, in a new order, and each label
    goes with its picture. Samples are numbered on across epochs: the batch
    size does not change their sequence, and the pictures which fill no batch
    open the next epoch.

    Args:
        images: `ImageSet`.
        image_size: `(height, width)` of the batches.
        load_size: `(height, width)` to resize to before a random window is
            cut out. Defaults to `image_size`.
        batch_size: Integer. Defaults to 64.
        seed: Integer. Defaults to 0.
        flip: Whether to mirror half of the pictures. Defaults to False.
        labels: One integer per picture, or None (default).
        num_classes: Integer; labels are in [0, num_classes). Needed if there
            are labels.
        steps_per_epoch: Integer, >= 1, how many batches count as an epoch.
            Defaults to one walk through all pictures; more for small sets.
        binarize: Whether to draw pictures of one channel as black (-1) and
            white (1), with the grey level as the probability of white, anew
            in each epoch: the data of a Bernoulli likelihood. See `binarize`
            for test pictures. Defaults to False.
        cache: `"memory"`, `"file"`, `"none"`, or `"auto"` (default): resized
            pictures are kept in memory if they take at most 2 GiB, else in
            files if there is a `cache_dir`, else they are read anew in each
            epoch.
        cache_dir: Folder where files of resized pictures are written, and
            found again; runs can share it. Defaults to None.
        on_read: Function of two integers, called after each picture that is
            read to be kept: how many are, and how many there are to read.
            Defaults to None.

    Raises:
        ValueError: If the sizes do not fit, the batch is larger than the set,
            the labels fit neither their pictures nor their classes, or
            pictures to be binarized have more than one channel.
        ImageError: If pictures can not be read.
        OSError: If the disk refuses to keep them.
    """

    def __init__(
        self,
        images,
        image_size,
        load_size=None,
        batch_size=64,
        seed=0,
        flip=False,
        labels=None,
        num_classes=None,
        steps_per_epoch=None,
        binarize=False,
        cache="auto",
        cache_dir=None,
        on_read=None,
    ):
        image_size, load_size = batching.check_sizes(image_size, load_size)
        batching.check_batch_size(batch_size, len(images))
        self.batch_size = batch_size
        if steps_per_epoch is None:
            steps_per_epoch = len(images) // batch_size
        batching.check_positive(steps_per_epoch, "steps_per_epoch")
        self.steps_per_epoch = steps_per_epoch
        if binarize and images.channels != 1:
            raise ValueError(
                "`images` must have one channel if `binarize` is True: the "
                "channels of a grey picture would be drawn apart. "
                f"Received: {images.channels} channels. Open them with "
                "channels=1."
            )
        self._binarize = binarize
        self._seed = seed
        self._labels = None
        if labels is not None:
            labels = _check_labels(labels, len(images), num_classes)
            with tf.device("CPU"):  # Where tf.data looks them up.
                self._labels = tf.constant(labels)
        [kept] = picture_cache.keep(
            [images], load_size, cache, cache_dir, on_read
        )
        self._source = image_source.ImageSource(
            images, image_size, load_size, seed, "images", flip, kept
        )

    def dataset(self, start_step=0, shard=(0, 1)):
        """Returns the endless dataset of batches from a global step on.

        Args:
            start_step: Integer, >= 0. The dataset is that of step 0 without
                its first `start_step` batches. Defaults to 0.
            shard: `(index, count)`: of each batch, only this part of `count`
                equal ones in a row, for one of as many workers. Defaults to
                (0, 1), the whole.

        Returns:
            A `tf.data.Dataset` of `images` or, with labels, of `(images,
            labels)`: float32 `(batch_size, height, width, channels)` in
            [-1, 1] (-1 or 1 if binarized) and int32 `(batch_size,)`.

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
            len(self._source),
        )

    def _draw(self, first_number, count):
        numbers = first_number + tf.range(count, dtype="int64")
        return numbers, *self._source.draw(first_number, count)

    def _make_batch(self, numbers, positions, jitter):
        images = pixels.to_float(self._source.make(positions, jitter))
        if self._binarize:
            images = binarization.draw_binary(
                images, numbers[0], self._seed, "images"
            )
        if self._labels is None:
            return images
        return images, tf.gather(self._labels, positions)


def _check_labels(labels, num_images, num_classes):
    if not isinstance(num_classes, int) or num_classes < 1:
        raise ValueError(
            "`num_classes` must be a positive integer if there are `labels`. "
            f"Received: num_classes={num_classes!r}."
        )
    return labelled_images.check_labels(labels, num_images, num_classes)
