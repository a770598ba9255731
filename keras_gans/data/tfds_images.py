"""Labelled pictures, unpaired domains and pairs of TensorFlow Datasets."""

import hashlib
import io

import numpy as np

from keras_gans.data import image_set, images
from keras_gans.data.image_views import HalfImages, align
from keras_gans.data.labelled_images import LabelledImages
from keras_gans.data.paired_images import PairedImages
from keras_gans.data.unpaired_domains import UnpairedDomains

_OWN_FOLDER = "Or give a folder of your own that holds {} in its place."
_OWN_DOMAINS = _OWN_FOLDER.format("trainA and trainB")
_OWN_PAIRS = _OWN_FOLDER.format("train, or trainA and trainB,")
_OWN_IMAGES = _OWN_FOLDER.format("pictures, or one folder per class,")


class EncodedImages(image_set.ImageSet):
    """Pictures held as the bytes of their files.

    Args:
        encoded: List of bytes.
        name: String for messages, such as `"trainA"`.
        channels: Integer. Number of channels to convert to. Defaults to 3.
    """

    def __init__(self, encoded, name, channels=3):
        filenames = [f"{name}/{index:06d}" for index in range(len(encoded))]
        super().__init__(name, channels, filenames)
        self._encoded = encoded

    def identity(self):
        digest = hashlib.blake2b()
        for file in self._encoded:
            digest.update(hashlib.blake2b(file).digest())
        return [type(self).__name__, self.channels, digest.hexdigest()]

    def _decode(self, index):
        file = io.BytesIO(self._encoded[index])
        return images.decode_image(file, self.filenames[index], self.channels)


def open_tfds_domains(name, data_dir=None, channels_a=3, channels_b=3):
    """Opens a set of TensorFlow Datasets, and downloads it if need be.

    It must have the splits of `cycle_gan/*`: trainA, trainB and, if there,
    testA, testB. Their files stay encoded in memory until they are read.

    Args:
        name: String, such as `"cycle_gan/horse2zebra"`.
        data_dir: Folder of TensorFlow Datasets. Defaults to its own choice.
        channels_a: 1, 3 or 4. Channels of domain a. Defaults to 3.
        channels_b: 1, 3 or 4. Channels of domain b. Defaults to 3.

    Returns:
        An `UnpairedDomains`.

    Raises:
        ValueError: If there is no such set, or if it has no such splits.
        ConnectionError: If it can not be downloaded.
    """
    builder = _prepare(name, data_dir, _OWN_DOMAINS)
    if not _provides_images(builder, "trainA", "trainB"):
        raise ValueError(
            "`name` must be a set with the splits trainA and trainB, and with "
            f"the feature `image`. {_found(name, builder)} "
            f"Try 'cycle_gan/horse2zebra'. {_OWN_DOMAINS}"
        )

    def open_split(split, channels):
        if split not in builder.info.splits:
            return None
        encoded = [example["image"] for example in _read(builder, split)]
        return EncodedImages(encoded, split, channels)

    return UnpairedDomains(
        train_a=open_split("trainA", channels_a),
        train_b=open_split("trainB", channels_b),
        test_a=open_split("testA", channels_a),
        test_b=open_split("testB", channels_b),
        test_is_paired=False,
        name=name,
    )


def open_tfds_images(name, data_dir=None, channels=3):
    """Opens a set of TensorFlow Datasets, and downloads it if need be.

    It must have the split train; test pictures are those of the split test
    or, without one, validation. There are labels if it has the feature
    `label`, a class. The files stay encoded in memory until they are read.

    Args:
        name: String, such as `"mnist"`.
        data_dir: Folder of TensorFlow Datasets. Defaults to its own choice.
        channels: 1, 3 or 4. Defaults to 3.

    Returns:
        A `LabelledImages`.

    Raises:
        ValueError: If there is no such set, or if it has no such split.
        ConnectionError: If it can not be downloaded.
    """
    builder = _prepare(name, data_dir, _OWN_IMAGES)
    if not _provides_images(builder, "train"):
        raise ValueError(
            "`name` must be a set with the split train, and with the feature "
            f"`image`. {_found(name, builder)} Try 'mnist'. {_OWN_IMAGES}"
        )
    class_names = _class_names(builder.info.features)

    def open_first(*splits):
        split = next((s for s in splits if s in builder.info.splits), None)
        if split is None:
            return None, None
        encoded, labels = [], []
        for example in _read(builder, split):
            encoded.append(example["image"])
            if class_names:
                labels.append(example["label"])
        images_of_split = EncodedImages(encoded, split, channels)
        return images_of_split, np.int32(labels) if class_names else None

    return LabelledImages(
        *open_first("train"),
        *open_first("test", "validation"),
        class_names,
        name,
    )


