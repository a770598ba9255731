"""Keras network -> SavedModel -> .tflite.

This is the one route that keeps the weights: `from_concrete_functions` and
`tf.saved_model.save` convert a Keras 3 network without an error and lose them.
TensorFlow is imported inside the functions, because the command line reads the
table of formats before it decides to do any work.
"""

import contextlib
import dataclasses
import errno
import shutil
import warnings
from pathlib import Path

from export import console, quantization
from export import signature as signature_lib
from export.errors import ExportError, one_line


@dataclasses.dataclass(frozen=True)
class SavedModel:
    """A SavedModel, and what its conversion needs to know.

    Args:
        path: Its folder.
        weights: The weights that its endpoints read, as NumPy arrays.
        endpoints: Names of its endpoints.
        rewrites: Dict from the name of each rewrite of the network to how often
            it was applied.
        calibration: Dict from the name of each endpoint to a dict from input
            name to array `(n, ...)`; `None` if there are none.
        float_ends: As of `export.records.ExportRequest`.
    """

    path: Path
    weights: list
    endpoints: tuple
    rewrites: dict = dataclasses.field(default_factory=dict)
    calibration: dict | None = None
    float_ends: tuple = ()


def write_saved_model(endpoints, path):
    """Writes networks, with one endpoint of batch 1 for each.

    A label out of range is taken as the nearest class. Without that, it would
    be no class at all to a one-hot encoding, and to an embedding, depending on
    the runtime, another class, an error or foreign memory.

    Images of 8 bits are brought to [-1, 1] and back inside of the endpoint.

    Args:
        endpoints: List of `export.endpoints.Endpoint`.
        path: Folder to write; it must not exist.

    Returns:
        A `SavedModel` without calibration.

    Raises:
        ExportError: If a network cannot be traced.
        OSError: If the folder cannot be written.
    """
    import keras
    import tensorflow as tf

    weights = {}
    with _quiet_conversion():
        # Nothing is tracked by hand, so that only the variables the endpoints
        # read are stored: no discriminator beside its generator.
        archive = keras.export.ExportArchive()
        for endpoint in endpoints:
            specs = {
                name: tf.TensorSpec(spec.shape, spec.dtype, name=name)
                for name, spec in endpoint.signature.inputs.items()
            }
            function = archive.add_endpoint(
                endpoint.name, _serving(endpoint), input_signature=[specs]
            )
            try:
                variables = function.get_concrete_function().variables
            except Exception as error:  # Tracing runs the network's own code.
                raise ExportError(
                    "The network runs, but not as a TensorFlow graph. "
                    f"{one_line(error)}"
                ) from error
            weights |= {id(x): x.numpy() for x in variables}
        try:
            archive.write_out(str(path), verbose=False)
        except tf.errors.OpError as error:
            # TensorFlow has its own kind of error for a full disk.
            raise OSError(errno.EIO, error.message, str(path)) from error
    names = tuple(endpoint.name for endpoint in endpoints)
    return SavedModel(Path(path), list(weights.values()), names)


def _serving(endpoint):
    import tensorflow as tf

    signature = endpoint.signature

    def serve(inputs):
        inputs = dict(inputs)
        if signature.num_classes is not None:
            inputs["labels"] = tf.clip_by_value(
                inputs["labels"], 0, signature.num_classes - 1
            )
        if "images" in inputs and signature.inputs["images"].dtype == "uint8":
            inputs["images"] = tf.cast(inputs["images"], "float32") / 127.5 - 1
        answer = signature_lib.answer(endpoint.network, inputs)
        if signature.output.dtype == "uint8":
            # In this order: of (answer + 1) * 127.5, the int8 converter gives
            # the sum the scale of the product, which leaves three levels.
            answer = tf.clip_by_value(answer * 127.5 + 127.5, 0, 255)
            answer = tf.cast(tf.round(answer), "uint8")
        return {signature.output_name: answer}

    return serve


def copy_saved_model(saved_model, path):
    """Publishes the SavedModel itself."""
    shutil.copytree(saved_model.path, path)


def convert_to_float32(saved_model, path):
    """Writes a .tflite file with float32 weights, built-in operators only.

    Args:
        saved_model: `SavedModel`.
        path: Path of the file to write.
    """
    _convert(saved_model, path)


def convert_to_float16(saved_model, path):
    """Writes a .tflite file with float16 weights; arguments as above."""
    import tensorflow as tf

    def configure(converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]

    _convert(saved_model, path, configure)


def convert_to_dynamic(saved_model, path):
    """Writes a .tflite file with int8 weights; arguments as above.

    Activations are float32, and rounded to int8 before each multiplication,
    with a scale found for each image on the spot: no calibration is needed.
    Depthwise convolutions stay float32.
    """
    import tensorflow as tf

    if saved_model.float_ends:
        _convert(saved_model, path)
        quantization.quantize_weights(path, saved_model.float_ends)
        return

    def configure(converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    _convert(saved_model, path, configure)
    quantization.restore_depthwise(path)


def convert_to_int8(saved_model, path):
    """Writes a .tflite file that computes in int8; arguments as above.

    The scales of its activations are fixed, by what the calibration inputs
    led to. What the runtime cannot do in int8 stays float32, as do inputs and
    outputs.
    """
    import tensorflow as tf

    def calibrate():
        for name, inputs in saved_model.calibration.items():
            for row in signature_lib.rows(inputs):
                yield name, row

    def configure(converter):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibrate
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]

    _convert(saved_model, path, configure)


def _convert(saved_model, path, configure=lambda converter: None):
    import tensorflow as tf

    with _quiet_conversion():
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(saved_model.path), signature_keys=list(saved_model.endpoints)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        configure(converter)
        path.write_bytes(converter.convert())


@contextlib.contextmanager
def _quiet_conversion():
    with console.quiet_libraries(), warnings.catch_warnings():
        # TensorFlow warns about its own move of tf.lite to LiteRT, and about
        # its own use of names that NumPy and Python have deprecated.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*tf.lite.*")
        yield
