"""Brings weights of other libraries and versions into networks of Keras 3."""

import dataclasses
import pathlib
import zipfile

import keras
import numpy as np

from keras_gans.compat import errors, matching, weights_files
from keras_gans.compat.errors import WeightsError

# Of what networks answer, in [-1, 1]: rounding of float32 through 30 layers is
# 1e-5, an epsilon of 1e-3 in place of 1e-5 is 3e-4 in one layer alone.
PROBE_TOLERANCE = 1e-4


@dataclasses.dataclass(frozen=True)
class ImportedWeights:
    """What was imported.

    Attributes:
        format: What kind of file it was.
        num_tensors: Integer, weights that were set: all the network has.
        num_parameters: Integer, numbers in them.
        notes: List of sentences about what was converted or left out.
        probe_error: Largest difference from the outputs of the probe, or
            `None` without one.
    """

    format: str
    num_tensors: int
    num_parameters: int
    notes: list
    probe_error: float | None


def import_weights(path, model, part=None, probe=None):
    """Sets all weights of a network from a file of another library or version.

    Either every weight of the network is set, by an array of its shape, and
    every array of the file used, or an error is raised and the network is as
    it was. The kind of file is told by its content:

    - PyTorch's files, of `torch.save` in both layouts and `.safetensors`, of
      the networks of pytorch-CycleGAN-and-pix2pix. Of a pickle nothing is
      executed.
    - `.keras`, `.weights.h5` and `.h5` files of Keras 2 and 3. Of their
      configurations nothing is built: layers are matched in their order.
    - Checkpoints of TensorFlow, `save_weights` of Keras 2 among them, and
      SavedModel folders, of which only the variables are read.

    What a file does not say cannot be checked: weights fit a network with
    another padding or activation just as well. Give a probe where there is one.

    Args:
        path: Path of the file, of the folder, or of a checkpoint without
            `.index`.
        model: Built network (`keras.Model`), such as `build_resnet_generator()`
            for a CycleGAN's.
        part: String, name of the network in a file that holds several, such
            as `"generator_g"`. Defaults to the only one.
        probe: Path of an `.npz` file with `inputs` and `outputs` of the
            original network in inference mode, or a pair of arrays,
            `(batch, height, width, channels)`. The network must answer the
            same to 1e-4, relative where outputs exceed 1.

    Returns:
        An `ImportedWeights`.

    Raises:
        WeightsError: If the file is damaged, of no known kind or unsafe; or if
            the network is another one, naming the first layer that does not
            fit; or if numbers are not finite, or the probe disagrees.
        FileNotFoundError: If there is no such file.
    """
    path = pathlib.Path(path)
    probe = None if probe is None else _read_probe(probe)
    with errors.about(path):
        file = weights_files.open_weights(path, part)
        arrangement = file.arrange(model)
        pairs, doubts = matching.match(arrangement.layers, model)
        doubts = arrangement.doubts + doubts
        if doubts and probe is None:
            raise WeightsError(
                f"{doubts[0]}. Whether it is the same function, only a probe "
                "can tell"
            )
        pairs, conversions = matching.convert(pairs)
    before = [keras.ops.convert_to_numpy(weight) for weight, _ in pairs]
    _assign(pairs)
    difference = None
    if probe is not None:
        try:
            difference = _compare(model, *probe)
        except WeightsError as error:
            _assign(zip((weight for weight, _ in pairs), before))
            raise WeightsError(
                f"{path} was not imported: {error}. The network is as it was."
            ) from error
    return ImportedWeights(
        file.format,
        len(pairs),
        sum(array.size for _, array in pairs),
        [*file.notes, *arrangement.notes, *conversions],
        difference,
    )


def _assign(pairs):
    for weight, array in pairs:
        weight.assign(array)


def _read_probe(probe):
    """The probe's inputs and outputs, as float32."""
    if not isinstance(probe, (str, pathlib.Path)):
        inputs, outputs = probe
    else:
        try:
            with np.load(probe, allow_pickle=False) as arrays:
                inputs, outputs = arrays["inputs"], arrays["outputs"]
        except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile):
            raise WeightsError(
                f"The probe {probe} must be an .npz file with the arrays "
                "`inputs` and `outputs`."
            ) from None
    return np.asarray(inputs, "float32"), np.asarray(outputs, "float32")


def _compare(model, inputs, outputs):
    try:
        answers = keras.ops.convert_to_numpy(model(inputs, training=False))
    except Exception as error:  # Keras and TensorFlow have no common class.
        raise WeightsError(
            f"the network cannot take inputs of the probe, {inputs.shape}"
        ) from error
    if answers.shape != outputs.shape:
        raise WeightsError(
            f"outputs of the probe must be {answers.shape}, and are "
            f"{outputs.shape}"
        )
    difference = float(np.max(np.abs(answers - outputs), initial=0.0))
    limit = PROBE_TOLERANCE * max(
        1.0, float(np.max(np.abs(outputs), initial=0))
    )
    if not difference <= limit:
        raise WeightsError(
            f"its answer to the probe must be within {limit:.1e} of that of "
            f"the original, and is {difference:.1e} off"
        )
    return difference