def open_tfds_pairs(name, data_dir=None, channels_a=3, channels_b=3):
    """Opens a set of TensorFlow Datasets, and downloads it if need be.

    Of two image features, the first by name is A and the other is B; of one,
    A is the left half and B the right half. It must have the split train;
    test pairs are those of the split test or, without one, validation. The
    files stay encoded in memory until they are read.

    Args:
        name: String, such as `"oxford_iiit_pet"`.
        data_dir: Folder of TensorFlow Datasets. Defaults to its own choice.
        channels_a: 1, 3 or 4. Channels of A. Defaults to 3.
        channels_b: 1, 3 or 4. Channels of B. Defaults to 3.

    Returns:
        A `PairedImages` with A as inputs and B as targets.

    Raises:
        ValueError: If there is no such set, or if it has no such split and
            features.
        ConnectionError: If it can not be downloaded.
    """
    builder = _prepare(name, data_dir, _OWN_PAIRS)
    features = _image_features(builder.info.features)
    if len(features) not in (1, 2) or "train" not in builder.info.splits:
        raise ValueError(
            "`name` must be a set with the split train, and with two features "
            "that are images, or one with A and B side by side. "
            f"{_found(name, builder)} Try 'oxford_iiit_pet'. {_OWN_PAIRS}"
        )

    def open_first(*splits):
        split = next((s for s in splits if s in builder.info.splits), None)
        if split is None:
            return None, None
        examples = list(_read(builder, split, features))
        encoded_a, encoded_b = (
            EncodedImages([e[feature] for e in examples], split, channels)
            for feature, channels in (
                (features[0], channels_a),
                (features[-1], channels_b),
            )
        )
        if len(features) == 2:
            return align(encoded_a, encoded_b)
        return (
            HalfImages(encoded_a, "left", split),
            HalfImages(encoded_b, "right", split),
        )

    return PairedImages(
        *open_first("train"), *open_first("test", "validation"), name
    )


def _prepare(name, data_dir, own_folder):
    """Returns the builder of a set that is there, downloaded if need be."""
    # Slow to import, and of use only here.
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except ValueError as error:
        raise ValueError(
            "`name` must be a set that TensorFlow Datasets knows. "
            f"Received: name={name!r}. Look it up at "
            f"https://www.tensorflow.org/datasets/catalog. {own_folder}"
        ) from error
    try:
        builder.download_and_prepare()
    except Exception as error:  # Anything, from no network to a full disk.
        raise ConnectionError(
            f"TensorFlow Datasets could not prepare {name!r} in "
            f"{builder.data_dir} ({type(error).__name__}: {error}). Try again "
            f"with a network connection and free disk space. {own_folder}"
        ) from error
    return builder


def _provides_images(builder, *splits):
    return "image" in builder.info.features and set(splits) <= set(
        builder.info.splits
    )


def _found(name, builder):
    return (
        f"Received: name={name!r}, with the splits "
        f"{sorted(builder.info.splits)} and the features "
        f"{sorted(builder.info.features)}."
    )


def _image_features(features):
    """Sorted names of the features that are pictures."""
    import tensorflow_datasets as tfds

    return sorted(
        name
        for name, feature in features.items()
        if isinstance(feature, tfds.features.Image)
    )


def _class_names(features):
    import tensorflow_datasets as tfds

    if "label" not in features:
        return ()
    label = features["label"]
    is_class = isinstance(label, tfds.features.ClassLabel)
    return tuple(label.names) if is_class else ()


def _read(builder, split, image_features=("image",)):
    """Examples of a split in their order, with pictures as bytes of files."""
    import tensorflow_datasets as tfds

    examples = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={
            feature: tfds.decode.SkipDecoding() for feature in image_features
        },
    )
    return examples.as_numpy_iterator()
