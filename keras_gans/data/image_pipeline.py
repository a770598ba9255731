"""Batches of pictures, with or without labels, for GANs of one domain."""

import tensorflow as tf

from keras_gans.data import (
    batching,
    binarization,
    image_source,
    labelled_images,
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
        cache: `"memory"`, `"none"`, or `"auto"` (default): resized pictures
            are kept in memory if they take at most 2 GiB.
        steps_per_epoch: Integer, >= 1, how many batches count as an epoch.
            Defaults to one walk through all pictures; more for small sets.
        binarize: Whether to draw pictures of one channel as black (-1) and
            white (1), with the grey level as the probability of white, anew
            in each epoch: the data of a Bernoulli likelihood. See `binarize`
            for test pictures. Defaults to False.

    Raises:
        ValueError: If the sizes do not fit, the batch is larger than the set,
            the labels fit neither their pictures nor their classes, or
            pictures to be binarized have more than one channel.
        ImageError: If pictures can not be read.
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
        cache="auto",
        steps_per_epoch=None,
        binarize=False,
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
        in_memory = image_source.use_memory(cache, [images], load_size)
        self._source = image_source.ImageSource(
            images, image_size, load_size, seed, "images", flip, in_memory
        )

    def dataset(self, start_step=0):
        """Returns the endless dataset of batches from a global step on.

        Args:
            start_step: Integer, >= 0. The dataset is that of step 0 without
                its first `start_step` batches. Defaults to 0.

        Returns:
            A `tf.data.Dataset` of `images` or, with labels, of `(images,
            labels)`: float32 `(batch_size, height, width, channels)` in
            [-1, 1] (-1 or 1 if binarized) and int32 `(batch_size,)`.

        Raises:
            ValueError: If `start_step` is negative.
        """
        batching.check_start_step(start_step)
        if self._source.is_lookup:
            # Ten times as fast as one by one: it matters to small networks.
            steps = tf.data.Dataset.counter(start_step)
            batches = batching.map_in_order(steps, self._look_up)
            return batches.prefetch(tf.data.AUTOTUNE)
        return batching.endless_batches(
            self._sample, self._to_element, self.batch_size, start_step
        )

    def _look_up(self, step):
        first_number = step * self.batch_size
        samples = self._source.look_up(first_number, self.batch_size)
        return self._to_element(*samples, first_number[None])

    def _sample(self, number):
        return (
            self._source.sample(number),
            self._source.position(number),
            number,
        )

    def _to_element(self, images, positions, numbers):
        """Finishes the batch of samples in a row from `numbers[0]` on."""
        images = pixels.to_float(images)
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
