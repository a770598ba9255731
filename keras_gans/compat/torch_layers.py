"""Sorts the tensors of a PyTorch network into the layers of one of ours."""

import itertools

from keras import layers

from keras_gans.compat.errors import WeightsError
from keras_gans.compat.matching import (
    Arrangement,
    LayerWeights,
    describe,
    describe_shapes,
    layers_of,
)
from keras_gans.compat.torch_names import (
    CONVOLUTION,
    COUNTER,
    NORM,
    modules_of,
    place_of,
)
from keras_gans.layers import InstanceNormalization

_NORMS = (layers.BatchNormalization, InstanceNormalization)
_NO_NORMS = (
    "the network has no norms, and a file of PyTorch looks the same with norms "
    "that have no weights"
)
_STATISTICS = {"running_mean", "running_var"}


def select(tensors, part):
    """Returns the tensors of one network.

    Args:
        tensors: Dict from name to array.
        part: What the names of the network begin with, or `None` if the file
            holds one network.

    Returns:
        Dict from name to array; the names without `part`, and without the
        wrap of `DataParallel`.

    Raises:
        WeightsError: If there are several networks, or none of that name.
    """
    names = {name: _unwrapped(name) for name in tensors}
    parts = sorted({_part(name) for name in names.values()})
    if part is None:
        if len(parts) > 1:
            raise WeightsError(
                "it holds several networks. Give the `part` to read, one of "
                f"{', '.join(map(repr, parts))}"
            )
        return {names[name]: array for name, array in tensors.items()}
    start = f"{part}."
    selected = {
        names[name].removeprefix(start): array
        for name, array in tensors.items()
        if names[name].startswith(start)
    }
    if not selected:
        raise WeightsError(
            f"it holds no part {part!r}, but {', '.join(map(repr, parts))}"
        )
    return selected


def _unwrapped(name):
    return ".".join(word for word in name.split(".") if word != "module")


def _part(name):
    """What a name has in front of its first number."""
    words = name.split(".")[:-1]
    return ".".join(
        itertools.takewhile(lambda word: not word.isdecimal(), words)
    )


def arrange(tensors, network):
    """Sorts tensors into layers, by their places in PyTorch's sequences.

    Args:
        tensors: Dict from name to array, of one network, in any order.
        network: As of `torch_names.modules_of`.

    Returns:
        An `Arrangement`.

    Raises:
        WeightsError: If that project has no such network, or the file holds
            another one.
    """
    modules = modules_of(network)
    found = _by_module(tensors)
    notes = _drop_statistics(found, modules)
    expected = {name: x for name, x in modules.items() if x.weights}
    expected = sorted(expected.items(), key=lambda item: place_of(item[0]))
    given = {}
    for (name, layer), module in itertools.zip_longest(
        expected, found, fillvalue=(None, None)
    ):
        if name is None:
            raise WeightsError(
                f"it has {len(found)} layers with weights, the network has "
                f"{len(expected)}: its {_describe(module, found)} is left over"
            )
        if module not in found or place_of(module) != place_of(name):
            raise WeightsError(
                f"the first layer that does not fit is {describe(layer)}, in "
                f"PyTorch `{name}`; the file has {_describe(module, found)} "
                "there"
            )
        given[layer.name] = _to_keras(module, layer, found[module])
    has_norms = any(isinstance(x, _NORMS) for x in modules.values())
    return Arrangement(
        [given[layer.name] for layer in layers_of(network)],
        notes,
        [] if has_norms else [_NO_NORMS],
    )


def _by_module(tensors):
    """Dict from the names of modules to dicts of tensors, by their places."""
    found = {}
    for name, array in tensors.items():
        module, _, kind = name.rpartition(".")
        if kind != COUNTER:
            found.setdefault(module, {})[kind] = array
    places = sorted((place_of(module), module) for module in found)
    for (place, first), (other_place, second) in itertools.pairwise(places):
        if place == other_place:
            raise WeightsError(
                f"it has two layers in one place, `{first}` and `{second}`"
            )
    return {module: found[module] for _, module in places}


def _drop_statistics(found, modules):
    """Leaves out what instance norms of PyTorch before 0.4 wrote and not read.

    Args:
        found: As `_by_module` returns it; changed.
        modules: As of `torch_names.modules_of`.

    Returns:
        List of sentences.
    """
    norms = {
        place_of(name)
        for name, layer in modules.items()
        if isinstance(layer, InstanceNormalization) and not layer.weights
    }
    dropped = [
        module
        for module, arrays in found.items()
        if place_of(module) in norms and set(arrays) == _STATISTICS
    ]
    for module in dropped:
        del found[module]
    if not dropped:
        return []
    return [
        f"running statistics of {len(dropped)} instance norms were left out: "
        "these norms go by each image"
    ]


def _to_keras(module, layer, tensors):
    is_norm = isinstance(layer, _NORMS)
    names = {
        theirs: x for x, theirs in (NORM if is_norm else CONVOLUTION).items()
    }
    return LayerWeights(
        module,
        {
            # (out, in, h, w) to (h, w, in, out); transposed convolutions swap
            # the channels in both libraries.
            names.get(kind, kind): x.transpose(2, 3, 1, 0) if x.ndim == 4 else x
            for kind, x in tensors.items()
        },
    )


def _describe(module, found):
    if module not in found:
        return "nothing"
    shapes = {kind: array.shape for kind, array in found[module].items()}
    return f"`{module}` with {describe_shapes(shapes)}"
