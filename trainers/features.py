"""What pictures are compared by: `--features` as an object."""

import pathlib

import tensorflow as tf

from keras_gans import metrics

HELP = (
    "What distributions of pictures are compared by: classifier (of the run, "
    "or classifier:FILE.keras), inception:FILE, encoder:FILE.keras, pixels; "
    "auto: the run's classifier, else pixels, and nothing where there are "
    "pairs. FILE#HASH refuses a file whose features have another hash."
)
_KINDS = ("auto", "classifier", "inception", "encoder", "pixels")
_CLASSIFIER = "classifier.keras"
_PIXELS_SIDE = 8
# Of how they are computed, below: it changes with that.
_PIXELS_HASH = f"mean of {_PIXELS_SIDE}x{_PIXELS_SIDE} areas"


def check(text):
    """Refuses what is no value of `--features`.

    Raises:
        ValueError: With what is accepted.
    """
    kind, file, _ = _parse(text)
    if kind not in _KINDS or (file and kind in ("auto", "pixels")):
        raise ValueError(
            "must be auto, classifier, classifier:FILE.keras, inception:FILE, "
            "encoder:FILE.keras or pixels."
        )
    if not file and kind in ("inception", "encoder"):
        raise ValueError(f"must name a file, {kind}:FILE.")


def of_run(text, run_path, channels):
    """Returns the features object that a run is to be scored by.

    Args:
        text: Value of `--features`; `auto` is the run's classifier, or pixels
            where it has none.
        run_path: Path of the run folder.
        channels: Integer, of the pictures.

    Raises:
        ValueError: If a file holds something else.
        FileNotFoundError: If there is no file.
    """
    classifier = pathlib.Path(run_path) / _CLASSIFIER
    if text == "auto":
        text = "classifier" if classifier.exists() else "pixels"
    kind, file, digest = _parse(text)
    if kind == "classifier" and not file:
        text = f"classifier:{classifier}#{digest}"
    return _open(text, channels)


def of_folders(text, channels):
    """As `of_run`, for folders of pictures, which have no classifier."""
    kind, file, _ = _parse(text)
    if kind == "classifier" and not file:
        raise ValueError("two folders have none: give classifier:FILE.keras.")
    return _open("pixels" if text == "auto" else text, channels)


def _parse(text):
    """Kind, file and beginning of the hash; what is not there is empty."""
    rest, _, digest = text.partition("#")
    kind, _, file = rest.partition(":")
    return kind, file, digest


def _open(text, channels):
    kind, file, digest = _parse(text)
    features = _make(kind, file, channels)
    if not features.hash.startswith(digest):
        raise ValueError(
            f"must have features of the hash {digest}, or scores cannot be "
            f"compared. Received: features of the hash {features.hash}."
        )
    return features


def _make(kind, file, channels):
    if kind == "pixels":
        return metrics.CallableFeatures(
            _average_areas,
            name="pixels",
            dim=_PIXELS_SIDE**2 * channels,
            hash=_PIXELS_HASH,
            resizer=f"area to {_PIXELS_SIDE}x{_PIXELS_SIDE}",
        )
    path = pathlib.Path(file).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}.")
    if kind == "classifier":
        return metrics.ClassifierFeatures.load(path)
    if kind == "encoder":
        return metrics.EncoderFeatures.load(path)
    return metrics.InceptionFeatures(path)


def _average_areas(images):
    side = _PIXELS_SIDE
    small = tf.image.resize(images, (side, side), method="area")
    return tf.reshape(small, (len(images), -1)).numpy()
