"""The inputs on which files are compared with Keras."""

import importlib.resources
from pathlib import Path

import numpy as np

from export import network, precision, signature
from export.errors import ExportError, one_line
from keras_gans.data import folders, images, pixels

NUM_INPUTS = 8
# Of the files of a folder, at most so many are read to calibrate by.
_NUM_CALIBRATION_INPUTS = 32
# What `default` makes of each kind.
ORIGINS = {
    "images": "emoji",
    "latents": "standard normal noise",
    "labels": "labels in turn",
    "codes": "standard normal noise",
}


def from_run(run_dir, name):
    """Reads what the trainer kept for one network.

    Args:
        run_dir: Run folder with `samples/inputs.npz`. In that file, an array
            `NETWORK` is the only input of a network, an array `NETWORK/INPUT`
            one of several.
        name: Name of the network.

    Returns:
        Dict from input name to array `(n, ...)`, n at most 8 or the number of
        different labels.

    Raises:
        ExportError: If the file is missing, damaged or lacks the network.
    """
    path = Path(run_dir) / "samples" / "inputs.npz"
    if not path.is_file():
        raise ExportError(
            f"{path} is missing: it holds the run's inputs for the parity "
            "check. Use --model with the checkpoint's model.keras."
        )
    arrays = _load(path)
    if name in arrays:
        return _choose(signature.name_inputs(arrays[name]))
    inputs = {
        key.removeprefix(f"{name}/"): arrays[key]
        for key in arrays
        if key.startswith(f"{name}/")
    }
    if not inputs:
        raise ExportError(
            f"{path} holds no inputs for {name}, only for "
            f"{', '.join(arrays) or 'nothing'}."
        )
    return _choose(inputs)


def calibration_of_run(run_dir, name):
    """Reads the training pictures that the trainer kept for one network.

    They are other ones than those that files are compared on.

    Args:
        run_dir: Run folder of a trainer with `samples/calibration.npz`: one
            uint8 array `(n, height, width, channels)` for each network.
        name: Name of the network.

    Returns:
        Dict from "images" to a float32 array in [-1, 1].

    Raises:
        ExportError: If there are none.
    """
    path = Path(run_dir) / "samples" / "calibration.npz"
    arrays = _load(path) if path.exists() else {}
    if name not in arrays:
        raise ExportError(
            f"{path} with pictures for {name} is missing: the format int8 has "
            "nothing to be calibrated by. Take the format dynamic."
        )
    if arrays[name].dtype != np.uint8:
        raise ExportError(
            f"{path} is damaged: {name} is {arrays[name].dtype}, not uint8."
        )
    return {"images": pixels.to_float(arrays[name])}


def _load(path):
    try:
        with path.open("rb") as file:  # NumPy leaves it open if it fails.
            arrays = dict(np.load(file, allow_pickle=False))
    except OSError:
        raise
    except Exception as error:  # Of zip files, zlib, pickles or NumPy itself.
        raise ExportError(f"{path} is damaged. {one_line(error)}.") from error
    single = [name for name, array in arrays.items() if array.ndim == 0]
    if single:
        raise ExportError(f"{path} is damaged: {single[0]} is no array.")
    return arrays


