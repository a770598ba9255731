"""Which array goes into which weight of a network: all of them, or none."""

import dataclasses
import itertools

import keras
import numpy as np

from keras_gans.compat import keras_config
from keras_gans.compat.errors import WeightsError

# What Keras 2 and the spectral norm of tensorflow-addons call a weight.
_SYNONYMS = {"depthwise_kernel": "kernel", "sn_u": "vector_u", "w": "kernel"}


@dataclasses.dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer, as a file has them.

    Attributes:
        name: What the file calls the layer.
        arrays: Dict from the name of a weight, such as `"kernel"`, to its
            array, in the layout of Keras; or from its position, an integer,
            where the file knows no names.
        settings: Dict with arguments of the layer, such as `"epsilon"`, as far
            as the file says them.
    """

    name: str
    arrays: dict
    settings: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """The content of a file, in the order of a network.

    Attributes:
        layers: List of `LayerWeights`.
        notes: List of sentences on what was left out.
        doubts: List of sentences on what would make another function of the
            same weights, and is not known. Only a probe removes them.
    """

    layers: list
    notes: list = dataclasses.field(default_factory=list)
    doubts: list = dataclasses.field(default_factory=list)


def layers_of(network):
    """Returns the layers of a network that have weights, in their order.

    Those of networks within the network are among them.
    """
    found = []
    for layer in network.layers:
        if hasattr(layer, "layers"):
            found += layers_of(layer)
        elif layer.weights:
            found.append(layer)
    return found


def weights_of(layer):
    """Returns a dict from the names of a layer's weights to the weights."""
    weights = {
        weight.path.rsplit("/", 1)[-1]: weight for weight in layer.weights
    }
    if len(weights) != len(layer.weights):
        raise WeightsError(
            f"the network's layer `{layer.name}` has several weights of one "
            "name, so that which is which cannot be told"
        )
    return weights


def match(found, network):
    """Pairs the weights of a network with arrays.

    Args:
        found: List of `LayerWeights`, in the order of the network.
        network: Built `keras.Model`.

    Returns:
        List of pairs of a `keras.Variable` and an array of its shape; and a
        list of doubts, sentences on what may make another function of them.

    Raises:
        WeightsError: If anything does not fit, is missing or left over; it
            names the first such layer.
    """
    pairs, doubts = [], []
    wanted = layers_of(network)
    for layer, given in itertools.zip_longest(wanted, found):
        counts = (
            f"it has {len(found)} layers with weights, the network has "
            f"{len(wanted)}"
        )
        if given is None:
            raise WeightsError(
                f"{counts}: nothing is left for {describe(layer)}"
            )
        if layer is None:
            raise WeightsError(f"{counts}: its {_describe(given)} is left over")
        pairs += _match_layer(layer, given)
        doubts += _compare_settings(layer, given)
    return pairs, doubts


def _match_layer(layer, given):
    weights = weights_of(layer)
    arrays = _named(given.arrays, weights)
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    if shapes != {name: array.shape for name, array in arrays.items()}:
        raise WeightsError(
            f"the first layer that does not fit is {describe(layer)}; the file "
            f"has {_describe(given)} there"
        )
    return [(weight, arrays[name]) for name, weight in weights.items()]


def _compare_settings(layer, given):
    doubts = []
    for name, theirs in given.settings.items():
        ours = getattr(layer, name, theirs)
        if _agree(theirs, ours):
            continue
        sentence = (
            f"its {given.name} has {name}={theirs}, the network's "
            f"`{layer.name}` has {name}={ours}"
        )
        if name in keras_config.SETTINGS:
            raise WeightsError(
                f"{sentence}: the same weights would make another function"
            )
        doubts.append(sentence)
    return doubts


def _named(arrays, weights):
    """The arrays by name, also where the file has but positions."""
    if all(isinstance(key, int) for key in arrays):
        if len(arrays) != len(weights):
            return arrays
        return dict(zip(weights, (arrays[key] for key in sorted(arrays))))
    return {_SYNONYMS.get(name, name): array for name, array in arrays.items()}


def _agree(first, second):
    if isinstance(first, float) and isinstance(second, (int, float)):
        return abs(first - second) <= 1e-6 * abs(second)
    return first == second


def describe(layer):
    """A layer of a network and its shapes, for errors."""
    shapes = {name: weight.shape for name, weight in weights_of(layer).items()}
    return f"the network's `{layer.name}` with {describe_shapes(shapes)}"


def _describe(given):
    shapes = {name: array.shape for name, array in given.arrays.items()}
    return f"`{given.name}` with {describe_shapes(shapes)}"


def describe_shapes(shapes):
    """Names of weights and their shapes, for errors."""
    if not shapes:
        return "nothing"
    return ", ".join(
        f"{f'weight {name}' if isinstance(name, int) else name} {tuple(shape)}"
        for name, shape in shapes.items()
    )


def convert(pairs):
    """Makes finite float arrays of the network's own kind.

    Args:
        pairs: As `match` returns them.

    Returns:
        The pairs, converted, and a list of sentences on what was converted.

    Raises:
        WeightsError: If an array holds no floats, or any that is not finite.
    """
    converted, kinds = [], {}
    for weight, array in pairs:
        if not _is_float(array.dtype):
            raise WeightsError(
                f"what is for `{weight.path}` must be floats, and is "
                f"{array.dtype}"
            )
        wanted = keras.backend.standardize_dtype(weight.dtype)
        # Too large a double becomes infinite, which is found below.
        with np.errstate(over="ignore"):
            values = np.asarray(array, wanted)
        if not np.all(np.isfinite(values.astype("float32"))):
            raise WeightsError(
                f"what is for `{weight.path}` must be finite {wanted}, and is "
                "not"
            )
        if str(array.dtype) != wanted:
            kind = f"{array.dtype} to {wanted}"
            kinds[kind] = kinds.get(kind, 0) + 1
        converted.append((weight, values))
    notes = [
        f"{count} of {len(pairs)} tensors were converted from {kind}"
        for kind, count in kinds.items()
    ]
    return converted, notes


def _is_float(dtype):
    return np.issubdtype(dtype, np.floating) or dtype.name == "bfloat16"
