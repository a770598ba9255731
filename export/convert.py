"""Keras network -> SavedModel -> .tflite.

This is the one route that keeps the weights: `from_concrete_functions` and
`tf.saved_model.save` convert a Keras 3 network without an error and lose them.
TensorFlow is imported inside the functions, because the command line reads the
table of formats before it decides to do any work.
"""

import contextlib
import errno
import shutil
import warnings

from export import console
from export import signature as signature_lib
from export.errors import ExportError, one_line

# The name that LiteRT, TensorFlow Serving and saved_model_cli look for first.
ENDPOINT = "serving_default"


def write_saved_model(network, signature, path):
    """Writes a network with one static endpoint of batch 1.

    A label out of range is taken as the nearest class. Without that, it would
    be no class at all to a one-hot encoding, and to an embedding, depending on
    the runtime, another class, an error or foreign memory.

    Args:
        network: Built `keras.Model` that computes in float32.
        signature: `export.signature.Signature` of the network.
        path: Folder to write; it must not exist.

    Returns:
        The weights that the endpoint reads, as a list of NumPy arrays.

    Raises:
        ExportError: If the network cannot be traced.
        OSError: If the folder cannot be written.
    """
    import keras
    import tensorflow as tf

    def serve(inputs):
        inputs = dict(inputs)
        if signature.num_classes is not None:
            inputs["labels"] = tf.clip_by_value(
                inputs["labels"], 0, signature.num_classes - 1
            )
        return {signature.output_name: signature_lib.answer(network, inputs)}

    specs = {
        name: tf.TensorSpec(spec.shape, spec.dtype, name=name)
        for name, spec in signature.inputs.items()
    }
    with _quiet_conversion():
        # Nothing is tracked by hand, so that only the variables the endpoint
        # reads are stored: no discriminator beside its generator.
        archive = keras.export.ExportArchive()
        endpoint = archive.add_endpoint(
            ENDPOINT, serve, input_signature=[specs]
        )
        try:
            weights = endpoint.get_concrete_function().variables
        except Exception as error:  # Tracing runs the network's own code.
            raise ExportError(
                "The network runs, but not as a TensorFlow graph. "
                f"{one_line(error)}"
            ) from error
        try:
            archive.write_out(str(path), verbose=False)
        except tf.errors.OpError as error:
            # TensorFlow has its own kind of error for a full disk.
            raise OSError(errno.EIO, error.message, str(path)) from error
        return [weight.numpy() for weight in weights]


def copy_saved_model(saved_model, path):
    """Publishes the SavedModel itself."""
    shutil.copytree(saved_model, path)


def convert_to_float32(saved_model, path):
    """Writes a .tflite file with float32 weights, built-in operators only."""
    _convert(saved_model, path, use_float16=False)


def convert_to_float16(saved_model, path):
    """Writes a .tflite file with float16 weights, built-in operators only."""
    _convert(saved_model, path, use_float16=True)


def _convert(saved_model, path, use_float16):
    import tensorflow as tf

    with _quiet_conversion():
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if use_float16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())


@contextlib.contextmanager
def _quiet_conversion():
    with console.quiet_libraries(), warnings.catch_warnings():
        # TensorFlow warns about its own move of tf.lite to LiteRT, and about
        # its own use of names that NumPy and Python have deprecated.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*tf.lite.*")
        yield