def from_folder(folder, shape, for_calibration=False):
    """Reads pictures of a folder and resizes them.

    Args:
        folder: Path of a folder with picture or .npy files.
        shape: `(height, width, channels)` wanted.
        for_calibration: Boolean, whether to return none of the pictures that
            are returned otherwise, but some of the others.

    Returns:
        Dict from "images" to a float32 array `(n, *shape)` in [-1, 1], n at
        most 8, or 32 for calibration.

    Raises:
        ExportError: If there is no picture, or one cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ExportError(f"--pictures must be a folder. Received: {folder}")
    try:
        paths = folders.list_images(folder)
        chosen = _spread(paths, NUM_INPUTS)
        if for_calibration:
            others = [path for path in paths if path not in chosen]
            chosen = _spread(others, _NUM_CALIBRATION_INPUTS)
        pictures = [
            images.read_image(path, channels=shape[-1]) for path in chosen
        ]
    except ValueError as error:
        raise ExportError(str(error)) from error
    if not pictures:
        raise ExportError(
            f"--pictures must have more than {NUM_INPUTS} pictures for the "
            "format int8: it is calibrated by others than those that it is "
            f"compared on. Received: {len(paths)} in {folder}."
        )
    return {"images": _fit(pictures, shape)}


def from_encoder(encoder, inputs):
    """Makes codes for a decoder with the encoder that it was trained with.

    Args:
        encoder: Built `keras.Model` from images to codes.
        inputs: Dict from "images" to a float32 array `(n, height, width,
            channels)` in [-1, 1].

    Returns:
        Dict from "codes" to a float32 array `(n, ...)`.

    Raises:
        ExportError: If the encoder does not make finite codes of them.
    """
    network.check_weights(encoder)
    encoder = precision.as_float32(encoder)
    return {"codes": network.reference_outputs(encoder, inputs, "codes")}


def default(shapes, num_classes=None, for_calibration=False):
    """Makes inputs from nothing: emoji, normal noise, labels in turn.

    Args:
        shapes: Dict from input name to shape without the batch.
        num_classes: Integer; needed only for labels.
        for_calibration: Boolean, whether to draw other noise, and more.

    Returns:
        Dict from input name to array `(n, *shape)`. n is 8, or the number of
        classes if that is larger: a file that swaps two must not pass.

    Raises:
        ExportError: If the number of classes is not known, or pictures of
            another number of channels are wanted, or some for calibration.
    """
    if for_calibration and "images" in shapes:
        raise ExportError(
            "The format int8 needs pictures to be calibrated by: name a "
            "folder with --pictures, or take the format dynamic."
        )
    if "labels" in shapes and num_classes is None:
        raise ExportError(
            "The number of classes is not known. Export the file of the whole "
            "model, or call `export.export_network` with inputs of your own."
        )
    num_inputs = _NUM_CALIBRATION_INPUTS if for_calibration else NUM_INPUTS
    num_inputs = max(num_inputs, num_classes or 0)
    inputs = {}
    for name, shape in shapes.items():
        if name == "labels":
            inputs[name] = np.arange(num_inputs, dtype="int32") % num_classes
        elif name in ("latents", "codes"):
            generator = np.random.default_rng(int(for_calibration))
            inputs[name] = generator.standard_normal(
                (num_inputs, *shape), "float32"
            )
        else:
            inputs[name] = np.resize(_emoji(shape), (num_inputs, *shape))
    return inputs


def _emoji(shape):
    if shape[-1] not in (1, 3):
        raise ExportError(
            f"The network takes images of {shape[-1]} channels, which the "
            "embedded pictures do not have. Name a folder with --pictures."
        )
    embedded = importlib.resources.files("keras_gans.data") / "embedded"
    with (embedded / "emoji64_pairs.npz").open("rb") as file:
        emoji = np.load(file, allow_pickle=False)["a_test"]
    pictures = [
        pixels.convert_channels(emoji, shape[-1])
        for emoji in _spread(emoji, NUM_INPUTS)
    ]
    return _fit(pictures, shape)


def _choose(inputs):
    """Picks the first input of each label, and others up to eight."""
    num_inputs = signature.count(inputs)
    if not num_inputs:
        return inputs  # To be refused where all inputs are checked.
    labels = inputs.get("labels", np.zeros(num_inputs))
    _, firsts = np.unique(labels, return_index=True)
    others = np.setdiff1d(np.arange(num_inputs), firsts)
    chosen = [*firsts, *others[: max(0, NUM_INPUTS - len(firsts))]]
    return {name: array[np.sort(chosen)] for name, array in inputs.items()}


def _fit(pictures, shape):
    return np.stack(
        [pixels.to_float(pixels.resize(x, shape[:2])) for x in pictures]
    )


def _spread(items, count):
    """Picks at most `count` items, evenly over all of them."""
    if len(items) <= count:
        return items
    positions = np.linspace(0, len(items) - 1, count).astype(int)
    return [items[position] for position in positions]
