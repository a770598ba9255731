"""Networks in another floating-point precision than they were trained in."""

import keras
import numpy as np

from export import comparison, signature
from export.errors import ExportError, one_line

_FLOATS = ("float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16")


def as_float32(network):
    """Returns the network, or a copy of it that computes in float32.

    A network trained in mixed precision holds float32 weights and casts to
    half precision inside. The files must not.

    Args:
        network: Built `keras.Model`.

    Returns:
        A `keras.Model` with the same weights.

    Raises:
        ExportError: If a copy is needed and cannot be made.
    """
    if all(x.compute_dtype == "float32" for x in network._flatten_layers()):
        return network
    return _copy(network, "float32")


def rounding_figures(network, trials, scale, are_images):
    """Measures how far float32 takes Keras itself from the exact answer.

    A network may magnify rounding: one that normalises each picture divides
    by the deviation of a channel, which is next to nothing where a picture is
    flat. Its files cannot be nearer to Keras than Keras is to the truth.

    Args:
        network: Built `keras.Model` that computes in float32.
        trials: List of `export.endpoints.Trial` of it.
        scale: Float > 0, the unit of the differences.
        are_images: Boolean, whether it makes images.

    Returns:
        Dict of figures as `export.comparison.compare` makes them.

    Raises:
        ExportError: If the network does not exist in float64.
    """
    exact = _copy(network, "float64")
    try:
        return comparison.worst(
            [
                comparison.compare(
                    trial.outputs, _answers(exact, trial), scale, are_images
                )
                for trial in trials
            ]
        )
    except Exception as error:  # Not every operation knows float64.
        raise ExportError(
            f"The network does not run in float64. {one_line(error)}"
        ) from error


def _answers(exact, trial):
    inputs = {
        name: array.astype("float64") if array.dtype == "float32" else array
        for name, array in trial.inputs.items()
    }
    with keras.device("cpu:0"):
        return np.concatenate(
            [
                keras.ops.convert_to_numpy(signature.answer(exact, row))
                for row in signature.rows(inputs)
            ]
        )


def _copy(network, dtype):
    try:
        config = keras.saving.serialize_keras_object(network)
        config.pop("compile_config", None)
        # The configuration comes from a live object: nothing foreign is run.
        copy = keras.saving.deserialize_keras_object(
            _with_dtype(config, dtype), safe_mode=False
        )
        copy.set_weights(network.get_weights())
    except Exception as error:  # The network may be anybody's code.
        raise ExportError(
            f"The network cannot be copied to {dtype}. {one_line(error)}"
        ) from error
    return copy


def _with_dtype(config, dtype):
    """Replaces every floating-point policy and dtype in a configuration."""
    if isinstance(config, dict):
        return {k: _with_dtype(v, dtype) for k, v in config.items()}
    if isinstance(config, (list, tuple)):
        return [_with_dtype(value, dtype) for value in config]
    return dtype if config in _FLOATS else config
