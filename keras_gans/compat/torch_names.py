"""What pytorch-CycleGAN-and-pix2pix calls the layers of our networks.

Its modules are numbered by their place in a sequence, activations, paddings
and norms without weights included: `model.10.conv_block.5` is the second
convolution of the first residual block. The numbers alone say where a layer
is; the words between them differ among the many copies of that code.
"""

import re

import numpy as np
from keras import layers, ops

from keras_gans.compat.errors import WeightsError
from keras_gans.layers import InstanceNormalization

CONVOLUTION = {"kernel": "weight", "bias": "bias"}
NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
COUNTER = "num_batches_tracked"
_NORMS = (layers.BatchNormalization, InstanceNormalization)
_EPSILON = 1e-5  # Of PyTorch's norms, unless they are told otherwise.


def modules_of(network):
    """Returns what PyTorch calls the layers of a network.

    Args:
        network: Network of `build_resnet_generator`, `build_unet_generator` or
            `build_patchgan_discriminator`.

    Returns:
        Dict from the name of a module to the layer: all convolutions and
        norms, those without weights too, in the order of the forward pass.

    Raises:
        WeightsError: If that project has no such network.
    """
    names = {layer.name for layer in network.layers}
    modules = {}
    if {"stem", "up_1", "head"} <= names:
        modules = _resnet_modules(names)
    elif {"down_1", "up_1", "head"} <= names:
        modules = _unet_modules(names)
    elif {"conv_1", "logits"} <= names:
        modules = _patchgan_modules(names)
    convolutions = {name for name in modules.values() if "_norm" not in name}
    if not modules or not convolutions <= names:
        raise WeightsError(
            "the network must be one of build_resnet_generator, "
            "build_unet_generator or build_patchgan_discriminator: only of "
            "these it is known what PyTorch calls their layers"
        )
    found = {
        module: network.get_layer(name)
        for module, name in modules.items()
        if name in names
    }
    _check(network, found)
    return found


def place_of(module):
    """The numbers in the name of a module, which say where it is."""
    return tuple(int(part) for part in module.split(".") if part.isdecimal())


def to_torch(network):
    """Returns the weights of a network as PyTorch's state dictionary.

    Args:
        network: As of `modules_of`.

    Returns:
        Dict from name to array, channels first, in the order of the modules.

    Raises:
        WeightsError: As of `modules_of`.
    """
    arrays = {}
    for module, layer in modules_of(network).items():
        names = NORM if isinstance(layer, _NORMS) else CONVOLUTION
        for weight in layer.weights:
            array = ops.convert_to_numpy(weight)
            if array.ndim == 4:
                # (h, w, in, out) to (out, in, h, w); transposed convolutions
                # swap the channels in both libraries.
                array = array.transpose(3, 2, 0, 1)
            kind = names[weight.path.rsplit("/", 1)[-1]]
            arrays[f"{module}.{kind}"] = np.ascontiguousarray(array)
        if isinstance(layer, layers.BatchNormalization):
            # PyTorch counts batches, for averages that are not moving.
            arrays[f"{module}.{COUNTER}"] = np.array(0, "int64")
    return arrays


def _resnet_modules(names):
    num_blocks = sum(bool(re.fullmatch(r"block_\d+_add", x)) for x in names)
    after = 10 + num_blocks
    modules = _with_norms({1: "stem", 4: "down_1", 7: "down_2"})
    # Dropout lies between the two convolutions, and moves the second.
    second = 6 if "block_1_dropout" in names else 5
    for i in range(1, num_blocks + 1):
        block = f"model.{9 + i}.conv_block"
        modules |= {
            f"{block}.1": f"block_{i}_conv_1",
            f"{block}.2": f"block_{i}_norm_1",
            f"{block}.{second}": f"block_{i}_conv_2",
            f"{block}.{second + 1}": f"block_{i}_norm_2",
        }
    modules |= _with_norms({after: "up_1", after + 3: "up_2"})
    return modules | {f"model.{after + 7}": "head"}


def _with_norms(convolutions):
    modules = {}
    for number, name in convolutions.items():
        modules[f"model.{number}"] = name
        modules[f"model.{number + 1}"] = f"{name}_norm"
    return modules


def _unet_modules(names):
    """Each level is a sequence around that of the level below."""
    num_levels = 1 + sum(bool(re.fullmatch(r"up_\d+_join", x)) for x in names)
    down, up = {"model.model.0": "down_1"}, {"model.model.3": "head"}
    prefix = "model.model.1.model"
    for level in range(2, num_levels + 1):
        # Relu, convolution, norm, the levels below, relu, convolution, norm;
        # the innermost level has neither the first norm nor levels below.
        transposed = 5 if level < num_levels else 3
        name = f"up_{num_levels + 1 - level}"
        down[f"{prefix}.1"] = f"down_{level}"
        down[f"{prefix}.2"] = f"down_{level}_norm"
        up = {
            f"{prefix}.{transposed}": name,
            f"{prefix}.{transposed + 1}": f"{name}_norm",
            **up,
        }
        prefix += ".3.model"
    # The innermost level has a relu in the place of a norm.
    down = {k: x for k, x in down.items() if x != f"down_{num_levels}_norm"}
    return down | up


def _patchgan_modules(names):
    num_middle = sum(bool(re.fullmatch(r"conv_\d+", x)) for x in names) - 1
    # Where nothing is padded it is the PixelGAN, which has another name.
    word = "model" if "conv_1_pad" in names else "net"
    modules = {f"{word}.0": "conv_1"}
    for i in range(num_middle):
        modules[f"{word}.{2 + 3 * i}"] = f"conv_{i + 2}"
        modules[f"{word}.{3 + 3 * i}"] = f"conv_{i + 2}_norm"
    return modules | {f"{word}.{2 + 3 * num_middle}": "logits"}


def _check(network, modules):
    """Refuses what that project has not, though the shapes may be the same."""
    known = {layer.name for layer in modules.values()}
    for layer in network.layers:
        if layer.weights and layer.name not in known:
            raise WeightsError(
                f"the network's layer `{layer.name}` has no counterpart in "
                "PyTorch's"
            )
        if isinstance(layer, _NORMS) and not _is_close(layer.epsilon, _EPSILON):
            raise WeightsError(
                f"the norms of PyTorch's network have epsilon={_EPSILON}, the "
                f"network's `{layer.name}` has epsilon={layer.epsilon}"
            )
        if isinstance(layer, layers.BatchNormalization) and not (
            layer.center and layer.scale
        ):
            raise WeightsError(
                "the batch norms of PyTorch's network have a scale and an "
                f"offset, the network's `{layer.name}` lacks them"
            )
    is_unet = "stem" not in known and "head" in known
    for name in known & {"up_1", "up_2", *(["head"] if is_unet else [])}:
        if not isinstance(network.get_layer(name), layers.Conv2DTranspose):
            raise WeightsError(
                "PyTorch's network has transposed convolutions. Build this one "
                "with upsampling='transposed'"
            )
    if "logits" in known and "logits_pad" in {x.name for x in network.layers}:
        padding = network.get_layer("logits_pad").padding[0][0]
        if padding != 1:
            raise WeightsError(
                "PyTorch's discriminator pads by 1. Build this one with "
                f"padding=1, not {padding}"
            )


def _is_close(first, second):
    return abs(first - second) <= 1e-3 * second
