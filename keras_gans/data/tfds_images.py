"""Unpaired domains from TensorFlow Datasets."""

import io

from keras_gans.data import image_set, images
from keras_gans.data.unpaired_domains import UnpairedDomains

_REQUIRED = ("trainA", "trainB")
_OWN_FOLDER = (
    "Or give a folder of your own that holds trainA and trainB in its place."
)


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
    # Slow to import, and of use only here.
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except ValueError as error:
        raise ValueError(
            "`name` must be a set that TensorFlow Datasets knows. "
            f"Received: name={name!r}. Look it up at "
            f"https://www.tensorflow.org/datasets/catalog. {_OWN_FOLDER}"
        ) from error
    try:
        builder.download_and_prepare()
    except Exception as error:  # Anything, from no network to a full disk.
        raise ConnectionError(
            f"TensorFlow Datasets could not prepare {name!r} in "
            f"{builder.data_dir} ({type(error).__name__}: {error}). Try again "
            f"with a network connection and free disk space. {_OWN_FOLDER}"
        ) from error
    splits = sorted(builder.info.splits)
    if "image" not in builder.info.features or not set(_REQUIRED) <= set(
        splits
    ):
        raise ValueError(
            "`name` must be a set with the splits trainA and trainB, and with "
            f"the feature `image`. Received: name={name!r}, with the splits "
            f"{splits} and the features {sorted(builder.info.features)}. "
            f"Try 'cycle_gan/horse2zebra'. {_OWN_FOLDER}"
        )

    def open_split(split, channels):
        if split not in splits:
            return None
        examples = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders={"image": tfds.decode.SkipDecoding()},
        )
        encoded = [e["image"] for e in examples.as_numpy_iterator()]
        return EncodedImages(encoded, split, channels)

    return UnpairedDomains(
        train_a=open_split("trainA", channels_a),
        train_b=open_split("trainB", channels_b),
        test_a=open_split("testA", channels_a),
        test_b=open_split("testB", channels_b),
        test_is_paired=False,
        name=name,
    )
